"""Single values out of received data: queries, headers, cookies and forms.

Pure functions from a described field and received data to a value or to errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from starlette.datastructures import FormData, Headers, ImmutableMultiDict
from starlette.datastructures import UploadFile as StarletteUploadFile

from trivet.schema.annotations import is_sequence
from trivet.schema.field import ABSENT, Field, missing, names_of

__all__ = ["Errors", "checked", "extras", "form_items", "taken"]

Errors = list[dict[str, Any]]


def checked(field: Field, value: Any, location: tuple[int | str, ...]) -> tuple[Any, Errors]:
    """Validate `value` for `field`, or its default where the value is `ABSENT`."""
    if value is ABSENT:
        if field.required:
            return None, [missing(location)]
        value = deepcopy(field.default())
        if not field.field_info.validate_default:
            return value, []
    return field.validate(value, location)


def taken(field: Field, received: Mapping[str, Any], name: str) -> Any:
    """Take the value `name` out of received data in the shape that `field` wants, or `ABSENT`."""
    several = is_sequence(field.annotation)
    if several and not field.is_json and isinstance(received, (ImmutableMultiDict, Headers)):
        value: Any = received.getlist(name)
        if isinstance(received, FormData):
            value = [item for item in value if not _is_empty_file(item)]
    else:
        value = received.get(name, None)
    if value is None or (several and len(value) == 0):
        return ABSENT
    # An empty field of a form is one that nobody filled in.
    if isinstance(received, FormData) and (
        (isinstance(value, str) and value == "") or _is_empty_file(value)
    ):
        return ABSENT
    return value


def extras(received: Mapping[str, Any], used: set[str]) -> Iterator[tuple[str, Any]]:
    """Give what no field took: a value, or a list where a name came several times."""
    if isinstance(received, ImmutableMultiDict):
        items: Sequence[tuple[str, Any]] = received.multi_items()
    elif isinstance(received, Headers):
        items = received.items()
    else:
        items = list(received.items())
    grouped: dict[str, list[Any]] = {}
    for name, value in items:
        if name not in used:
            grouped.setdefault(name, []).append(value)
    for name, found in grouped.items():
        yield name, found[0] if len(found) == 1 else found


def form_items(
    fields: Sequence[Field], received: FormData
) -> Iterator[tuple[str, Any, Field | None]]:
    """Give each field's name and value, then the extras without a field."""
    known: set[str] = set()
    for field in fields:
        for alias, _ in names_of(field):
            known.add(alias)
            value = taken(field, received, alias)
            if value is not ABSENT:
                yield alias, value, field
                break
    for name, value in extras(received, known):
        yield name, value, None


def _is_empty_file(value: Any) -> bool:
    # What browsers send when no file was chosen.
    return isinstance(value, StarletteUploadFile) and value.filename == "" and value.size == 0
