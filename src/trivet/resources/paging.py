"""Pages of a list: by cursor, by number, by offset. A resource has one kind of them.

A cursor goes on where the last page ended, however far down that is, and counts nothing. Numbers
and offsets count all rows and skip those before; they suit a few thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field

from trivet.db import CursorPage, Page, Query
from trivet.db.pages import Continued
from trivet.resources.values import optional

__all__ = ["CursorPages", "NumberedPages", "OffsetPage", "OffsetPages", "Pages", "Part"]

Item = TypeVar("Item")
_FURTHEST = 2**31 - 1  # a page or a row that nobody goes to
_LONGEST_CURSOR = 4000


class OffsetPage(BaseModel, Generic[Item]):
    """A part of a list: `limit` rows after the first `offset`, of `total`."""

    items: list[Item]
    offset: int
    limit: int
    total: int


@dataclass(frozen=True)
class Part:
    """The rows of one page, what stands beside them, and the parameters of those around it."""

    rows: list[Any]
    beside: Mapping[str, Any]
    next: Mapping[str, Any] | None = None
    previous: Mapping[str, Any] | None = None


Fetch = Callable[[Query[Any]], Any]
"""What reads the rows of a query; awaited."""


class Pages(Protocol):
    """One kind of pages."""

    @property
    def size(self) -> int:
        """How many rows a page has."""

    def parameters(self) -> dict[str, Any]:
        """Give what a list can be asked, as Pydantic's `create_model` takes fields."""

    def envelope(self, item: Any) -> Any:
        """Give the type of the answer, for the document."""

    async def part(self, query: Query[Any], asked: Any, fetch: Fetch) -> Part:
        """Read one page."""


@dataclass(frozen=True)
class CursorPages:
    """``?after=…&size=…``: pages that go on where the last one ended; counts nothing."""

    size: int = 20
    most: int = 100
    """The largest page that may be asked for."""

    def parameters(self) -> dict[str, Any]:
        after = Annotated[str, Field(max_length=_LONGEST_CURSOR, description="A page's `next`")]
        return {"after": (optional(after), None), "size": _size(self.size, self.most)}

    def envelope(self, item: Any) -> Any:
        return CursorPage[item]

    async def part(self, query: Query[Any], asked: Any, fetch: Fetch) -> Part:
        size = asked.size or self.size
        continued = Continued(query, asked.after, size)
        rows, following = continued.cut(await fetch(continued.query), _value)
        going_on = None if following is None else {"after": following}
        return Part(rows, {"next": following}, going_on)


@dataclass(frozen=True)
class NumberedPages:
    """``?page=2&size=…``: numbered pages, and how many there are."""

    size: int = 20
    most: int = 100

    def parameters(self) -> dict[str, Any]:
        number = Annotated[int, Field(ge=1, le=_FURTHEST, description="The page, from 1")]
        return {"page": (optional(number), 1), "size": _size(self.size, self.most)}

    def envelope(self, item: Any) -> Any:
        return Page[item]

    async def part(self, query: Query[Any], asked: Any, fetch: Fetch) -> Part:
        number, size = asked.page or 1, asked.size or self.size
        total = await query.count()
        first = (number - 1) * size
        rows = await fetch(query[first : first + size]) if first < total else []
        pages = max(-(-total // size), 1)
        beside = {"number": number, "size": size, "total": total, "pages": pages}
        return Part(
            rows,
            beside,
            {"page": number + 1} if number < pages else None,
            {"page": min(number - 1, pages)} if number > 1 else None,
        )


@dataclass(frozen=True)
class OffsetPages:
    """``?offset=40&size=…``: rows from one on, and how many there are."""

    size: int = 20
    most: int = 100

    def parameters(self) -> dict[str, Any]:
        offset = Annotated[int, Field(ge=0, le=_FURTHEST, description="How many rows to skip")]
        return {"offset": (optional(offset), 0), "size": _size(self.size, self.most)}

    def envelope(self, item: Any) -> Any:
        return OffsetPage[item]

    async def part(self, query: Query[Any], asked: Any, fetch: Fetch) -> Part:
        offset, size = asked.offset or 0, asked.size or self.size
        total = await query.count()
        rows = await fetch(query[offset : offset + size]) if offset < total else []
        beside = {"offset": offset, "limit": size, "total": total}
        return Part(
            rows,
            beside,
            {"offset": offset + size} if offset + size < total else None,
            {"offset": max(offset - size, 0)} if offset else None,
        )


def _size(size: int, most: int) -> Any:
    asked = Annotated[int, Field(ge=1, le=most, description="How many rows a page has")]
    return optional(asked), size


def _value(row: Any, name: str) -> Any:
    return row[name]
