"""Templates as a part: rendering, folders, functions, links, streams, and errors that teach."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from tests.templates.conftest import Site
from trivet import App, Part, Router
from trivet.checks import Level
from trivet.errors import DeclarationError, SetupError
from trivet.templates import Templates
from trivet.testing import TestClient


async def test_render_gives_a_response(site: Site) -> None:
    _, templates = site({"a.html": "<p>{{ word }}</p>"})

    answer = await templates.render("a.html", word="&", status_code=404, headers={"x-a": "1"})

    assert (answer.status_code, answer.body, answer.headers["x-a"]) == (404, b"<p>&amp;</p>", "1")


async def test_what_is_in_any_folder_is_there_and_a_broken_one_is_too(site: Site) -> None:
    _, templates = site({"a.html": "x", "broken.html": "{% if %}"})

    assert [templates.has(name) for name in ("a.html", "broken.html", "b.html", "../a.html")] == [
        True, True, False, False,
    ]  # fmt: skip


async def test_pages_inherit_and_include(site: Site) -> None:
    _, templates = site(
        {
            "base.html": "[{% block body %}{% endblock %}]{% include 'foot.html' %}",
            "foot.html": "foot",
            "a.html": "{% extends 'base.html' %}{% block body %}{{ word }}{% endblock %}",
        }
    )

    assert await templates.text("a.html", word="tea") == "[tea]foot"
    assert await templates.text("a.html", fragment="body", word="tea") == "tea"


async def test_the_users_own_page_stands_before_that_of_a_part(site: Site, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "login.html").write_text("theirs")
    (theirs / "bye.html").write_text("theirs")

    class Accounts(Part):
        name = "accounts"

        def template_folders(self) -> Sequence[Path]:
            return [theirs]

    app, templates = site({"login.html": "own"})
    app.use(Accounts())

    assert await templates.text("login.html") == "own"
    assert await templates.text("bye.html") == "theirs"


async def test_parts_give_functions_with_the_request(site: Site) -> None:
    class Greeting(Part):
        name = "greeting"

        def template_functions(self) -> Mapping[str, Any]:
            return {"greet": self.greet, "add": lambda one, two: one + two}

        def greet(self, request: Request | None, word: str) -> str:
            return f"{word} {None if request is None else request.url.path}"

    app, templates = site(
        {
            "macros.html": "{% macro hail() %}{{ greet('hi') }}{% endmacro %}",
            "a.html": "{% from 'macros.html' import hail %}{{ hail() }} {{ add(1, 2) }}",
        }
    )
    app.use(Greeting())

    @app.get("/here")
    @templates.page("a.html")
    async def here() -> None: ...

    # Macros that are imported know nothing of the page, and the request all the same.
    assert TestClient(app).get("/here").text == "hi /here 3"
    assert await templates.text("a.html") == "hi None 3"


async def test_functions_and_filters_are_declared(site: Site) -> None:
    _, templates = site({"a.html": "{{ year() }} {{ 3|euros }}"})

    @templates.function
    def year() -> int:
        return 2026

    @templates.filter
    def euros(amount: int) -> str:
        return f"€ {amount}"

    assert await templates.text("a.html") == "2026 € 3"


def test_links_are_made_by_name_below_the_mount(site: Site) -> None:
    app, templates = site({"a.html": "{{ url_for('read', number=3) }}"})
    posts = Router(prefix="/posts")

    @posts.get("/{number}")
    @templates.page("a.html")
    async def read(number: int) -> None: ...

    app.include_router(posts)
    outer = App()
    outer.mount("/blog", app)

    assert TestClient(app).get("/posts/3").text == "/posts/3"
    assert TestClient(outer).get("/blog/posts/3").text == "/blog/posts/3"


async def test_link_to_no_route_names_those_that_are_there(site: Site) -> None:
    app, templates = site({"a.html": "{{ url_for('raed') }}"})

    @app.get("/read")
    async def read() -> None: ...

    with pytest.raises(SetupError, match=r"url_for\('read', …\)") as found:
        await templates.text("a.html")

    assert found.value.code == "templates.no-route"


async def test_unknown_name_says_where_and_what_is_there(site: Site, tmp_path: Path) -> None:
    _, templates = site({"a.html": "<p>\n{{ titel }}\n</p>"})

    with pytest.raises(SetupError) as found:
        await templates.text("a.html", title="x", body="y")

    assert found.value.code == "templates.undefined"
    assert found.value.where == f"{tmp_path / 'templates' / 'a.html'}:2"
    assert "'titel' is undefined" in found.value.what
    assert found.value.mend == "'title' (there are: body, title)"


async def test_unknown_attribute_says_what_its_owner_has(site: Site) -> None:
    _, templates = site({"a.html": "{{ post.titel }}"})

    with pytest.raises(SetupError, match="has no attribute 'titel'") as found:
        await templates.text("a.html", post={"title": 1})

    assert found.value.mend == "'title' (there are: title)"


async def test_unknown_name_may_be_asked_for(site: Site) -> None:
    _, templates = site({"a.html": "{% if x is defined %}x{% endif %}{{ x|default('none') }}"})

    assert await templates.text("a.html") == "none"


@pytest.mark.parametrize(
    "use", ["{% if x %}{% endif %}", "{% for a in x %}{% endfor %}", "{{ x + 1 }}"]
)
async def test_unknown_name_is_an_error_in_every_use(site: Site, use: str) -> None:
    _, templates = site({"a.html": use})

    with pytest.raises(SetupError, match="'x' is undefined"):
        await templates.text("a.html")


async def test_missing_template_names_the_nearest(site: Site, tmp_path: Path) -> None:
    _, templates = site({"post.html": "{% include 'foto.html' %}", "foot.html": ""})

    with pytest.raises(SetupError, match=r"'psot.html'[^$]*'post.html'") as found:
        await templates.text("psot.html")
    assert found.value.code == "templates.not-found"

    with pytest.raises(SetupError, match=r"'foto.html'") as found:
        await templates.text("post.html")
    assert found.value.where == f"{tmp_path / 'templates' / 'post.html'}:1"


@pytest.mark.parametrize(
    "name", ["../secret.html", "/etc/passwd", "a/../../secret.html", "..\\secret.html"]
)
async def test_names_do_not_lead_out_of_the_folder(site: Site, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.html").write_text("secret")
    _, templates = site({"a.html": ""})

    with pytest.raises(SetupError) as found:
        await templates.text(name)

    assert found.value.code == "templates.not-found"


async def test_syntax_error_says_where(site: Site, tmp_path: Path) -> None:
    app, templates = site({"a.html": "<p>\n{% if %}\n"})

    with pytest.raises(SetupError, match=r"in: \{% if %\}") as found:
        await templates.text("a.html")

    assert found.value.code == "templates.syntax"
    assert found.value.where == f"{tmp_path / 'templates' / 'a.html'}:2"
    (finding,) = templates.checks(app)
    assert (finding.level, finding.where) == (Level.ERROR, found.value.where)


async def test_missing_block_names_those_that_are_there(site: Site) -> None:
    _, templates = site({"a.html": "{% block rows %}{% endblock %}"})

    with pytest.raises(SetupError, match="'rows'") as found:
        await templates.text("a.html", fragment="row")

    assert found.value.code == "templates.no-block"


async def test_unknown_name_in_a_fragment_says_where(site: Site, tmp_path: Path) -> None:
    _, templates = site({"a.html": "\n\n{% block rows %}{{ row }}{% endblock %}"})

    with pytest.raises(SetupError) as found:
        await templates.text("a.html", fragment="rows")

    assert found.value.where == f"{tmp_path / 'templates' / 'a.html'}:3"


def test_missing_folder_is_told_of_at_once() -> None:
    with pytest.raises(SetupError, match="no-such-folder") as found:
        Templates("no-such-folder")

    assert found.value.code == "templates.no-folder"


async def test_errors_of_the_users_own_objects_pass_as_they_are(site: Site) -> None:
    _, templates = site({"a.html": "{{ 1 / zero }}"})

    with pytest.raises(ZeroDivisionError):
        await templates.text("a.html", zero=0)


async def test_async_function_needs_a_word(site: Site) -> None:
    _, templates = site({"a.html": ""})

    @templates.function
    async def late() -> str:
        return "late"

    with pytest.raises(DeclarationError, match=r"awaits=True[^$]*") as found:
        await templates.text("a.html")

    assert found.value.code == "templates.awaits"
    assert "test_part.py" in str(found.value.where)


async def counted() -> AsyncIterator[int]:
    for number in range(3):
        yield number


async def test_templates_wait_where_they_are_told_to(site: Site) -> None:
    text = "{% block rows %}{% for n in numbers %}{{ n }}{% endfor %}{{ late() }}{% endblock %}"
    _, templates = site({"a.html": text}, awaits=True)

    @templates.function
    async def late() -> str:
        return "<late>"

    assert await templates.text("a.html", numbers=counted()) == "012&lt;late&gt;"
    assert await templates.text("a.html", fragment="rows", numbers=[4]) == "4&lt;late&gt;"


@pytest.mark.parametrize("awaits", [False, True])
def test_stream_gives_the_same_page(site: Site, awaits: bool) -> None:
    text = "{{ url_for('long') }}{% for n in range(9000) %}<p>{{ word }}</p>{% endfor %}"
    app, templates = site({"a.html": text}, awaits=awaits)

    @app.get("/long")
    async def long(request: Request) -> Any:
        return await templates.stream("a.html", request=request, word="<")

    answer = TestClient(app).get("/long")

    assert answer.text == "/long" + "<p>&lt;</p>" * 9000
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-length" not in answer.headers


async def test_stream_comes_in_pieces(site: Site) -> None:
    _, templates = site({"a.html": "{% for n in range(9000) %}<p>row</p>{% endfor %}"})

    answer = await templates.stream("a.html")
    found = [str(piece) async for piece in answer.body_iterator]

    assert len(found) > 3
    assert "".join(found) == "<p>row</p>" * 9000


async def test_early_error_of_a_stream_is_raised_before_it_begins(site: Site) -> None:
    _, templates = site({"a.html": "<p>{{ word }}"})

    with pytest.raises(SetupError, match="'word' is undefined"):
        await templates.stream("a.html")


async def test_late_error_of_a_stream_ends_it(site: Site) -> None:
    _, templates = site({"a.html": "{% for n in range(9000) %}<p>row</p>{% endfor %}{{ word }}"})
    answer = await templates.stream("a.html")

    with pytest.raises(SetupError, match="'word' is undefined"):
        _ = [piece async for piece in answer.body_iterator]


async def test_compiled_templates_are_kept(site: Site, tmp_path: Path) -> None:
    _, templates = site({"a.html": "old"})
    assert await templates.text("a.html") == "old"

    (tmp_path / "templates" / "a.html").write_text("new")

    assert await templates.text("a.html") == "old"


async def test_changed_templates_are_read_again_with_debug(site: Site, tmp_path: Path) -> None:
    _, templates = site({"a.html": "old"}, debug=True)
    assert await templates.text("a.html") == "old"

    (tmp_path / "templates" / "a.html").write_text("new")
    os.utime(tmp_path / "templates" / "a.html", (1, 1))

    assert await templates.text("a.html") == "new"


async def test_templates_work_without_an_application(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ word }}")

    assert await Templates(tmp_path).text("a.html", word="tea") == "tea"


def test_without_jinja2_one_is_told_what_to_install() -> None:
    code = "import sys; sys.modules['jinja2'] = None; import trivet.templates"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 'pip install "trivet[templates]"' in done.stderr
