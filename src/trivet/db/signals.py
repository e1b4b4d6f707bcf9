"""Signals: functions that are told of what is created, changed and deleted.

They belong to the database: ``@db.signals.after_create(Post)``. What is told of a model is told of
its subclasses too. A function *before* is plain and is called while the session flushes: it may
still change the object, or raise, and asks the database nothing. A function *after* may be a
coroutine, runs within the same transaction, and may read and write; for what must not happen when
the transaction fails, there is `unit.on_commit`.

Statements that change many rows at once make no objects; they are told of as one `Bulk`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from trivet.errors import SetupError

__all__ = ["Bulk", "Events", "Signals"]

Row = TypeVar("Row")
Kind = Literal["create", "update", "delete"]
Before = Callable[[Row], None]
After = Callable[[Row], Awaitable[None] | None]
Events = deque[tuple[str, Any]]


@dataclass(frozen=True)
class Bulk(Generic[Row]):
    """Many rows of one model, created, changed or deleted by one statement."""

    model: type[Row]
    kind: Literal["create", "update", "delete", "upsert"]
    values: Any
    """The rows that are written, or the values that all rows of a query are given."""
    count: int | None = None
    """How many rows it was; None before it was done, and where the database does not tell."""


class Signals:
    """The functions that one database tells of what happens."""

    def __init__(self) -> None:
        self._functions: dict[str, list[tuple[type[Any], Callable[[Any], Any]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._functions)

    def before_create(self, model: type[Row]) -> Callable[[Before[Row]], Before[Row]]:
        """Call a plain function with each new object, before its row is written."""
        return self._before("before_create", model)

    def after_create(self, model: type[Row]) -> Callable[[After[Row]], After[Row]]:
        """Call a function with each new object, once its row is written."""
        return self._taken("after_create", model)

    def before_update(self, model: type[Row]) -> Callable[[Before[Row]], Before[Row]]:
        """Call a plain function with each changed object, before its row is written."""
        return self._before("before_update", model)

    def after_update(self, model: type[Row]) -> Callable[[After[Row]], After[Row]]:
        """Call a function with each changed object, once its row is written."""
        return self._taken("after_update", model)

    def before_delete(self, model: type[Row]) -> Callable[[Before[Row]], Before[Row]]:
        """Call a plain function with each object that is about to be deleted."""
        return self._before("before_delete", model)

    def after_delete(self, model: type[Row]) -> Callable[[After[Row]], After[Row]]:
        """Call a function with each object whose row is deleted."""
        return self._taken("after_delete", model)

    def before_bulk(self, model: type[Row]) -> Callable[[After[Bulk[Row]]], After[Bulk[Row]]]:
        """Call a function before a statement that writes many rows of the model."""
        return self._taken("before_bulk", model)

    def after_bulk(self, model: type[Row]) -> Callable[[After[Bulk[Row]]], After[Bulk[Row]]]:
        """Call a function after a statement that wrote many rows of the model."""
        return self._taken("after_bulk", model)

    # -- for the unit of work --------------------------------------------------------------------

    def attach(self, session: Session) -> Events:
        """Listen to a session; gives the events that are still to be told, which it will fill."""
        events: Events = deque()

        @event.listens_for(session, "before_flush")
        def before(session: Session, context: Any, instances: Any) -> None:
            for kind, instance in _changes(session):
                for function in self._for(f"before_{kind}", type(instance)):
                    function(instance)

        @event.listens_for(session, "after_flush")
        def after(session: Session, context: Any) -> None:
            events.extend((f"after_{kind}", instance) for kind, instance in _changes(session))

        return events

    async def tell(self, events: Events) -> None:
        """Tell of all that has happened, and of what happens meanwhile."""
        while events:
            name, instance = events.popleft()
            await self._call(name, type(instance), instance)

    async def tell_bulk(self, name: Literal["before_bulk", "after_bulk"], bulk: Bulk[Any]) -> None:
        """Tell of one statement that writes many rows."""
        await self._call(name, bulk.model, bulk)

    async def _call(self, name: str, model: type[Any], value: Any) -> None:
        for function in self._for(name, model):
            result = function(value)
            if result is not None:
                await result

    def _for(self, name: str, model: type[Any]) -> list[Callable[[Any], Any]]:
        taken = self._functions.get(name, ())
        return [function for wanted, function in taken if issubclass(model, wanted)]

    def _before(self, name: str, model: type[Any]) -> Callable[[Any], Any]:
        take: Callable[[Any], Callable[[Any], Any]] = self._taken(name, model)

        def checked(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            if iscoroutinefunction(function):
                raise SetupError(
                    f"{function.__name__} is a coroutine, and {name} calls plain functions alone:"
                    " it is called while the session flushes",
                    code="db.signal-waits",
                    where=f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}",
                    mend=f"def {function.__name__}(...), or {name.replace('before', 'after')}",
                )
            return take(function)

        return checked

    def _taken(self, name: str, model: type[Any]) -> Callable[[Any], Any]:
        def take(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._functions.setdefault(name, []).append((model, function))
            return function

        return take


def _changes(session: Session) -> list[tuple[Kind, Any]]:
    """Give what a flush writes; a mark of deletion is one."""
    found: list[tuple[Kind, Any]] = [("create", instance) for instance in session.new]
    for instance in session.dirty:
        if session.is_modified(instance):
            found.append(("delete" if _is_marked(instance) else "update", instance))
    found += [("delete", instance) for instance in session.deleted]
    return found


def _is_marked(instance: Any) -> bool:
    if not hasattr(type(instance), "__shown__"):
        return False
    state: Any = inspect(instance)
    added = state.attrs.deleted.history.added
    return bool(added) and added[0] is not None
