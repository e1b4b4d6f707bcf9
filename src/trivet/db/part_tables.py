"""Tables that a part keeps: made once in a database's metadata, so that migrations make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import MetaData, String
from sqlalchemy.dialects import mysql

__all__ = ["exact_text", "once_in"]

Tables = TypeVar("Tables")


def once_in(metadata: MetaData, key: str, make: Callable[[MetaData], Tables]) -> Tables:
    """Give what `make` made with the first call; `key` names it in `metadata.info`."""
    found: Any = metadata.info.get(key)
    if found is None:
        found = metadata.info[key] = make(metadata)
    made: Tables = found
    return made


def exact_text(length: int, charset: str = "utf8mb4") -> String:
    """Give a type for texts of which "Ann" and "ann" are two, in MariaDB too."""
    exact = mysql.VARCHAR(length, charset=charset, collation=f"{charset}_bin")
    found = String(length).with_variant(exact, "mysql", "mariadb")
    assert isinstance(found, String)
    return found
