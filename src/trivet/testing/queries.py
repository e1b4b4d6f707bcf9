"""How many statements some code sends, which, and from where.

All ways are counted: what goes straight to the driver, and what SQLAlchemy sends, in plain sessions
and on replicas too. Who counts is a watcher of the database while the block runs. What begins and
ends transactions is not counted, because it differs between databases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, overload

from trivet.app.places import place_now
from trivet.db import Database
from trivet.db.watched import watched_by
from trivet.testing.present import database_of
from trivet.watching import Happening

__all__ = ["Queries", "Statement", "assert_queries", "counted_queries"]

_SETS_UP = re.compile(r"\s*(pragma|set)\b", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NOWHERE = "no line of the application"
_MOST_SHOWN = 200  # characters of a statement in a message


@dataclass(frozen=True)
class Statement:
    """One statement that was sent."""

    text: str
    shapes: tuple[str, ...]
    """What its values were like: `int`, `str[12]`, `None`; never the values themselves."""
    place: str
    """File, line and function of the application or the test that it came from."""

    def __str__(self) -> str:
        text = _SPACE.sub(" ", self.text).strip()
        if len(text) > _MOST_SHOWN:
            text = f"{text[:_MOST_SHOWN]} …"
        return f"{text}  ({', '.join(self.shapes)})\n     {self.place}"


@dataclass
class Queries(Sequence[Statement]):
    """The statements that were counted, in order; it grows while the block runs."""

    statements: list[Statement] = field(default_factory=list)

    @overload
    def __getitem__(self, index: int) -> Statement: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement]: ...

    def __getitem__(self, index: int | slice) -> Statement | Sequence[Statement]:
        return self.statements[index]

    def __len__(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        lines = [f"  {number}. {one}" for number, one in enumerate(self.statements, 1)]
        for (text, place), times in Counter((s.text, s.place) for s in self.statements).items():
            if times > 1:
                shown = " ".join(text.split())[:60]
                lines.append(
                    f"  {times} times the same from {place}: {shown} …\n"
                    "     in a loop? Ask for all at once: with_(…), or where(id__in=…)"
                )
        return "\n".join(lines)


@contextmanager
def counted_queries(database: Database | None = None) -> Iterator[Queries]:
    """Count what is sent while the block runs: `len(queries)`, `queries[0].text`.

    Of `database`; by default of the one of the present unit of work, or of the present test.
    """
    queries = Queries()
    with watched_by(database_of(database), _Counter(queries)):
        yield queries


@contextmanager
def assert_queries(
    count: int | None = None, database: Database | None = None, *, at_most: int | None = None
) -> Iterator[Queries]:
    """Raise `AssertionError` unless the block sends exactly `count` statements, or `at_most`.

    The message lists them, with the lines that they came from.
    """
    if (count is None) == (at_most is None):
        raise TypeError("say how many: assert_queries(2), or assert_queries(at_most=2)")
    with counted_queries(database) as queries:
        yield queries
    found = len(queries)
    if found != count if at_most is None else found > at_most:
        expected = f"{count}" if at_most is None else f"at most {at_most}"
        raise AssertionError(
            f"expected {expected} {_named(at_most if count is None else count)}, and there"
            f" {'was' if found == 1 else 'were'} {found}{':' if found else ''}\n{queries}".rstrip()
        )


class _Counter:
    """A watcher that counts statements, each as it begins; not those that set up a connection."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def begins(self, happening: Happening) -> None:
        text = happening.facts.get("db.query.text", "")
        if happening.kind == "query" and not _SETS_UP.match(text):
            shapes = _shapes(happening.facts["trivet.values"])
            place = str(place_now() or _NOWHERE)
            self._queries.statements.append(Statement(text, shapes, place))

    def ends(self, happening: Happening) -> None:
        """Do nothing: what failed was sent too."""


def _named(count: int | None) -> str:
    return "query" if count == 1 else "queries"


def _shapes(values: Any) -> tuple[str, ...]:
    """Say what values are like, without telling them."""
    if isinstance(values, Mapping):
        return tuple(f"{name}: {_shape(value)}" for name, value in values.items())
    if isinstance(values, list) and values and isinstance(values[0], tuple | dict | list):
        return (*_shapes(values[0]), f"{len(values)} times")
    return tuple(_shape(value) for value in values or ())


def _shape(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{name}[{len(value)}]" if isinstance(value, str | bytes | list | tuple) else name
