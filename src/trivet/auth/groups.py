"""Groups of accounts, kept in the database: what their members may, and the roles they have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.orm import Mapped

from trivet.db import Model, field
from trivet.db.pairs import link_table

__all__ = ["Group", "membership_table"]

_KEY = "trivet.auth.memberships"  # in `table.metadata.info`


class Group(Model):
    """A group, whose members have its permissions and roles."""

    __tablename__ = "groups"

    name: Mapped[str] = field(max_length=150, unique=True)
    permissions: Mapped[list[str]] = field(JSON, default_factory=list)
    """Such as ``post.change``, or ``post.*``."""
    roles: Mapped[list[str]] = field(JSON, default_factory=list)


def membership_table(user: Any) -> Table:
    """Give the table of who is in which group, for a model of accounts; made with the first."""
    name = f"{user.__tablename__}_groups"
    found: Table | None = user.metadata.tables.get(name)
    if found is None:
        key = f"{user.__tablename__}.id"
        found = link_table(name, user.metadata, user_id=key, group_id="groups.id")
    return found
