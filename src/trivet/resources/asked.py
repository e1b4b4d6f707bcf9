"""What a list and a row can be asked: the parameters of their query strings, as Pydantic models.

A parameter that is not there is refused by name (422), and so is a value that does not fit. Fields
of these models have numbers for names and are known by their aliases: a column may be called
anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from trivet.resources.filters import Filter
from trivet.resources.names import Declaration
from trivet.resources.paging import Pages
from trivet.resources.values import optional, several, text

__all__ = ["list_model", "row_model"]

_CONFIG = ConfigDict(extra="forbid", protected_namespaces=())


def list_model(
    declaration: Declaration,
    pages: Pages,
    filters: Iterable[Filter],
    *,
    search: bool,
    orders: Sequence[str],
    fields: Sequence[str],
    included: Sequence[str],
) -> type[BaseModel]:
    """Give what a list can be asked; raises `SetupError` for a filter with a reserved name."""
    known = dict(pages.parameters())
    if orders:
        signs = [sign + name for name in orders for sign in ("", "-")]
        known["order"] = _of(signs, "What the rows are ordered by; `-` for descending")
    if search:
        words: Any = text()
        described = Annotated[words, Field(description="Words that must all be found")]
        known["search"] = (optional(described), None)
    known.update(_of_row(fields, included))
    own: dict[str, Any] = {}
    for number, one in enumerate(filters):
        if one.parameter in known:
            raise declaration.mistake(
                f"has a filter {one.parameter!r}, which is what a list is asked for otherwise",
                code="resources.parameter",
                mend="name the column as it is asked: filters=[…], without this one",
            )
        own[f"filter_{number}"] = (one.annotation, Field(default=None, alias=one.parameter))
    return create_model(f"{declaration.name}List", __config__=_CONFIG, **known, **own)


def row_model(
    declaration: Declaration, *, fields: Sequence[str], included: Sequence[str]
) -> type[BaseModel]:
    """Give what a row can be asked."""
    return create_model(f"{declaration.name}Row", __config__=_CONFIG, **_of_row(fields, included))


def _of_row(fields: Sequence[str], included: Sequence[str]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if fields:
        known["fields"] = _of(fields, "The fields that are wanted")
    if included:
        known["include"] = _of(included, "Relations that are wanted too")
    return known


def _of(names: Sequence[str], description: str) -> Any:
    one: Any = Literal[tuple(names)]  # made at run time
    return Annotated[optional(several(one)), Field(description=description)], None
