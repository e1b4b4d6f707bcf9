"""What holds of every page of the admin, whatever is on it: found by reading its HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.admin.look.site import FOLDER, PAGES, app, templates
from trivet.templates.risks import risks
from trivet.testing import TestClient

SCRIPTS = sorted((FOLDER / "static" / "admin").glob("*.js"))
REFERRING = ("for", "aria-controls", "aria-labelledby", "list")


class Reader(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag

    def values(self, name: str) -> list[str]:
        """Give the values that an attribute has anywhere."""
        return [found[name] or "" for _, found in self.tags if name in found]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(app) as found:
        yield found


def read(client: TestClient, name: str) -> Reader:
    answer = client.get(f"/{name}")
    assert answer.status_code == 200, answer.text
    return Reader(answer.text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_nothing_that_a_strict_policy_forbids(client: TestClient, name: str) -> None:
    page = read(client, name)

    assert page.values("style") == []
    assert [tag for tag, _ in page.tags if tag == "style"] == []
    assert [found for tag, found in page.tags if tag == "script" and not found.get("src")] == []
    assert [key for _, found in page.tags for key in found if key.startswith("on")] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_refers_to_something_on_the_page_finds_it(client: TestClient, name: str) -> None:
    page = read(client, name)
    ids = page.values("id")

    assert sorted(ids) == sorted(set(ids))
    missing = {
        value
        for attribute in REFERRING
        for several in page.values(attribute)
        for value in several.split()
    } - set(ids)
    # The input for further rows is made by the script; the ticks have labels of their own.
    assert missing <= {"form-tags"}
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_heading_and_one_main_part(client: TestClient, name: str) -> None:
    tags = [tag for tag, _ in read(client, name).tags]

    assert (tags.count("h1"), tags.count("main")) == (1, 1)


def test_fifty_rows_of_eight_columns_are_forty_kilobytes(client: TestClient) -> None:
    answer = client.get("/list")

    assert answer.text.count('name="key"') == 50
    assert len(answer.content) <= 40_000


def test_search_goes_on_with_what_is_chosen_elsewhere(client: TestClient) -> None:
    form = client.get("/list").text.split('role="search"')[1].split("</form>")[0]

    hidden = re.findall(r'type="hidden" name="([^"]+)"', form)
    assert hidden == ["sort", "columns"]


def test_text_is_text_and_markup_is_markup(client: TestClient) -> None:
    history = client.get("/history").text

    assert "<del>&lt;b&gt;</del>" in history
    assert '<time datetime="2026-11-25">' in history


def test_a_template_puts_no_value_where_escaping_is_no_use() -> None:
    environment = templates.environment()
    names = [name for name in environment.list_templates() if name.startswith("admin/")]

    assert len(names) >= 14
    assert [found for name in names for found in risks(environment, name)] == []


def test_every_word_of_a_script_is_on_the_page(client: TestClient) -> None:
    said = {
        word
        for script in SCRIPTS
        for word in re.findall(r'\bword\("(\w+)"', script.read_text("utf-8"))
    }

    assert said - set(read(client, "list").values("data-word")) == set()


def test_every_script_of_a_page_is_there(client: TestClient) -> None:
    sources = {source for name in PAGES for source in read(client, name).values("src")}

    # Those of pages that listen, and of long actions, are on pages that this site does not have.
    wanted = {script.name for script in SCRIPTS} - {"live.js", "presence.js", "progress.js"}
    assert {source.rsplit("/", 1)[1] for source in sources} >= wanted
    assert {client.get(source).status_code for source in sources} == {200}


def test_scripts_are_as_short_as_other_files() -> None:
    for script in SCRIPTS:
        lines = [line.strip() for line in script.read_text("utf-8").splitlines()]
        assert len([line for line in lines if line and not line.startswith("//")]) <= 350, script
