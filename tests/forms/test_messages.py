"""Every error that Pydantic has is told in a sentence for people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic_core import PydanticCustomError
from pydantic_core._pydantic_core import list_all_errors

from trivet import App
from trivet.forms.messages import SENTENCES, Message, message_of
from trivet.i18n import I18n

ERRORS: dict[str, Any] = {
    error["type"]: error.get("example_context") or {} for error in list_all_errors()
}


@pytest.mark.parametrize("kind", sorted(ERRORS))
def test_every_type_of_error_has_a_sentence(kind: str) -> None:
    context: dict[str, Any] = ERRORS[kind]

    told = message_of(kind, context).told()

    assert kind in SENTENCES
    assert "{" not in told
    assert not re.search(r"\b(input|field|string|valid)\b", told, re.IGNORECASE)
    if kind not in ("value_error", "assertion_error"):
        assert told[0].isupper()
        assert told.endswith(".")


def test_one_is_counted_as_one() -> None:
    assert message_of("string_too_long", {"max_length": 1}).told() == "Use at most 1 character."
    assert message_of("string_too_long", {"max_length": 2}).told() == "Use at most 2 characters."


def test_own_errors_are_told_in_their_own_words() -> None:
    error = PydanticCustomError("taken", "{name} is taken.", {"name": "ann"})

    assert message_of(error.type, error.context, error.message()).told() == "ann is taken."
    assert message_of("value_error", {"error": ValueError("{x}")}).told() == "{x}"


def test_values_are_put_in_after_the_translation() -> None:
    message = Message("Use {gt}.", {"gt": "{more}"})

    assert message.told(lambda text: text.replace("Use", "Nimm")) == "Nimm {more}."


@pytest.mark.parametrize(
    ("language", "number", "told"),
    [
        ("fr", 0, "Utilisez au plus 0 caractère."),  # English would say "0 characters"
        ("fr", 1, "Utilisez au plus 1 caractère."),
        ("fr", 2, "Utilisez au plus 2 caractères."),
        ("es", 1, "Usa como máximo 1 carácter."),
        ("es", 2, "Usa como máximo 2 caracteres."),
        ("ja", 1, "1文字以下で入力してください。"),
        ("en", 1, "Use at most 1 character."),
    ],
)
def test_numbers_are_counted_by_the_rules_of_the_language(
    language: str, number: int, told: str
) -> None:
    locale = App().use(I18n(locales=["en", "fr", "es", "ja"])).locale(language)

    message = message_of("string_too_long", {"max_length": number})

    assert message.told(locale.gettext) == told


def test_what_has_no_number_to_count_by_is_told_as_many() -> None:
    assert message_of("string_too_long", {}).told() == "Use at most {max_length} characters."
