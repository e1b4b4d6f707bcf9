"""A savepoint within a unit of work: what is taken back of it is taken back as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trivet.db.unit import Unit

__all__ = ["savepoint"]


@asynccontextmanager
async def savepoint(unit: Unit) -> AsyncIterator[None]:
    """Take back what the block writes, and nothing else, where it raises.

    What it wanted to be called after the commit is not called then either.
    """
    session = await unit.session()
    count = len(unit.after or ())
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        if unit.after is not None:
            del unit.after[count:]
        raise
