"""Comparisons that every database spells in its own way, as constructs of SQLAlchemy's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["DayOfWeek", "LikeExactly", "escaped", "glob_escaped"]


def escaped(value: Any) -> str:
    """Give a text for a LIKE pattern in which `\\` escapes."""
    return str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def glob_escaped(value: Any) -> str:
    """Give a text for a GLOB pattern of SQLite's."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(value))


class LikeExactly(FunctionElement[bool]):
    """A LIKE that minds upper and lower case: (column, LIKE pattern, GLOB pattern)."""

    type = Boolean()
    inherit_cache = True


@compiles(LikeExactly)
def _like(element: Any, compiler: Any, **options: Any) -> str:
    column, like, _ = element.clauses
    text, pattern = compiler.process(column, **options), compiler.process(like, **options)
    return f"{text} LIKE {pattern} ESCAPE '\\'"


@compiles(LikeExactly, "mysql", "mariadb")
def _like_binary(element: Any, compiler: Any, **options: Any) -> str:
    column, like, _ = element.clauses
    text, pattern = compiler.process(column, **options), compiler.process(like, **options)
    return f"{text} LIKE BINARY {pattern} ESCAPE '\\\\'"


@compiles(LikeExactly, "sqlite")
def _glob(element: Any, compiler: Any, **options: Any) -> str:
    column, _, glob = element.clauses
    return f"{compiler.process(column, **options)} GLOB {compiler.process(glob, **options)}"


class DayOfWeek(FunctionElement[int]):
    """The day of a week, from 1 (Sunday) to 7, as Django counts."""

    type = Integer()
    inherit_cache = True


@compiles(DayOfWeek)
def _extracted(element: Any, compiler: Any, **options: Any) -> str:
    return f"(EXTRACT(dow FROM {compiler.process(element.clauses, **options)}) + 1)"


@compiles(DayOfWeek, "sqlite")
def _formatted(element: Any, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"(CAST(STRFTIME('%w', {moment}) AS INTEGER) + 1)"


@compiles(DayOfWeek, "mysql", "mariadb")
def _counted(element: Any, compiler: Any, **options: Any) -> str:
    return f"DAYOFWEEK({compiler.process(element.clauses, **options)})"
