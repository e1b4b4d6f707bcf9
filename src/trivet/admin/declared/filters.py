"""A filter of one's own: choices under a heading, and what each of them keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trivet.db import Query

__all__ = ["Filter"]


@dataclass(frozen=True)
class Filter:
    """Choices that columns alone cannot say: ``Filter("stock", {"low": "Running out"}, by=low)``.

    `by` is given the query and what was chosen, and gives the rows that are kept.
    """

    name: str
    choices: Mapping[str, str]
    by: Callable[[Query[Any], str], Query[Any]]
    label: str = ""
