"""What an annotation says once its layers are taken off: a type, whether it may be None, limits.

Everything else in this package reads `Facts`, and no annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trivet.schema.annotations import is_sequence, is_subclass, is_union, unalias

__all__ = ["Facts", "facts_of"]

Mark = TypeVar("Mark")

_LIMITS = (
    "min_length", "max_length", "ge", "gt", "le", "lt", "multiple_of", "pattern",
    "max_digits", "decimal_places",
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """One annotation, read. `type` is None where several types are possible."""

    type: Any
    is_nullable: bool
    limits: Mapping[str, Any]
    marks: Sequence[Any]
    """All that stands in `Annotated`, outermost last."""

    def mark(self, kind: type[Mark]) -> Mark | None:
        """Give the last mark of a kind, or None."""
        return next((mark for mark in reversed(self.marks) if isinstance(mark, kind)), None)

    @property
    def model(self) -> type[BaseModel] | None:
        """The Pydantic model that it is, or None."""
        return self.type if is_subclass(self.type, BaseModel) else None

    @property
    def item(self) -> Any | None:
        """The annotation of the items, where it is a list, set or tuple of equal ones."""
        if not is_sequence(self.type):
            return None
        arguments = [one for one in get_args(self.type) if one is not Ellipsis]
        return arguments[0] if len(arguments) == 1 else None


def facts_of(annotation: Any, metadata: Iterable[Any] = ()) -> Facts:
    """Read an annotation and what stands beside it."""
    marks: list[Any] = list(_flat(metadata))
    is_nullable = False
    while True:
        annotation = unalias(annotation)
        if get_origin(annotation) is Annotated:
            annotation, *inner = get_args(annotation)
            marks[:0] = _flat(inner)
            continue
        if not is_union(annotation):
            break
        choices = [one for one in get_args(annotation) if one is not NoneType]
        is_nullable = is_nullable or len(choices) < len(get_args(annotation))
        if len(choices) != 1:
            annotation = None
            break
        annotation = choices[0]
    limits = {
        name: value
        for mark in marks
        if not isinstance(mark, type)
        for name in _LIMITS
        if (value := getattr(mark, name, None)) is not None
    }
    return Facts(annotation, is_nullable, limits, marks)


def _flat(metadata: Iterable[Any]) -> Iterator[Any]:
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from one.metadata
        else:
            yield one
