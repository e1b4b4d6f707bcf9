"""Tables of stores, which nobody maps: what they are kept in, and who may be in their way.

A store's table is one of the database's `metadata` from the moment the store is made, so that
`makemigrations` sees it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from trivet.db.belonging import unit_of
from trivet.db.database import Database
from trivet.db.present import current
from trivet.db.unit import Unit

__all__ = ["NO_TABLE", "ascii_text", "long_bytes", "own_table", "writer_in_the_way"]

NO_TABLE = "is the table there? trivet migrate makes it"

_MYSQL = ("mysql", "mariadb")


def own_table(name: str, metadata: MetaData, *columns: Column[Any]) -> Table:
    """Give the table of this name, with these columns where it is not known yet."""
    known = metadata.tables.get(name)
    return Table(name, metadata, *columns) if known is None else known


def ascii_text(length: int) -> TypeEngine[str]:
    """Give the type of keys: they are ASCII, and those that differ in case are two."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return String(length).with_variant(exact, *_MYSQL)


def long_bytes() -> TypeEngine[bytes]:
    """Give the type of values of any length; a plain BLOB of MariaDB and MySQL ends at 64 KB."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)


def writer_in_the_way(database: Database) -> Unit | None:
    """Give the present unit of work where nobody writes beside it: it is the one writer."""
    unit = unit_of(current.get(), database)
    if unit is None or not database.driver.has_one_writer:
        return None
    return unit if unit.is_writing or unit.has_sync_session else None
