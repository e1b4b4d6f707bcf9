"""Trivet's own texts in the languages that it speaks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from trivet import App
from trivet.i18n import I18n
from trivet.i18n.__main__ import OWN
from trivet.i18n.catalogue import read_catalogue
from trivet.i18n.phrases import CONTEXT, PHRASES
from trivet.i18n.placeholders import broken
from trivet.i18n.validation import SENTENCES

# Words that a language has as English has them.
SAME_IN: dict[str, set[object]] = {
    "de": {"Code", "Link", "Name", "Passkeys"},
    "es": {"No", "Total"},
    "fr": {"Action", "Actions", "Code", "Menu", "Pages", "Sessions", "Total"},
}

WORD = re.compile(r'\.word\("([^"]+)"\)')

each_locale = pytest.mark.parametrize("name", OWN.locales)


def read(name: str) -> Catalog:
    return read_catalogue(OWN.written(name))


@each_locale
def test_every_text_is_translated(name: str) -> None:
    done = next(one for one in OWN.status() if one.locale == name)

    assert (done.missing, done.fuzzy, done.broken) == (0, 0, 0)


def test_what_templates_of_forms_say_is_among_the_texts() -> None:
    templates = OWN.root.rglob("templates/**/*.html")
    words = {one for file in templates for one in WORD.findall(file.read_text("utf-8"))}

    known = {one.id for one in read_catalogue(OWN.template)}

    assert words == {"Add", "Choose…", "Remove", "Send", "Some of this cannot be taken yet:"}
    assert words - known == set()


@each_locale
def test_no_translation_broke_a_placeholder(name: str) -> None:
    assert [(translation, wrong) for _, translation, wrong in broken(read(name))] == []


@each_locale
def test_every_language_has_the_same_texts(name: str) -> None:
    def texts(catalogue: Catalog) -> set[tuple[object, object]]:
        return {(one.context, one.id) for one in catalogue}

    assert texts(read(name)) == texts(read_catalogue(OWN.template))


@each_locale
def test_sentences_and_phrases_are_spoken(name: str) -> None:
    i18n = App().use(I18n(locales=["en", name]))
    locale = i18n.locale(name)

    assert [one for one in SENTENCES.values() if locale.gettext(one) == one] == []
    assert [one for one in PHRASES if locale.pgettext(CONTEXT, one.message) == one] == []


def forms_of(catalogue: Catalog) -> list[tuple[Any, str]]:
    """Give all translations of a catalogue with what they translate, each form of a plural."""
    found: list[tuple[Any, str]] = []  # Any: a text, or its singular and plural
    for one in catalogue:
        if one.id:
            strings = [one.string] if isinstance(one.string, str) else one.string
            found += [(one.id, string) for string in strings]
    return found


@each_locale
def test_a_plural_has_as_many_forms_as_the_language(name: str) -> None:
    catalogue = read(name)

    counts = {len(one.string) for one in catalogue if isinstance(one.id, tuple | list)}

    assert counts == {catalogue.num_plurals}


@each_locale
def test_a_placeholder_in_braces_stays_as_it_is(name: str) -> None:
    def placed(text: str) -> set[str]:
        return set(re.findall(r"\{\w+\}", text))

    wrong = [
        (message, string)
        for message, string in forms_of(read(name))
        if placed(message if isinstance(message, str) else message[1]) != placed(string)
    ]

    assert wrong == []


@each_locale
def test_nothing_is_left_in_english(name: str) -> None:
    same = {message for message, string in forms_of(read(name)) if message == string}

    assert same <= SAME_IN.get(name, set())


def test_french_has_a_space_that_does_not_break_before_double_signs() -> None:
    """Before a colon, a semicolon, an exclamation and a question mark, and inside of quotes."""
    addresses = re.compile(r"https?://\S+|\d\d:\d\d(:\d\d)?|HH:MM|otpauth:\S+")
    wrong = [
        string
        for _, string in forms_of(read("fr"))
        if re.search(r"(?<![\u00a0\u202f])[:;!?»]|«(?![\u00a0\u202f])", addresses.sub("", string))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("number", "noun"),
    [(1, "حرف واحد"), (2, "حرفين"), (3, "أحرف"), (10, "أحرف"), (11, "حرفًا"), (99, "حرفًا"),
     (100, "حرف"), (101, "حرف"), (103, "أحرف"), (111, "حرفًا")],
)  # fmt: skip
def test_arabic_counts_by_its_own_forms(number: int, noun: str) -> None:
    locale = App().use(I18n(locales=["en", "ar"])).locale("ar")

    told = locale.gettext(SENTENCES["string_too_long"].with_values(num=number))

    assert told.endswith(f" {noun}.")


def test_texts_of_this_shelf_are_in_the_template() -> None:
    """Where this fails: python -m trivet.i18n, then translate what it calls missing."""
    there = {(one.context, one.id) for one in read_catalogue(OWN.template)}
    wanted = {
        (text.context, text.message if text.plural is None else (text.message, text.plural))
        for text in (*SENTENCES.values(), *PHRASES)
    }

    assert wanted <= there
