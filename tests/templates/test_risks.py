"""Values where escaping protects nothing are found by `trivet check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.templates.conftest import Site
from trivet.checks import Level


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<a\n title={{ x }}>", "templates.unquoted"),
        ('<a class="b" {% if x %}title={{ x }}{% endif %}>', "templates.unquoted"),
        ("<a href=/posts/{{ x }}>", "templates.unquoted"),
        ("<script>\nconst x = '{{ x }}';</script>", "templates.script"),
        ("<script>\nconst x = {{ x|safe }};</script>", "templates.script"),
        ("<a\nonclick=\"go('{{ x }}')\">", "templates.script"),
    ],
)
def test_value_that_could_break_out_is_found(
    site: Site, tmp_path: Path, text: str, code: str
) -> None:
    app, templates = site({"a.html": text})

    (finding,) = templates.checks(app)

    assert (finding.level, finding.code) == (Level.WARNING, code)
    line = 2 if "\n" in text else 1
    assert finding.where == f"{tmp_path / 'templates' / 'a.html'}:{line}"


@pytest.mark.parametrize(
    "text",
    [
        "<a title=\"a={{ x }}\" lang='{{ x }}'>b={{ x }}</a>",
        "{# <a title={{ x }}> #}",
        "<script>const x = {{ x|tojson }}, y = {{ y | tojson | safe }};</script>a={{ x }}",
        "<script src=\"{{ static('a.js') }}\"></script>",
        "<script>go(\"{{ url_for('a') }}\")</script>",
        "<script>{% block more %}{% endblock %}</script>",
        "{% extends 'b.html' %}{% block more %}{{ super() }}{{ x }}{% endblock %}",
        "<a onclick='go({{ x|tojson }})'>",
        "<a {{ x|xmlattr }} data-only>",
    ],
)
def test_value_in_a_good_place_is_not(site: Site, text: str) -> None:
    app, templates = site({"a.html": text, "b.html": ""})

    assert templates.checks(app) == []


def test_other_files_in_the_folder_are_left_alone(site: Site, tmp_path: Path) -> None:
    app, templates = site({"a.txt": "<a b={{ x }}>"})
    (tmp_path / "templates" / "logo.png").write_bytes(b"\x89PNG\xff")

    assert templates.checks(app) == []
