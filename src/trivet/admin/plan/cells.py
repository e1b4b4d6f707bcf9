"""Which columns are changed in the list itself, and the small form that each row of it is then."""

from __future__ import annotations

from typing import Any

from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.columns import ColumnPlan
from trivet.admin.plan.form import FormPlan, form_of
from trivet.admin.plan.names import misnamed, named, unknown
from trivet.db.describe import Description

__all__ = ["cells_of"]


def cells_of(
    admin: type[ModelAdmin], known: Description, columns: tuple[ColumnPlan, ...]
) -> FormPlan | None:
    """Give the form of one row of a list, or None where nothing is changed there.

    Raises `SetupError` for what cannot be changed so: the first column, which leads to the row,
    columns that are not shown, relations, and files.
    """
    names = [named(one) for one in admin.editable]
    if not names:
        return None
    shown = [column.name for column in columns]
    for name in names:
        if name not in shown:
            raise unknown(admin, "editable", name, known)
        if name == shown[0]:
            raise misnamed(admin, f"editable names {name!r}", "the first column leads to the row")
        if known.column(name) is None:
            raise misnamed(
                admin, f"editable names {name!r}, which is no column", "relations are for the form"
            )
    declared: Any = type(
        f"{admin.__name__}.editable",
        (ModelAdmin,),
        {
            "__module__": admin.__module__,
            "model": known.model,
            "fields": names,
            "widgets": {key: one for key, one in admin.widgets.items() if key in names},
        },
    )
    form = form_of(declared, known)
    for field in form.fields:
        if field.is_readonly or field.is_blind:
            raise misnamed(admin, f"editable names {field.name!r}", "one that a form may change")
    return form
