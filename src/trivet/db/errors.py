"""What can go wrong with data, in the words of whoever has to mend it."""

from __future__ import annotations

from typing import Any

from trivet.errors import SetupError, TrivetError

__all__ = [
    "BadCursor",
    "DatabaseBusy",
    "NotFound",
    "NotLoadedError",
    "OutsideUnitError",
    "RowLocked",
    "StaleError",
    "TooManyFound",
    "UnitOverError",
]


class NotFound(TrivetError, LookupError):
    """There is no such row; a request is answered with 404."""

    def __init__(self, model: type[Any], key: Any = None) -> None:
        self.model = model
        self.key = key
        what = f"no {model.__name__}" if key is None else f"no {model.__name__} {key!r}"
        super().__init__(what)


class TooManyFound(TrivetError, LookupError):
    """More than one row fits where one was asked for."""

    def __init__(self, model: type[Any], count: int) -> None:
        self.model = model
        super().__init__(f"{count} or more rows of {model.__name__} fit, and one was asked for")


class StaleError(TrivetError):
    """A row was changed by somebody else since it was read; a request is answered with 409."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}; somebody else was faster: read it again, and change what is there now"
        )


class RowLocked(TrivetError):
    """A row is held by another transaction, and `nowait` was asked for; a request gets a 409."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        super().__init__(f"another transaction holds a row of {model.__name__} that was asked for")


class BadCursor(TrivetError, ValueError):
    """A cursor is not one that this query gave; a request is answered with 400."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this cursor is not one that the query gave: {why}")


class DatabaseBusy(TrivetError):
    """No connection came free in time; a request is answered with 503 and Retry-After."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"no connection to the database came free within {seconds:g} s")


class OutsideUnitError(SetupError):
    """Models were used where there is no unit of work."""

    def __init__(self) -> None:
        super().__init__(
            "there is no unit of work here, so that nobody says which database is meant and when"
            " to commit",
            code="db.outside-unit",
            mend="async with database.transaction(): ...   # requests have one by themselves",
        )


class UnitOverError(OutsideUnitError):
    """A unit of work was used after its end, by a task that outlived the request or the block."""

    def __init__(self) -> None:
        SetupError.__init__(
            self,
            "the unit of work that this task began in is over, so that nobody would commit what is"
            " written now",
            code="db.unit-over",
            mend="async with database.transaction(): ...   # in the task that lives longer",
        )


class NotLoadedError(TrivetError, AttributeError):
    """A relation was read that was not loaded; nothing is loaded behind an attribute."""

    def __init__(self, model: type[Any], name: str) -> None:
        cls = model.__name__
        super().__init__(
            f"{cls}.{name} was not loaded, and nothing is loaded behind an attribute; ask for it:"
            f" {cls}.where(...).with_({cls}.{name})"
        )
