"""Parts of long answers: numbered pages, and pages that go on where the last one ended.

A numbered page counts all rows and skips those before it; it suits a few thousand. A cursor holds
the sorted values of the last row, and the database goes on behind them by its index, however far
down that is; rows that come or go meanwhile move nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, computed_field
from sqlalchemy import and_, case, inspect, literal, or_
from sqlalchemy.exc import DataError
from sqlalchemy.sql.operators import asc_op, desc_op

from trivet.db.describe import describe
from trivet.db.errors import BadCursor
from trivet.errors import SetupError
from trivet.schema.foreign import adapted

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["Continued", "CursorPage", "Page", "Stretch", "Window", "is_by_columns"]

Item = TypeVar("Item")
_LARGEST = 2**63
_ADAPTED = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class _Part(BaseModel, Generic[Item]):
    """Rows of any mapped class, of other declarative bases too."""

    model_config = ConfigDict(from_attributes=True)

    items: list[Item]

    def __class_getitem__(cls, item: Any) -> Any:
        return super().__class_getitem__(adapted(item))

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name a page of `Post` after `Post` alone."""
        bare = tuple(one.__origin__ if get_origin(one) is Annotated else one for one in params)
        return super().model_parametrized_name(bare)


class Page(_Part[Item], Generic[Item]):
    """One numbered page of a query, and how many there are; a handler may return it."""

    number: int
    """From 1."""
    size: int
    """How many rows a full page has."""
    total: int
    """How many rows there are on all pages."""

    @computed_field  # type: ignore[prop-decorator]  # as Pydantic's documentation has it
    @property
    def pages(self) -> int:
        """How many pages there are; 1 where there is nothing."""
        return max(-(-self.total // self.size), 1)

    @property
    def has_next(self) -> bool:
        """True where a page follows."""
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        """True behind the first page."""
        return self.number > 1


class CursorPage(_Part[Item], Generic[Item]):
    """Rows from a cursor on, and the cursor of what follows; a handler may return it."""

    next: str | None
    """What to give as `after` for the rows that follow; None at the end."""


async def numbered(query: Query[Item], number: int, size: int) -> Page[Item]:
    """Give page `number`, from 1, of `size` rows; raises `ValueError` for either below 1."""
    if number < 1 or size < 1:
        raise ValueError(f"a page has a number and a size from 1 on, not {number} and {size}")
    chosen = query if query.orders else query.order_by(*inspect(query.model).primary_key)
    # Counted first: within a request that only reads, both see the rows of their own moment.
    total = await query.count()
    first = (number - 1) * size
    items = await chosen[first : first + size] if first < total else []
    return Page[Any].model_construct(items=items, number=number, size=size, total=total)


async def continued(query: Query[Item], after: str | None, size: int) -> CursorPage[Item]:
    """Give `size` rows behind a cursor; raises `BadCursor`, and `ValueError` for a size below 1."""
    window = Window(query, after=after, size=size)
    stretch = await window.rows()
    following = stretch.last if stretch.has_next else None
    return CursorPage[Any].model_construct(items=stretch.items, next=following)


def is_by_columns(query: Query[Any]) -> bool:
    """Tell whether a query is sorted by columns of its model alone, so that cursors can lead on."""
    try:
        _keys(query)
    except SetupError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Item]):
    """Rows from a cursor on, and the cursors of both of its ends; None where it is empty."""

    items: Sequence[Item]
    first: str | None
    last: str | None
    has_previous: bool
    has_next: bool


class Window(Generic[Item]):
    """Rows behind the cursor `after`, or in front of `before`, in the order of the query.

    `query` is what to await, one row longer than `size`; `stretch` makes of its rows what they are,
    so that something may be added to the query in between. Raises `BadCursor`, `SetupError` for an
    order that is not by columns, and `ValueError` for a size below 1 or two cursors.
    """

    def __init__(
        self,
        query: Query[Item],
        *,
        after: str | None = None,
        before: str | None = None,
        size: int = 20,
    ) -> None:
        if size < 1:
            raise ValueError(f"a page has a size from 1 on, not {size}")
        if after is not None and before is not None:
            raise ValueError("rows are behind one cursor or in front of one, not both")
        self._keys = _keys(query)
        self._size = size
        self._cursor = before if after is None else after
        self._is_backward = before is not None
        turned = [key.turned() for key in self._keys] if self._is_backward else self._keys
        chosen = query.order_by(*[order for key in turned for order in key.orders()])
        if self._cursor is not None:
            chosen = chosen.where(_behind(turned, _read(self._cursor, self._keys)))
        self.query = chosen.limit(size + 1)

    async def rows(self) -> Stretch[Item]:
        """Await the query; raises `BadCursor` for a cursor whose values fit no column."""
        with self.reading():
            return self.stretch(await self.query)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Take what the database says of a cursor's values for the cursor's fault."""
        try:
            yield
        except (DataError, OverflowError) as error:
            if self._cursor is None:
                raise
            raise BadCursor("a value in it does not fit its column") from error

    def stretch(self, items: Sequence[Item]) -> Stretch[Item]:
        """Give what the rows of the query are."""
        has_more, kept = len(items) > self._size, items[: self._size]
        if self._is_backward:
            kept = kept[::-1]
        first, last = (
            (_written(self._keys, kept[0], getattr), _written(self._keys, kept[-1], getattr))
            if kept
            else (None, None)
        )
        # Where a cursor was given, there is a row at it, or was.
        has_other = self._cursor is not None
        ends = (has_more, has_other) if self._is_backward else (has_other, has_more)
        return Stretch(kept, first, last, *ends)


class Continued:
    """A query of the rows behind a cursor, and of one more, for whoever reads them in a way of
    their own; raises as `continued` does.
    """

    def __init__(self, query: Query[Any], after: str | None, size: int) -> None:
        if size < 1:
            raise ValueError(f"a page has a size from 1 on, not {size}")
        self._size = size
        self._keys = _keys(query)
        orders = [order for key in self._keys for order in key.orders()]
        # Mostly they are what it is ordered by already.
        is_same = len(orders) == len(query.orders) and all(map(_is_same, orders, query.orders))
        chosen = query if is_same else query.order_by(*orders)
        if after is not None:
            chosen = chosen.where(_behind(self._keys, _read(after, self._keys)))
        self.query = chosen.limit(size + 1)

    def cut(
        self, items: list[Any], value: Callable[[Any, str], Any]
    ) -> tuple[list[Any], str | None]:
        """Give the rows of the page, and the cursor of what follows; `value` reads a row's own."""
        if len(items) <= self._size:
            return items, None
        items = items[: self._size]
        return items, _written(self._keys, items[-1], value)


class _Key:
    """One column that the rows are sorted by; `is_turned` where they are read from their end."""

    is_turned = False

    def __init__(self, model: Any, name: str, is_descending: bool) -> None:
        found = describe(model).column(name)
        assert found is not None, "a column of the mapper"
        self.name = name
        self.column = getattr(model, name)
        self.is_descending = is_descending
        self.is_nullable = found.is_nullable and not found.is_key
        annotation: Any = found.annotation | None if self.is_nullable else found.annotation
        try:
            self.adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=_ADAPTED)
        except Exception:  # a type that brings its own configuration takes none besides
            self.adapter = TypeAdapter(annotation)

    @property
    def sign(self) -> str:
        return f"{'-' if self.is_descending else ''}{self.name}"

    def turned(self) -> _Key:
        """Give the same column for rows that are read from their end."""
        made = copy(self)
        made.is_turned = True
        return made

    def orders(self) -> list[Any]:
        """Empty ones come last: databases differ in it, and a cursor must not."""
        goes_down = self.is_descending is not self.is_turned
        if not self.is_nullable:
            # A name: a query of names is found compiled without being built.
            return [f"{'-' if goes_down else ''}{self.name}"]
        order = self.column.desc() if goes_down else self.column.asc()
        return [self.emptiness().desc() if self.is_turned else self.emptiness(), order]

    def emptiness(self) -> Any:
        return case((self.column.is_(None), 1), else_=0)

    def equal(self, value: Any) -> Any:
        return self.column.is_(None) if value is None else self.column == value

    def behind(self, value: Any) -> Any:
        """Give what is behind a value, or None where nothing can be."""
        if value is None:
            return self.column.is_not(None) if self.is_turned else None
        if isinstance(value, bool):  # as a constant SQLAlchemy takes it for equality alone
            value = literal(value)
        goes_down = self.is_descending is not self.is_turned
        further = self.column < value if goes_down else self.column > value
        return or_(further, self.column.is_(None)) if self._ends_empty else further

    @property
    def _ends_empty(self) -> bool:
        return self.is_nullable and not self.is_turned


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) is str and one == other)


def _keys(query: Query[Any]) -> Sequence[_Key]:
    if all(type(order) is str for order in query.orders):
        kind: Any = type(query)
        model: Any = query.model
        return _keys_named(kind, model, query.orders)
    return _keys_of(query)


@lru_cache(maxsize=1024)  # names are few, and a list asks for them with each page
def _keys_named(kind: Any, model: Any, orders: tuple[str, ...]) -> Sequence[_Key]:
    return tuple(_keys_of(kind(model).order_by(*orders)))


def _keys_of(query: Query[Any]) -> list[_Key]:
    mapper: Any = inspect(query.model)
    model: Any = query.model
    found: dict[str, bool] = {}
    for order in query.orders:
        if isinstance(order, str) and order.removeprefix("-") in mapper.column_attrs:
            found.setdefault(order.removeprefix("-"), order.startswith("-"))
            continue
        expression = query.ordered(order)
        is_descending = getattr(expression, "modifier", None) is desc_op
        if is_descending or getattr(expression, "modifier", None) is asc_op:
            expression = expression.element
        name = getattr(expression, "key", None)
        if name is None or name not in mapper.column_attrs:
            raise SetupError(
                f"a cursor goes by columns of {query.model.__name__}, not by {expression}",
                code="db.cursor-order",
                mend='order_by("-created")   # or .page(), which takes any order',
            )
        found.setdefault(name, is_descending)
    last = next(reversed(found.values()), False)
    for column in mapper.primary_key:  # so that no two rows are in the same place
        found.setdefault(mapper.get_property_by_column(column).key, last)
    return [_key(model, name, is_descending) for name, is_descending in found.items()]


@lru_cache(maxsize=1024)  # what checks its values takes 0.2 ms to make
def _key(model: Any, name: str, is_descending: bool) -> _Key:
    return _Key(model, name, is_descending)


def _behind(keys: Sequence[_Key], values: Sequence[Any]) -> Any:
    """Give the rows behind these values: the first column decides, then the second …"""
    choices = []
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        further = key.behind(value)
        if further is None:
            continue
        same = [before.equal(values[place]) for place, before in enumerate(keys[:index])]
        choices.append(and_(*same, further))
    return or_(*choices)


def _written(keys: Sequence[_Key], item: Any, value: Callable[[Any, str], Any]) -> str:
    values = [key.adapter.dump_python(value(item, key.name), mode="json") for key in keys]
    text = json.dumps([[key.sign for key in keys], values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, keys: Sequence[_Key]) -> list[Any]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        signs, values = json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        raise BadCursor("it cannot be read") from None
    if signs != [key.sign for key in keys] or not isinstance(values, list):
        raise BadCursor("it belongs to another order of rows")
    if len(values) != len(keys):
        raise BadCursor("it has too many values, or too few")
    found = []
    for key, value in zip(keys, values, strict=True):
        try:
            read = key.adapter.validate_json(json.dumps(value))
        except (ValidationError, ValueError):
            raise BadCursor(f"its {key.name} is none") from None
        if isinstance(read, int) and not -_LARGEST <= read < _LARGEST:
            raise BadCursor(f"its {key.name} is too large")
        if isinstance(read, str) and "\0" in read:
            raise BadCursor(f"its {key.name} is no text")
        found.append(read)
    return found
