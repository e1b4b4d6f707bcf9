"""What suits a model about which nothing was said: what is searched, by what it is filtered, how it
is sorted. Read from its columns alone, so it costs no more than what a careful team would write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.columns import kind_of
from trivet.db.describe import Column, Description, describe
from trivet.db.labels import label_columns
from trivet.forms.choices import choices_of
from trivet.forms.facts import facts_of
from trivet.schema.annotations import is_subclass

__all__ = ["with_what_suits"]

_MOST_SEARCHED = 3
_MOST_FILTERS = 6


def with_what_suits(admin: ModelAdmin) -> ModelAdmin:
    """Give the same, or where nothing was said, with what is derived from the model."""
    kind = type(admin)
    if kind.__bases__ != (ModelAdmin,):  # `Admin.add` makes a class below the one that was written
        return admin
    known = describe(kind.model)
    said = {"search": _search(known), "filters": _filters(known), "order": _order(known)}
    made: ModelAdmin = type(kind.__name__, (kind,), {**said, "__module__": ""})()
    return made


def _search(known: Description) -> Sequence[str]:
    """Give what names a row, be it a number, and then other texts."""
    model: Any = known.model
    texts = [one for one in known.columns if _is_text(one)]
    naming = label_columns(model) or ()
    keys = [one.name for one in known.columns if one.is_key]
    names = list(naming)
    if naming == () and len(keys) == 1:  # whoever knows it as "Invoice 7" looks for a 7
        names += keys
    names += [one.name for one in texts if one.is_unique]
    names += [one.name for one in texts]
    return list(dict.fromkeys(names))[:_MOST_SEARCHED]


def _is_text(column: Column) -> bool:
    if column.is_private or column.is_reference or _is_choice(column):
        return False
    return is_subclass(facts_of(column.annotation).type, str) and kind_of(column) == "text"


def _filters(known: Description) -> Sequence[str]:
    """Give what has few values, then relations, then dates."""
    columns = [one for one in known.columns if not (one.is_private or one.is_reference)]
    names = [one.name for one in columns if kind_of(one) in ("boolean", "badge") or _is_choice(one)]
    names += [one.name for one in known.relations if one.columns and not one.is_many]
    names += [one.name for one in columns if kind_of(one) in ("date", "moment")]
    return list(dict.fromkeys(names))[:_MOST_FILTERS]


def _is_choice(column: Column) -> bool:
    return choices_of(facts_of(column.annotation)) is not None


def _order(known: Description) -> Sequence[str]:
    """Give the order of the key where that is no single number: those go from the newest on."""
    keys = [one for one in known.columns if one.is_key]
    if len(keys) == 1 and kind_of(keys[0]) == "number":
        return ()
    return [one.name for one in keys]
