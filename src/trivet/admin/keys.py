"""The key of a row as a text in an address, and back: one value, or several joined by commas."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import inspect

from trivet.db.describe import describe

__all__ = ["Keys"]

# "~" begins what stands for a character that means something in an address or in a key.
_SIGNS = {"~": "~0", ",": "~1", "/": "~2", ".": "~3", "\\": "~4"}
_SIGN = re.compile("|".join(re.escape(one) for one in _SIGNS))
_BACK = {sign: one for one, sign in _SIGNS.items()}
_AS_TEXT = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")


class Keys:
    """The primary key of one model: how it is written, and how it is found again."""

    def __init__(self, model: Any) -> None:
        mapper: Any = inspect(model)
        self.names = tuple(mapper.get_property_by_column(one).key for one in mapper.primary_key)
        self._attributes = tuple(getattr(model, name) for name in self.names)
        found = describe(model)
        self._adapters = [self._adapter(found.column(name)) for name in self.names]

    @staticmethod
    def _adapter(column: Any) -> TypeAdapter[Any]:
        try:
            return TypeAdapter(column.annotation, config=_AS_TEXT)
        except Exception:  # a type that brings its own configuration takes none besides
            return TypeAdapter(column.annotation)

    def written(self, row: Any) -> str:
        """Give the key of a row as a text."""
        values = self.values(row)
        if len(values) == 1 and type(values[0]) is int:  # most keys, and nothing to escape
            return str(values[0])
        return ",".join(
            _SIGN.sub(lambda found: _SIGNS[found[0]], self._text(adapter, value))
            for value, adapter in zip(values, self._adapters, strict=True)
        )

    def values(self, row: Any) -> tuple[Any, ...]:
        """Give the key of a row."""
        return tuple(getattr(row, name) for name in self.names)

    @staticmethod
    def _text(adapter: TypeAdapter[Any], value: Any) -> str:
        told = adapter.dump_python(value, mode="json")
        return told if isinstance(told, str) else str(value)

    def read(self, text: str) -> tuple[Any, ...] | None:
        """Give the values that a text stands for; None where it is no key of this model."""
        parts = text.split(",")
        if len(parts) != len(self._adapters):
            return None
        values = []
        for part, adapter in zip(parts, self._adapters, strict=True):
            plain = re.sub("~[0-4]", lambda found: _BACK[found[0]], part)
            try:
                values.append(adapter.validate_strings(plain))
            except (ValidationError, ValueError):
                return None
        return tuple(values)

    def conditions(self, values: tuple[Any, ...]) -> list[Any]:
        """Give what finds the row with these values."""
        return [one == value for one, value in zip(self._attributes, values, strict=True)]
