"""What is declared of a form is checked at the start: a slip is told with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.forms.press import AdfAuthor, AdfBook, AdfChapter, AdfTag, press_on
from trivet.admin import Inline, ModelAdmin
from trivet.db import Database
from trivet.errors import SetupError


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ({"widgets": {"titel": None}}, "admin.unknown-name", "title"),
        ({"hints": {"titel": "x"}}, "admin.unknown-name", "title"),
        ({"shown_when": {"discount": ("knd", 1)}}, "admin.unknown-name", "kind"),
        ({"shown_when": {"discount": ("discount", 1)}}, "admin.declared", "another field"),
        ({"picks": {"title": None}}, "admin.declared", "author"),
        ({"slug_from": {"slug": "titel"}}, "admin.unknown-name", "title"),
        ({"inlines": [AdfChapter]}, "admin.declared", "Inline(Track)"),
        ({"inlines": [Inline(int)]}, "admin.declared", "Inline(Track)"),
        ({"inlines": [Inline(AdfTag)]}, "admin.declared", "0 ways"),
        ({"inlines": [Inline(AdfBook.tags)]}, "admin.declared", "fields"),
        ({"inlines": [Inline(AdfBook.author)]}, "admin.declared", "fields"),
        ({"inlines": [Inline("nothing")]}, "admin.declared", "no relation"),
        ({"inlines": [Inline(AdfChapter, columns=["titel"])]}, "admin.unknown-name", "title"),
        ({"inlines": [Inline(AdfChapter, order_by="numbr")]}, "admin.unknown-name", "number"),
    ],
)
def test_a_slip_in_a_declaration_is_told(said: dict[str, Any], code: str, told: str) -> None:
    database = Database("sqlite://")
    press = press_on(database, by=type("SlipAdmin", (ModelAdmin,), said))

    with pytest.raises(SetupError) as caught:
        press.admin.check()

    assert caught.value.code == code
    assert told in str(caught.value)


def test_children_without_a_relation_to_them_are_found_by_their_key() -> None:
    press = press_on(Database("sqlite://"))
    declared = type("AuthorAdmin", (ModelAdmin,), {"inlines": [Inline(AdfChapter)]})
    press.admin._admins.pop(AdfAuthor)
    press.admin.add(AdfAuthor, by=declared)

    plan = press.admin.site.plan.of(AdfAuthor)

    assert plan is not None
    assert [(one.name, one.links) for one in plan.form.inlines] == [
        ("adf_chapters", (("editor_id", "id"),))
    ]
