"""The actions of a model: those that were declared, and those that every model has."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, create_model, field_validator

from trivet.admin.declared.action import Action, On
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.plan.inputs import checks_of
from trivet.admin.plan.names import misnamed, titled
from trivet.auth.permissions.names import is_permission
from trivet.db import SoftDelete
from trivet.errors import SetupError
from trivet.forms import Widget
from trivet.forms.plan import plan_of
from trivet.texts import lazy

__all__ = ["ActionPlan", "actions_of", "is_soft"]

_TAKEN = frozenset({"view", "add", "change", "delete", "export", "import", "restore", "erase"})


@dataclass(frozen=True, eq=False)
class ActionPlan:
    """One action of a model."""

    name: str
    label: str
    permission: str
    on: On = "rows"
    form: type[BaseModel] | None = None
    confirm: str = ""
    is_dangerous: bool = False
    in_background: bool = False
    function: Any = None
    """The method; None for what every model has."""
    of_trash: bool = False
    """True for what is done with rows that are in the trash."""

    @property
    def asks(self) -> bool:
        """True where it is asked for before it is done."""
        return bool(self.confirm) or self.form is not None or self.is_dangerous


def is_soft(model: Any) -> bool:
    """Tell whether rows of a model that are deleted are kept."""
    return isinstance(model, type) and issubclass(model, SoftDelete)


def actions_of(admin: type[ModelAdmin]) -> tuple[ActionPlan, ...]:
    """Give the actions of a model; raises `SetupError` for what cannot be one."""
    found = [_declared(admin, one) for one in _methods(admin)]
    found.append(ActionPlan("delete", lazy("Delete"), "delete", is_dangerous=True))
    if is_soft(admin.model):
        found.append(ActionPlan("restore", lazy("Restore"), "delete", of_trash=True))
        label = lazy("Delete for good")
        found.append(ActionPlan("erase", label, "erase", is_dangerous=True, of_trash=True))
    return tuple(found)


def _methods(admin: type[ModelAdmin]) -> list[Action]:
    names: dict[str, None] = {}
    for cls in reversed(admin.__mro__):
        names |= {name: None for name, one in vars(cls).items() if isinstance(one, Action)}
    found = [getattr(admin, name) for name in names]
    return [one for one in found if isinstance(one, Action)]


def _declared(admin: type[ModelAdmin], one: Action) -> ActionPlan:
    if one.name in _TAKEN:
        raise misnamed(
            admin, f"the action {one.name!r} is called as something else is", f"{one.name}_rows"
        )
    permission = one.permission or one.name
    if not is_permission(permission) or "." in permission or "*" in permission:
        raise misnamed(
            admin,
            f"the action {one.name!r} asks for {permission!r}, which is no word of a permission",
            'permission="publish"',
        )
    if one.on not in ("rows", "row", "list"):
        raise misnamed(admin, f"the action {one.name!r} is on {one.on!r}", 'on="rows"')
    if not inspect.iscoroutinefunction(one.function):
        raise misnamed(
            admin,
            f"the action {one.name!r} cannot be awaited",
            f"async def {one.name}(self, rows, values, visit)",
        )
    if one.form is not None:
        _check_form(admin, one)
    return ActionPlan(
        one.name,
        one.label or titled(one.name),
        permission,
        one.on,
        None if one.form is None else _with_checks(one.form),
        one.confirm,
        one.danger,
        one.in_background,
        one.function,
    )


def _with_checks(form: type[BaseModel]) -> type[BaseModel]:
    """Give the form with what its widgets check besides, as in the form of a row."""
    checks: dict[str, Any] = {}
    for name, field in form.model_fields.items():
        for widget in (one for one in field.metadata if isinstance(one, Widget)):
            for check in checks_of(widget):
                checks[f"checked_{name}_{len(checks)}"] = field_validator(name)(check.func)
    if not checks:
        return form
    return create_model(
        form.__name__,
        __base__=form,
        __module__=form.__module__,
        __doc__=form.__doc__,
        __validators__=checks,
    )


def _check_form(admin: type[ModelAdmin], one: Action) -> None:
    if not (isinstance(one.form, type) and issubclass(one.form, BaseModel)):
        raise misnamed(
            admin, f"the form of the action {one.name!r} is no Pydantic model", "form=PublishForm"
        )
    try:
        plan_of(one.form)
    except SetupError as error:
        raise misnamed(
            admin, f"the form of the action {one.name!r}: {error}", error.mend or "another form"
        ) from error
