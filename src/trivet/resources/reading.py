"""How rows become JSON: what is shown of a model and of its relations, by a plan made once.

A `Reader` is one shape: the columns, and the relations that were asked to be included. Its rows are
read straight into plain data (one query, and one more for each relation, whatever their number)
and encoded as they are; what was written in the same request comes as objects, and is made plain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, Optional

from pydantic import BaseModel, ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from trivet.db import Query
from trivet.db.answering import Answering
from trivet.db.answering import answering as answering_of
from trivet.db.describe import Relation

__all__ = ["CONFIG", "Reader", "Shape", "kept"]

CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", protected_namespaces=())


@dataclass(frozen=True, eq=False)
class Shape:
    """What is shown of one model: a schema of its columns, and the shapes of its relations."""

    model: Any
    columns: type[BaseModel]
    """The read schema of the columns alone."""
    whole: type[BaseModel]
    """The same with the relations, from which the plan of queries is made."""
    relations: Mapping[str, tuple[Relation, Shape]] = field(default_factory=dict)

    def plain(self, row: Any) -> dict[str, Any]:
        """Give an object as plain data; its relations must be loaded."""
        found = {name: getattr(row, name) for name in self.columns.model_fields}
        for name, (relation, below) in self.relations.items():
            value = getattr(row, name)
            if relation.is_many:
                found[name] = [below.plain(one) for one in value]
            else:
                found[name] = None if value is None else below.plain(value)
        return found

    def typed(self) -> Any:
        """Give the shape as a typed dictionary: what is encoded needs to be no object."""
        fields: dict[str, Any] = {}
        for name, info in self.columns.model_fields.items():
            kind: Any = info.annotation
            whole = Annotated[(kind, *info.metadata)] if info.metadata else kind
            fields[name] = NotRequired[whole]
        for name, (relation, below) in self.relations.items():
            inner: Any = below.typed()
            shown: Any = list[inner] if relation.is_many else Optional[inner]  # noqa: UP045
            fields[name] = NotRequired[shown]
        make: Any = TypedDict  # a type checker knows it with literals alone
        made = make(self.columns.__name__, fields)
        made.__pydantic_config__ = CONFIG
        return made


class Reader:
    """Reads and encodes rows of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        many: Any = list[shape.whole]  # type: ignore[name-defined]  # made at run time
        found = answering_of(many)
        assert isinstance(found, Answering), "the schema of a mapped class"
        self._answering = found
        typed: Any = shape.typed()
        # What is said of bytes is taken from the outermost type alone.
        adapter: TypeAdapter[Any] = TypeAdapter(list[typed], config=CONFIG)
        self._many: Any = adapter.serializer

    async def rows(self, query: Query[Any]) -> list[dict[str, Any]]:
        """Read the rows of a query as plain data."""
        found: list[Any] = await self._answering.ready(query)
        if not found or type(found[0]) is dict:
            return found
        return [self.shape.plain(one) for one in found]

    def encoded(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Give rows as a JSON list."""
        return self._many.to_json(rows, warnings=False)  # type: ignore[no-any-return]

    def encoded_one(self, row: Mapping[str, Any]) -> bytes:
        """Give one row as JSON."""
        return self.encoded([row])[1:-1]


def kept(rows: Iterable[Mapping[str, Any]], names: Collection[str]) -> list[dict[str, Any]]:
    """Give rows with these names alone."""
    return [{name: row[name] for name in row if name in names} for row in rows]
