"""Things that are done with rows: ``@action(label="Publish")`` above a `ModelAdmin`'s method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Action", "action"]

On = Literal["rows", "row", "list"]


@dataclass(frozen=True)
class Action:
    """One action: what does it, and what is said about it."""

    function: Callable[..., Any]
    """Of the `ModelAdmin`, the rows as a query, the value of the form or None, and the visit."""
    label: str = ""
    form: Any = None
    confirm: str = ""
    permission: str | None = None
    on: On = "rows"
    danger: bool = False
    in_background: bool = False

    def __set_name__(self, owner: type[Any], name: str) -> None:
        object.__setattr__(self, "name", name)

    name = ""


def action(
    *,
    label: str = "",
    form: Any = None,
    confirm: str = "",
    permission: str | None = None,
    on: On = "rows",
    danger: bool = False,
    in_background: bool = False,
) -> Callable[[Callable[..., Any]], Action]:
    """Make a method of a `ModelAdmin` an action: ``async def publish(self, rows, values, visit)``.

    `rows` is a query of the rows that were chosen and on which the visitor may do it; `values` is
    the value of `form`, a Pydantic model, where there is one. What is returned is said to the
    visitor; a response is sent as it is. `confirm` is asked first; what has a form, is a `danger`,
    or is done with all rows that match is asked for anyway. `permission` is the last word of the
    permission (``post.publish``), by default the method's name. `on` is ``"rows"`` of a list, each
    single ``"row"`` from its page and its menu, or the whole ``"list"``. With `in_background` it is
    a job of `trivet.jobs`, as it is for more than 1,000 rows; `visit.request` is None there, and
    `visit.progress(0.5)` says how far it is.
    """

    def made(function: Callable[..., Any]) -> Action:
        return Action(function, label, form, confirm, permission, on, danger, in_background)

    return made
