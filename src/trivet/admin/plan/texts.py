"""What somebody typed, or what an address says, as a value of a column."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

__all__ = ["read_text"]

_LARGEST = 2**63  # of what databases keep as an integer


def read_text(adapter: TypeAdapter[Any], text: str) -> Any:
    """Give the value; raises `ValueError`, as Pydantic's errors are, where it is none."""
    value = adapter.validate_strings(text)
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise ValueError(text)
    return value
