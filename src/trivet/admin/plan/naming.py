"""What a row is called on pages: by the user's own words, else as any row is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trivet.admin.declared.model_admin import ModelAdmin
from trivet.db.labels import label_columns, label_of

__all__ = ["named_by", "naming_of"]


def naming_of(admin: ModelAdmin) -> Callable[[Any], str]:
    """Give the function that names rows of a model."""
    if type(admin).name_of is not ModelAdmin.name_of:
        return admin.name_of
    return label_of


def named_by(admin: ModelAdmin) -> tuple[str, ...] | None:
    """Give the columns by which rows are named, besides the key; None where it may be any."""
    if type(admin).name_of is not ModelAdmin.name_of:
        return None
    return label_columns(admin.model)
