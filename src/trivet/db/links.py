"""Relations that are followed by keys: one query for all parents, whatever their number.

A link is a relation whose two sides meet in one column each, perhaps over a table between. Any
other relation (composite keys, conditions of its own, inheritance) is loaded by SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BinaryExpression, BindParameter, Column, Select, Table, bindparam, select
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.operators import eq

from trivet.db.reading import is_plain

__all__ = ["Branches", "Link", "are_linked", "link_of"]

# Relations by their names, each with what is to be loaded below it.
Branches = Mapping[str, "Branches"]


class Link:
    """One relation, as the question for all rows that belong to some keys."""

    def __init__(self, prop: Any, local: Any, remote: Any, between: Any) -> None:
        mapper: Mapper[Any] = prop.mapper
        self.name: str = prop.key
        self.target: type[Any] = mapper.class_
        self.mapper = mapper
        self.is_many = bool(prop.uselist)
        self.local: str = prop.parent.get_property_by_column(local).key
        """The parent's attribute whose value leads to the related rows."""
        self.owner = remote
        """The column of the related rows, or of the table between, that holds that value."""
        self._between = between  # the table between and what joins it, or None
        self._order_by = prop.order_by or ()

    def statement(
        self, shown: Sequence[Any], count: int
    ) -> tuple[Select[Any], Sequence[BindParameter[Any]]]:
        """Give the statement for `count` keys, which it takes in order, and its parameters."""
        binds = [bindparam(f"key_{n}", type_=self.owner.type, unique=True) for n in range(count)]
        made = select(*shown).where(self.owner.in_(binds) if count > 1 else self.owner == binds[0])
        if self._between is not None:
            table, on = self._between
            made = made.join_from(self.mapper.local_table, table, on)
        condition = getattr(self.target, "__shown__", None)
        if condition is not None:  # its rows may be marked as deleted
            made = made.where(condition())
        if self._order_by:
            made = made.order_by(*self._order_by)
        return made, binds


@lru_cache(maxsize=4096)
def link_of(prop: Any) -> Link | None:
    """Give the link of a relation; None where only SQLAlchemy can follow it."""
    if not is_plain(prop.mapper) or prop.collection_class not in (None, list):
        return None
    if not _is_equality(prop.primaryjoin):
        return None
    if prop.secondary is None:
        if len(prop.local_remote_pairs) != 1:
            return None
        ((local, remote),) = prop.local_remote_pairs
        return Link(prop, local, remote, None)
    pairs = [*prop.synchronize_pairs, *prop.secondary_synchronize_pairs]
    if len(pairs) != 2 or not isinstance(prop.secondary, Table):
        return None
    if not _is_equality(prop.secondaryjoin):
        return None
    (local, owner), _ = pairs
    return Link(prop, local, owner, (prop.secondary, prop.secondaryjoin))


def are_linked(mapper: Any, branches: Branches) -> bool:
    """Tell whether all these relations are links, those below them too."""
    for name, below in branches.items():
        link = link_of(mapper.relationships[name])
        if link is None or not are_linked(link.mapper, below):
            return False
    return True


def _is_equality(join: Any) -> bool:
    if not (isinstance(join, BinaryExpression) and join.operator is eq):
        return False
    return isinstance(join.left, Column) and isinstance(join.right, Column)
