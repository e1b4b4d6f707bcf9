"""What a field may be chosen from: pairs of a value and what people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from trivet.forms.facts import Facts
from trivet.schema.annotations import is_subclass

__all__ = ["Choice", "choices_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: the text that is sent, what people read, and the value that it means."""

    text: str
    label: str
    value: Any
    """Any: what the field's type takes."""


def choices_of(facts: Facts) -> tuple[Choice, ...] | None:
    """Give the choices of an enumeration or a `Literal`, None for any other type.

    A member is called by its `label`, if it has one, or by its name.
    """
    if get_origin(facts.type) is Literal:
        return tuple(Choice(str(one), _read(str(one)), one) for one in _plain(facts.type))
    if is_subclass(facts.type, Enum):
        return tuple(
            Choice(str(one.value), str(getattr(one, "label", None) or _read(one.name)), one)
            for one in facts.type
        )
    return None


def _plain(literal: Any) -> Sequence[Any]:
    return [one for one in get_args(literal) if one is not None]


def _read(name: str) -> str:
    words = name.replace("_", " ").strip()
    words = words.lower() if words.isupper() else words
    return words[:1].upper() + words[1:]
