"""Between values and their JSON: typed where a type is known, otherwise what JSON itself has."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from trivet.errors import TrivetError
from trivet.schema.encode import to_json
from trivet.schema.field import Field

__all__ = ["CacheValueError", "Form", "Unreadable"]


class CacheValueError(TrivetError, TypeError):
    """A value that JSON cannot keep, or that is another one when it is read again."""


class Unreadable(Exception):
    """What is in the store does not fit the type that is asked for: as good as nothing."""


class Form:
    """How values of one type are written and read; None for any that JSON has."""

    def __init__(self, kind: Any = None) -> None:  # Any: a type expression
        self.kind = kind
        self._field = Field("value", FieldInfo(annotation=Any if kind is None else kind))

    def written(self, value: Any) -> bytes:
        """Give a value as JSON; raises `CacheValueError`."""
        try:
            if self.kind is None:
                return to_json(value)
            return self._field.serialize_json(value, by_alias=True, warnings="error")
        except (TypeError, ValueError) as error:
            raise CacheValueError(
                f"{_short(value)} cannot be kept as JSON"
                f"{'' if self.kind is None else f' for {self.kind!r}'}: {error}. Keep plain data,"
                " a Pydantic model, or a dataclass."
            ) from error

    def read(self, payload: bytes) -> Any:
        """Give the value of JSON; raises `Unreadable`."""
        try:
            return self._field.validate_json(payload)
        except ValidationError as error:
            raise Unreadable from error

    def back(self, value: Any, payload: bytes) -> Any:
        """Give what others will read of a value that was just written; raises `CacheValueError`."""
        try:
            return self.read(payload)
        except Unreadable as error:
            raise CacheValueError(
                f"{_short(value)} was written as {payload[:80]!r}, which is no {self.kind!r} when"
                " it is read: its JSON must fit its own type (look at aliases, and at fields that"
                " are left out)"
            ) from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
