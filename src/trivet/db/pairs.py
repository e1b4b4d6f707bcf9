"""Tables between two models that say nothing of their own: many to many."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, Table

from trivet.db.model import BareModel

__all__ = ["link_table"]


def link_table(name: str, metadata: MetaData | None = None, /, **columns: Any) -> Table:
    """Make a table of pairs: ``link_table("likes", person_id="person.id", post_id="post.id")``.

    It is what `relationship(secondary=...)` asks for. `columns` give what each one refers to, as
    `ForeignKey` takes it; a pair goes when either of its rows goes.
    """
    _, *rest = columns
    made: list[Column[Any]] = [
        Column(
            key,
            ForeignKey(target, ondelete="CASCADE"),
            primary_key=True,
            index=key in rest,  # the key's own index begins with the first
        )
        for key, target in columns.items()
    ]
    return Table(name, BareModel.metadata if metadata is None else metadata, *made)
