"""Functions that fill a database: `@db.seed` keeps them, `trivet seed` runs them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

from trivet.errors import SetupError

__all__ = ["Seed", "checked_seed"]

Seed = Callable[[], Awaitable[None]]
"""A function that stores rows, in a transaction that is there."""


def checked_seed(function: Seed) -> Seed:
    """Give the function; raises `SetupError` for one that could store nothing."""
    if iscoroutinefunction(function):
        return function
    raise SetupError(
        f"{getattr(function, '__name__', function)!r} is to fill the database, and is not async: it"
        " could store nothing",
        code="db.seed-function",
        mend="async def fill() -> None:",
    )
