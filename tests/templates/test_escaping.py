"""No value breaks out of the place where it lands: text, attributes, JSON in scripts."""

from __future__ import annotations

import asyncio
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from pydantic import BaseModel

from tests.templates.conftest import Site
from trivet.templates import Templates

PAGE = """<!doctype html><title>{{ value }}</title><p title="{{ value }}" lang='{{ value }}'>
{{- value }}
</p><a data-all='{{ [value]|tojson }}' {{ {"data-x": value}|xmlattr }}></a><textarea>{{ value }}
</textarea><script>const told = {{ {"value": value}|tojson }};</script><b>end</b>"""

ATTACKS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></textarea><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "<!-- <script>",
    "]]>",
    "{{ 7 * 7 }}",
    "&lt;script&gt;",
    "\u2028\u2029\x00",
]


class Seen(HTMLParser):
    """What a parser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)
        self._inside = tag

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")


def check(text: str, value: str) -> None:
    seen = Seen(text)
    assert seen.tags == ["title", "p", "a", "textarea", "script", "b"]
    assert set(seen.attributes) == {"title", "lang", "data-all", "data-x"}
    told = seen.texts["script"].removeprefix("const told = ").removesuffix(";")
    assert json.loads(told) == {"value": value}
    assert json.loads(seen.attributes["data-all"] or "") == [value]
    for place in ("title", "lang", "data-x"):
        assert seen.attributes[place] == value
    assert seen.texts["p"] == value + "\n"


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder: Path = tmp_path_factory.mktemp("pages")
    for name in ("page.html", "page.txt", "page"):
        (folder / name).write_text(PAGE)
    return Templates(folder)


@pytest.mark.parametrize("name", ["page.html", "page.txt", "page"])
@pytest.mark.parametrize("value", ATTACKS)
async def test_attacks_stay_text(templates: Templates, name: str, value: str) -> None:
    text = await templates.text(name, value=value)

    assert "<script>alert" not in text
    assert "<img" not in text
    if "\0" not in value:  # a parser reads it as another sign
        check(text, value)


# What HTML itself reads in another way: line ends, NUL and what is no character.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(WORDS, st.sampled_from(ATTACKS[:-1])), max_size=4).map("".join))
def test_no_value_breaks_out(templates: Templates, value: str) -> None:
    check(asyncio.run(templates.text("page.html", value=value)), value)


class Post(BaseModel):
    title: str


async def test_models_are_json_for_scripts(site: Site) -> None:
    _, templates = site({"a.html": "{{ post|tojson }} {{ posts|tojson(indent=1) }}"})

    post = Post(title="</script>")

    assert await templates.text("a.html", post=post, posts=[post]) == (
        '{"title":"\\u003c/script\\u003e"} [\n {\n  "title": "\\u003c/script\\u003e"\n }\n]'
    )


async def test_only_markup_is_taken_as_it_is(site: Site) -> None:
    _, templates = site(
        {"a.html": "{{ own }}{{ own + '<' }}{{ '%s'|format('<') }}{{ ['<']|join }}"}
    )

    text = await templates.text("a.html", own=Markup("<b>"))

    assert text == "<b><b>&lt;&lt;&lt;"


async def test_an_attribute_with_a_bad_name_is_refused(site: Site) -> None:
    _, templates = site({"a.html": "<p{{ given|xmlattr }}>"})

    for name in ("a b", "a/onclick", "a>b", "a=b"):
        with pytest.raises(ValueError, match="Invalid character"):
            await templates.text("a.html", given={name: "x"})
