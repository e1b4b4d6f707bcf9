"""Texts that are translated when they are shown, where nobody translates."""

from __future__ import annotations

import pickle

import pytest

from trivet.texts import LazyText, filled, lazy, nlazy, plazy


def test_lazy_text_is_a_text() -> None:
    text = lazy("Hello %(name)s", name="Ann")

    assert text == "Hello Ann"
    assert isinstance(text, str)
    assert f"{text}!" == "Hello Ann!"
    assert (text.message, dict(text.values)) == ("Hello %(name)s", {"name": "Ann"})


def test_number_chooses_the_form() -> None:
    days = nlazy("%(num)s day", "%(num)s days")

    assert days.with_values(num=1) == "1 day"
    assert days.with_values(num=0) == "0 days"
    assert days == "%(num)s day"


def test_lazy_text_can_be_kept() -> None:
    text = pickle.loads(pickle.dumps(plazy("month", "May")))

    assert isinstance(text, LazyText)
    assert (text, text.context) == ("May", "month")


@pytest.mark.parametrize("text", ["%(nmae)s", "%(name)d", "%", "%(name", "%s %s"])
def test_broken_placeholder_gives_the_original(text: str) -> None:
    assert filled(text, "Hello %(name)s", {"name": "Ann"}) == "Hello Ann"
    assert filled(text, text, {"name": "Ann"}) == text
    assert filled(text, text, {}) == text
