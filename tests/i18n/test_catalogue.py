"""Where texts come from, and which of several is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.i18n.conftest import Site, Write
from trivet import App, Part
from trivet.errors import SetupError
from trivet.i18n import I18n
from trivet.i18n.catalogue import compiled, read_catalogue


def test_texts_fall_back_from_a_country_to_its_language_to_the_default(
    site: Site, write: Write
) -> None:
    write("pt_BR", {"a": "a-br"})
    write("pt", {"a": "a-pt", "b": "b-pt"})
    write("es", {"a": "a-es", "b": "b-es", "c": "c-es"})
    brazilian = site("es", "pt-BR")[1].locale("pt-BR")

    assert [brazilian.gettext(one) for one in "abcd"] == ["a-br", "b-pt", "c-es", "d"]


def test_who_reads_the_source_s_language_is_not_given_the_default_s(
    site: Site, write: Write
) -> None:
    write("de", {"Save": "Speichern", "Forbidden": "Verboten"})
    english = site("de", "en")[1].locale("en")

    assert english.gettext("Save") == "Save"
    assert english.pgettext("error", "Forbidden") == "Forbidden"


def test_source_may_be_another_language_than_english(site: Site, write: Write) -> None:
    write("en", {"Speichern": "Save"})
    i18n = site("en", "de", source="de")[1]

    assert i18n.locale("en").gettext("Speichern") == "Save"
    assert i18n.locale("de").gettext("Speichern") == "Speichern"
    assert i18n.locale("de").pgettext("error", "Not Found") == "Nicht gefunden"


def test_texts_of_parts_stand_behind_the_application_s(
    tmp_path: Path, write: Write, site: Site
) -> None:
    theirs = tmp_path / "theirs"
    write("de", {"Cart": "Warenkorb", "Pay": "Bezahlen"}, domain="shop", folder=theirs)
    write("de", {"Pay": "Zahlen"})

    class Shop(Part):
        name = "shop"

        def locale_folders(self) -> Sequence[Path]:
            return [theirs]

    app, i18n = site("en", "de")
    app.use(Shop())
    german = i18n.locale("de")

    assert [german.gettext(one) for one in ("Cart", "Pay")] == ["Warenkorb", "Zahlen"]


def test_own_texts_may_be_said_in_other_words(site: Site, write: Write) -> None:
    write("de", {("error", "Not Found"): "Das gibt es hier nicht"})

    assert site()[1].locale("de").pgettext("error", "Not Found") == "Das gibt es hier nicht"


def test_compiled_texts_are_read_in_production_and_written_ones_in_debug(
    tmp_path: Path, write: Write
) -> None:
    path = write("de", {"Save": "Sichern"})
    path.with_suffix(".mo").write_bytes(compiled(read_catalogue(path)))
    write("de", {"Save": "Speichern"})
    shown = []
    for debug in (False, True):
        i18n = App(debug=debug).use(I18n(tmp_path / "locale", locales=["en", "de"]))
        shown.append(i18n.locale("de").gettext("Save"))

    assert shown == ["Sichern", "Speichern"]


def test_fuzzy_and_empty_translations_are_not_shown(site: Site, write: Write) -> None:
    path = write("de", {"Sold": "", "Open": "Offen"})
    text = path.read_text().replace('msgid "Open"', '#, fuzzy\nmsgid "Open"')
    path.write_text(text)
    german = site()[1].locale("de")

    assert [german.gettext(one) for one in ("Sold", "Open")] == ["Sold", "Open"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("messages.po", b'msgid "a"\nnothing of this is known\n'),
        ("messages.mo", b"no catalogue at all, not even a short one"),
        ("messages.mo", b""),
        ("messages.po", b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=os.exit();\\n"\n'),
        ("messages.po", b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-99\\n"\n'),
    ],
)
def test_broken_catalogue_is_a_mistake(
    site: Site, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / "locale" / "de" / "LC_MESSAGES" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with pytest.raises(SetupError) as caught:
        site()[1].read()

    assert caught.value.code == "i18n.catalogue"


@pytest.mark.parametrize("locales", [(), "de"])
def test_locales_are_a_list(locales: Sequence[str]) -> None:
    with pytest.raises(SetupError) as caught:
        I18n(locales=locales)

    assert caught.value.code == "i18n.locales"
