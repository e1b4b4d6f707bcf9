"""What can go wrong with data, in the words of whoever has to mend it."""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from trivet.errors import SetupError, TrivetError

__all__ = [
    "BadCursor",
    "CheckViolation",
    "DatabaseAway",
    "DatabaseBusy",
    "DatabaseFull",
    "DatabaseHeld",
    "ForeignKeyViolation",
    "LostRace",
    "NotFound",
    "NotLoadedError",
    "OutsideUnitError",
    "RowLocked",
    "StaleError",
    "TooManyFound",
    "UnfitValue",
    "UniqueViolation",
    "UnitFailedError",
    "UnitOverError",
    "Violation",
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


# What follows is SQLAlchemy's too: `except IntegrityError` finds it as ever.


class Violation(TrivetError, IntegrityError):
    """A rule of a table forbids what was to be written, and nothing of it was.

    `fields` are the names of the attributes it is about, as far as the database tells, and `rule`
    is the name of the constraint, where it has one.
    """

    fields: tuple[str, ...] = ()
    rule: str | None = None

    @classmethod
    def of(cls, error: DBAPIError, fields: tuple[str, ...], rule: str | None) -> Self:
        """Say the same as an error of SQLAlchemy's."""
        made = cls(
            error.statement,
            error.params,
            error.orig or error,
            hide_parameters=error.hide_parameters,
        )
        made.fields, made.rule = fields, rule
        return made


class UniqueViolation(Violation):
    """Another row has this already; a request is answered with 409."""


class ForeignKeyViolation(Violation):
    """What is named is not there (422), or what was to be deleted is still named (409)."""

    is_still_named = False
    """True where a row was to be deleted, or its key changed, that others name."""


class CheckViolation(Violation):
    """A value breaks a rule of the table; a request is answered with 422."""


class _Trouble(TrivetError, OperationalError):
    """What the database could not do for now, through no fault of the statement."""

    def __init__(self, what: str, orig: BaseException, statement: str | None = None) -> None:
        OperationalError.__init__(self, statement, None, orig)
        self.args = (what,)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.orig, self.statement)

    def __str__(self) -> str:
        return str(self.args[0])


class LostRace(_Trouble):
    """Another transaction was faster, and this one is taken back; a request is answered with 409.

    `database.retrying()` runs such work again.
    """


class DatabaseAway(_Trouble):
    """The server does not answer, or ended the connection; a request is answered with 503.

    Where the connection was lost while a transaction was being committed, `is_in_doubt` is True:
    nobody can tell whether it was stored.
    """

    is_in_doubt = False


class DatabaseHeld(_Trouble, DatabaseBusy):
    """Others hold the database itself: a writer SQLite's file, or all of a server's connections."""

    seconds = 0.0


class UnfitValue(TrivetError, DataError):
    """A value is none that the database can keep or compare; a request is answered with 422.

    An integer of too many digits, a text that is too long for its column, or that holds a NUL.
    """

    def __init__(self, what: str, orig: BaseException, statement: str | None = None) -> None:
        DataError.__init__(self, statement, None, orig)
        self.args = (what,)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.orig, self.statement)

    def __str__(self) -> str:
        return str(self.args[0])


class DatabaseFull(_Trouble):
    """There is no room to write in; nothing is written, and a request is answered with 507."""


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


class UnitFailedError(TrivetError):
    """A unit of work was used after an error that ended its transaction."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(
            f"an error has ended this transaction, and took back all that was written: {failure};"
            " what may fail stands in a block of its own, which is taken back alone: async with"
            " database.transaction(): ..."
        )


class NotLoadedError(TrivetError, AttributeError):
    """A relation was read that was not loaded; nothing is loaded behind an attribute."""

    def __init__(self, model: type[Any], name: str) -> None:
        cls = model.__name__
        super().__init__(
            f"{cls}.{name} was not loaded, and nothing is loaded behind an attribute; ask for it:"
            f" {cls}.where(...).with_({cls}.{name})"
        )
