"""Mapped classes of any declarative base as annotations: each is shown by its read schema.

`schema/foreign.py` asks this module for them, once `trivet.db` is imported.
"""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic.fields import FieldInfo

from trivet.db.schemas import read_schema, shown_schema

__all__ = ["MARK", "MappedMark", "fields_in"]


class MappedMark:
    """Metadata of an annotation: below it is a mapped class."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return shown_schema(source, handler)


MARK = MappedMark()


def fields_in(kind: type) -> dict[str, FieldInfo]:
    """Give the columns of a mapped class as Pydantic describes fields."""
    return read_schema(kind).model_fields
