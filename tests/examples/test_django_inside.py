"""examples/django_inside: the old library works under its prefixes, over WSGI and ASGI alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving

LIBRARIAN = {"username": "librarian", "password": "the password of this test"}
FACES = pytest.mark.parametrize("prefix", ["/library", "/library-wsgi"], ids=["asgi", "wsgi"])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with serving(
        "examples/django_inside/app.py",
        LIBRARY_FOLDER=str(tmp_path_factory.mktemp("library")),
        LIBRARY_PASSWORD=LIBRARIAN["password"],
    ) as running:
        yield running


@pytest.fixture
def library(example: Example) -> Iterator[httpx2.Client]:
    """A browser: it keeps cookies and follows redirects."""
    with httpx2.Client(base_url=example.url, follow_redirects=True, timeout=30) as client:
        yield client


def token(page: httpx2.Response) -> str:
    """Give what Django's CSRF check wants to see again."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found is not None, page.text
    return found[1]


def log_in(library: httpx2.Client, prefix: str) -> httpx2.Response:
    page = library.get(f"{prefix}/admin/")
    assert page.url.path == f"{prefix}/admin/login/"
    return library.post(
        str(page.url),
        data={**LIBRARIAN, "csrfmiddlewaretoken": token(page), "next": f"{prefix}/admin/"},
    )


@FACES
def test_every_link_of_the_old_page_works(library: httpx2.Client, prefix: str) -> None:
    page = library.get(f"{prefix}/").text

    links = re.findall(r'href="([^"]+)"', page)
    assert f"{prefix}/admin/" in links
    assert len(links) == 5
    assert [library.get(link).status_code for link in links] == [200] * 5


@FACES
def test_the_old_session_counts_visits(library: httpx2.Client, prefix: str) -> None:
    assert "You were here 1 time." in library.get(f"{prefix}/").text
    assert "You were here 2 times." in library.get(f"{prefix}/").text


@FACES
def test_old_static_files_are_served(library: httpx2.Client, prefix: str) -> None:
    for path in ("django_inside/library.css", "admin/css/base.css", "admin/js/core.js"):
        answer = library.get(f"{prefix}/static/{path}")

        assert answer.status_code == 200
        assert len(answer.content) == int(answer.headers["content-length"])
    assert library.get(f"{prefix}/static/nothing.css").status_code == 404
    # The gate lets no path out of its folder, whatever Django would say to it.
    assert library.get(f"{prefix}/static/%2e%2e/settings.py").status_code == 400


@FACES
def test_a_book_is_added_in_the_admin(library: httpx2.Client, prefix: str) -> None:
    entered = log_in(library, prefix)
    assert entered.url.path == f"{prefix}/admin/"
    title = f"Through the Looking-Glass, {prefix[1:]}"

    form = library.get(f"{prefix}/admin/django_inside/book/add/")
    added = library.post(
        str(form.url),
        data={
            "csrfmiddlewaretoken": token(form),
            "title": title,
            "author": "Charles Dodgson",
            "borrower": "1",
        },
    )

    assert added.url.path == f"{prefix}/admin/django_inside/book/"
    assert title in added.text
    moved = library.get("/library/api/books", params={"author": "dodgson"}).json()
    assert (title, True) in [(book["title"], book["is_borrowed"]) for book in moved]


@FACES
def test_a_form_without_its_token_is_refused(library: httpx2.Client, prefix: str) -> None:
    assert library.post(f"{prefix}/admin/login/", data=LIBRARIAN).status_code == 403


@FACES
def test_a_new_route_knows_who_logged_in_to_the_old_project(
    library: httpx2.Client, prefix: str
) -> None:
    assert library.get("/library/api/me").status_code == 401

    log_in(library, prefix)

    assert library.get("/library/api/me").json() == {"username": "librarian", "is_librarian": True}


@pytest.mark.parametrize("cookie", ["", "x", "x" * 32, "'; drop table --"])
def test_a_session_that_is_not_there_is_nobody(library: httpx2.Client, cookie: str) -> None:
    answer = library.get("/library/api/me", headers={"Cookie": f'sessionid="{cookie}"'})

    assert answer.status_code == 401


def test_a_route_that_has_moved_is_answered_by_trivet(library: httpx2.Client) -> None:
    book = library.get("/library/api/books", params={"author": "eliot"}).json()[0]

    assert book == {
        "id": book["id"],
        "title": "Middlemarch",
        "author": "George Eliot",
        "is_borrowed": False,
    }
    assert library.get(f"/library/api/books/{book['id']}").json() == book
    assert library.get("/library/api/books/999").json() == {"detail": "There is no book 999"}
    assert library.get("/library/api/books/x").status_code == 422


def test_what_has_not_moved_is_answered_by_django(library: httpx2.Client) -> None:
    assert library.get("/library/api/count").json()["books"] >= 3
    assert "is_borrowed" not in library.get("/library-wsgi/api/books/1").json()
    assert library.get("/library/nothing").status_code == 404


def test_both_faces_and_the_new_routes_work_side_by_side(library: httpx2.Client) -> None:
    paths = ["/library/", "/library-wsgi/", "/library/api/books", "/library-wsgi/api/count"] * 5

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda path: library.get(path).status_code, paths))

    assert statuses == [200] * 20


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path, has_mount=True)
