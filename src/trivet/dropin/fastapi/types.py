"""`fastapi.types`."""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar

from trivet.routing.options import IncEx

__all__ = ["DecoratedCallable", "IncEx", "UnionType"]

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
