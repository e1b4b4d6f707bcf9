"""Texts, dates and numbers in templates, and that nothing of them is markup by accident."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.i18n.conftest import Site, Write
from trivet import App, Request
from trivet.i18n import I18n, lazy, nlazy
from trivet.templates import Templates
from trivet.testing import TestClient

ATTACK = "<script>alert(1)</script>"


def page(site: Site, text: str, language: str = "de", **context: Any) -> str:
    app, _ = site("en", "de", "ar", pages={"page.html": text})
    return shown(app, language, **context)


def shown(app: App, language: str = "de", **context: Any) -> str:
    templates = app.parts[Templates]
    assert isinstance(templates, Templates)

    @app.get("/")
    async def index(request: Request) -> Any:
        return await templates.render("page.html", request=request, **context)

    return TestClient(app).get("/", headers={"accept-language": language}).text


# -- texts ---------------------------------------------------------------------------------------


def test_texts_are_in_the_language_of_the_request(site: Site, write: Write) -> None:
    write("de", {
        "Save": "Speichern",
        "Hello %(name)s": "Hallo %(name)s",
        ("month", "May"): "Mai",
        ("%(num)s book", "%(num)s books"): ["%(num)s Buch", "%(num)s Bücher"],
    })  # fmt: skip
    text = (
        "{{ _('Save') }}|{{ gettext('Hello %(name)s', name='Ann') }}|{{ pgettext('month', 'May') }}"
        "|{{ ngettext('%(num)s book', '%(num)s books', 2) }}|{{ _('100% new') }}"
    )

    assert page(site, text) == "Speichern|Hallo Ann|Mai|2 Bücher|100% new"
    assert page(site, text, "en") == "Save|Hello Ann|May|2 books|100% new"


def test_blocks_are_translated(site: Site, write: Write) -> None:
    write("de", {
        "Hello <b>%(name)s</b>": "Hallo <b>%(name)s</b>",
        "100%% of %(name)s": "%(name)s zu 100%%",
        "all 100%%": "alle 100%%",
        ("%(num)s book", "%(num)s books"): ["%(num)s Buch", "%(num)s Bücher"],
        ("month", "May"): "Mai",
    })  # fmt: skip
    text = (
        "{% trans %}Hello <b>{{ name }}</b>{% endtrans %}|"
        "{% trans %}100% of {{ name }}{% endtrans %}|{% trans %}all 100%{% endtrans %}|"
        "{% trans num=count %}{{ num }} book{% pluralize %}{{ num }} books{% endtrans %}|"
        "{% trans 'month' %}May{% endtrans %}|{% trans %}not <i>known</i> & old{% endtrans %}|"
        "{% autoescape false %}{% trans %}all 100%{% endtrans %}{% endautoescape %}"
    )

    assert page(site, text, name="Ann", count=2) == (
        "Hallo <b>Ann</b>|Ann zu 100%|alle 100%|2 Bücher|Mai|not <i>known</i> & old|alle 100%"
    )


def test_texts_stand_as_they_are_where_nobody_translates(tmp_path: Any) -> None:
    app = App()
    (tmp_path / "page.html").write_text(
        "{{ _('Save %(it)s', it=name) }}|{% trans %}<b>{{ name }}</b>{% endtrans %}"
        "|{{ ngettext('%(num)s book', '%(num)s books', 1) }}|{{ label }}"
    )
    app.use(Templates(tmp_path))

    assert shown(app, name=ATTACK, label=lazy("Name")) == (
        "Save &lt;script&gt;alert(1)&lt;/script&gt;|<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>"
        "|1 book|Name"
    )


def test_lazy_texts_are_translated_when_they_are_shown(site: Site, write: Write) -> None:
    write(
        "de", {"Name": "Vorname", ("%(num)s day", "%(num)s days"): ["%(num)s Tag", "%(num)s Tage"]}
    )
    days = nlazy("%(num)s day", "%(num)s days")
    text = (
        "{{ label }}|{{ _(label) }}|{{ days.with_values(num=3) }}|{{ evil }}"
        "{% macro field(text) %}<label>{{ text }}</label>{% endmacro %}|{{ field(label) }}"
    )

    assert page(site, text, label=lazy("Name"), days=days, evil=lazy(ATTACK)) == (
        "Vorname|Vorname|3 Tage|&lt;script&gt;alert(1)&lt;/script&gt;|<label>Vorname</label>"
    )


# -- escaping ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{{ _('Hello %(name)s', name=name) }}",
        "{{ ngettext('%(name)s', '%(name)s', 2, name=name) }}",
        "{{ _(name) }}",
        "{{ _('%(name)s <b>'|safe, name=name) }}",
        "{% trans %}Hello <b>{{ name }}</b>{% endtrans %}",
        "{% trans count=3 %}{{ name }}{% pluralize %}{{ name }} {{ count }}{% endtrans %}",
        "<p title=\"{{ _('Hello %(name)s', name=name) }}\">",
        "{{ locale().gettext('Hello %(name)s', name=name) }}",
        "{{ format_list([name, 'b']) }}",
        "{{ format_number(1, name) }}",
    ],
)
def test_hostile_value_is_escaped(site: Site, text: str) -> None:
    found = page(site, text, name=ATTACK + '" onload="')

    assert "&lt;script&gt;" in found
    assert "<script" not in found
    assert 'onload="' not in found


def test_hostile_translation_is_escaped(site: Site, write: Write) -> None:
    write("de", {
        "Save": ATTACK,
        "Read <b>this</b>": f"Lies <b>das</b>{ATTACK}<b onclick='x()'>&nbsp;<img src=x>",
        "Hello %(name)s": "<img src=x onerror=x()>%(name)s",
    })  # fmt: skip
    text = (
        "{{ _('Save') }}|{% trans %}Save{% endtrans %}|{% trans %}Read <b>this</b>{% endtrans %}"
        "|{% trans %}Hello {{ name }}{% endtrans %}|{{ _('Hello %(name)s', name=name) }}"
    )
    found = page(site, text, name="Ann")

    assert "<b>das</b>&lt;script&gt;" in found
    assert [one for one in ("<script", "<img", "<b onclick", "&nbsp;") if one in found] == []


def test_broken_translation_does_not_break_the_page(site: Site, write: Write) -> None:
    write("de", {"Hello %(name)s": "Hallo %(nmae)s", "Bye <i>%(name)s</i>": "Tschüss %(name)z 5%"})
    text = "{% trans %}Hello {{ name }}{% endtrans %}|{{ _('Hello %(name)s', name=name) }}" + (
        "|{% trans %}Bye <i>{{ name }}</i>{% endtrans %}"
    )

    assert page(site, text, name="<") == "Hello &lt;|Hello &lt;|Bye <i>&lt;</i>"


# -- dates, numbers, the locale itself -------------------------------------------------------------


def test_dates_numbers_and_money_are_the_locale_s(site: Site) -> None:
    text = (
        "{{ format_date(at, 'long') }}|{{ format_datetime(at, 'short') }}|{{ format_time(at) }}"
        "|{{ format_number(1234.5) }}|{{ format_percent(0.5) }}|{{ format_currency(9.9, 'EUR') }}"
        "|{{ format_list(['a', 'b']) }}|{{ format_relative(at, now) }}"
    )
    at, now = datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 2, 12, tzinfo=UTC)

    assert page(site, text, at=at, now=now) == (
        "1. Juli 2026|01.07.26, 12:00|12:00|1.234,5|50\xa0%|9,90\xa0€|a und b|vor 1 Tag"
    )


def test_page_knows_its_locale_and_direction(site: Site) -> None:
    text = (
        '<html lang="{{ locale() }}" dir="{{ dir() }}">'
        "{% for one in locales() %}{{ one.name }} {% endfor %}"
    )

    assert page(site, text, "ar").startswith('<html lang="ar" dir="rtl">English Deutsch العربية')


def test_mail_is_in_the_locale_that_is_given(site: Site, write: Write) -> None:
    write("de", {"Welcome": "Willkommen"})
    app, i18n = site("en", "de", pages={"mail.txt": "{{ _('Welcome') }} {{ format_time(at) }}"})
    templates = app.parts[Templates]
    assert isinstance(templates, Templates)
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)

    def written(request: Any) -> str:
        return asyncio.run(templates.text("mail.txt", request=request, at=at))

    assert written(i18n.locale("de-AT", "Europe/Vienna").as_request()) == "Willkommen 14:00"
    assert written(None).startswith("Welcome 12:00")


def test_pages_that_are_streamed_and_that_wait_are_translated(tmp_path: Any, write: Write) -> None:
    write("de", {"Save": "Speichern", "Hi %(name)s": "Hallo %(name)s"})
    (tmp_path / "page.html").write_text(
        "{{ _('Save') }} {% trans %}Hi {{ name }}{% endtrans %} {{ label }}"
    )
    app = App()
    app.use(I18n(tmp_path / "locale", locales=["en", "de"]))
    templates = app.use(Templates(tmp_path, awaits=True))

    @app.get("/")
    async def index(request: Request) -> Any:
        return await templates.stream("page.html", request=request, name="A", label=lazy("Save"))

    found = TestClient(app).get("/", headers={"accept-language": "de"})

    assert (found.text, found.headers["content-language"]) == ("Speichern Hallo A Speichern", "de")
