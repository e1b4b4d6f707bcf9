"""Parts of long answers: numbered pages, and pages that go on where the last one ended.

A numbered page counts all rows and skips those before it; it suits a few thousand. A cursor holds
the sorted values of the last row, and the database goes on behind them by its index, however far
down that is; rows that come or go meanwhile move nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, computed_field
from sqlalchemy import and_, case, inspect, or_
from sqlalchemy.exc import DataError
from sqlalchemy.sql.operators import asc_op, desc_op

from trivet.db.describe import describe
from trivet.db.errors import BadCursor
from trivet.errors import SetupError
from trivet.schema.foreign import adapted

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["CursorPage", "Page"]

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
    if size < 1:
        raise ValueError(f"a page has a size from 1 on, not {size}")
    keys = _keys(query)
    chosen = query.order_by(*[order for key in keys for order in key.orders()])
    if after is not None:
        chosen = chosen.where(_behind(keys, _read(after, keys)))
    try:
        items = await chosen.limit(size + 1)
    except (DataError, OverflowError) as error:
        if after is None:
            raise
        raise BadCursor("a value in it does not fit its column") from error
    more = len(items) > size
    items = items[:size]
    following = _written(keys, items[-1]) if more else None
    return CursorPage[Any].model_construct(items=items, next=following)


class _Key:
    """One column that the rows are sorted by."""

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

    def orders(self) -> list[Any]:
        """Empty ones come last: databases differ in it, and a cursor must not."""
        order = self.column.desc() if self.is_descending else self.column.asc()
        return [self.emptiness(), order] if self.is_nullable else [order]

    def emptiness(self) -> Any:
        return case((self.column.is_(None), 1), else_=0)

    def equal(self, value: Any) -> Any:
        return self.column.is_(None) if value is None else self.column == value

    def behind(self, value: Any) -> Any:
        """Give what is behind a value, or None where nothing can be."""
        if value is None:
            return None
        further = self.column < value if self.is_descending else self.column > value
        return or_(further, self.column.is_(None)) if self.is_nullable else further


def _keys(query: Query[Any]) -> list[_Key]:
    mapper: Any = inspect(query.model)
    found: dict[str, bool] = {}
    for order in query.orders:
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
    return [_Key(query.model, name, is_descending) for name, is_descending in found.items()]


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


def _written(keys: Sequence[_Key], item: Any) -> str:
    values = [key.adapter.dump_python(getattr(item, key.name), mode="json") for key in keys]
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
