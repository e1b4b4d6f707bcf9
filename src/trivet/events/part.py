"""The events of an application as a part: ``events = app.use(Events(db))``.

An event is an object of any class. Those who subscribed are told one after the other, in the order
in which they were declared, whether to the event's own class or to one above it. `publish` returns
when all of them have heard: a subscriber that publishes is heard to the end before the next one is
told, so that whoever publishes knows that nobody objects.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from trivet.app.application import App
from trivet.app.part import Part
from trivet.errors import SetupError, TrivetError
from trivet.events.subscribers import Durable, Overrides, Subscriber, subscriber

__all__ = ["Committing", "Events", "EventsGoRound", "Transactional"]

_log = logging.getLogger("trivet.events")
_DEEPEST = 20  # events, each published by a subscriber to the one before

Heard = TypeVar("Heard")

# The classes of the events that led to the present one; copied with the context, into tasks too.
_path: ContextVar[tuple[type[Any], ...]] = ContextVar("trivet.events.path", default=())


class EventsGoRound(TrivetError, RuntimeError):
    """Subscribers publish what they are told of, again and again."""


class Committing(Protocol):
    """A unit of work, as far as events know it."""

    def on_commit(self, function: Callable[[], Any]) -> None:
        """Call a function once everything is committed, and never where it is rolled back."""


class Transactional(Protocol):
    """A database, as far as events know it."""

    @property
    def open_unit(self) -> Committing | None:
        """The present unit of work, or None."""

    def own_transaction(self) -> AbstractAsyncContextManager[Any]:
        """Open a unit of work that is no part of another one."""


class Events(Part):
    """Tells subscribers of events; in the transactions of `database`, where one is given.

    Without a database, and outside a unit of work, there is nothing to commit: then whoever wanted
    to hear after the commit is told as soon as the others have heard.
    """

    name = "events"

    def __init__(self, database: Transactional | None = None) -> None:
        self._database = database
        self.requires = (database,) if isinstance(database, Part) else ()
        self._overrides: Overrides = {}
        self._now: list[Subscriber] = []
        self._later: list[Subscriber] = []
        self._found: dict[type[Any], tuple[list[Subscriber], list[Subscriber]]] = {}

    def install(self, app: App) -> None:
        """Resolve dependencies of subscribers as the application does, overrides included."""
        self._overrides = app.dependency_overrides

    def on(self, kind: type[Any]) -> Callable[[Heard], Heard]:
        """Tell of each event of the class `kind`, within the publisher's transaction.

        A decorator, above an async or plain function whose first parameter is the event and whose
        others are dependencies. What it raises goes to the publisher: nothing is committed then.
        Above a job, or anything else with `enqueue`, it keeps the event in that transaction.
        """

        def take(given: Heard) -> Heard:
            self._now.append(subscriber(kind, given))
            self._found.clear()
            return given

        return take

    def after_commit(self, kind: type[Any]) -> Callable[[Heard], Heard]:
        """Tell of each event of the class `kind` once the publisher's transaction is committed.

        Each subscriber has a transaction of its own. One that fails is told to the log, and to
        nobody else. What must not be lost where the process ends is a job's: see `on`.
        """

        def take(given: Heard) -> Heard:
            if isinstance(given, Durable):
                raise SetupError(
                    f"{given!r} keeps the event, and would do it too late: the process may end"
                    " between the commit and that",
                    code="events.durable",
                    mend=f"events.on({getattr(kind, '__name__', kind)})",
                )
            self._later.append(subscriber(kind, given))
            self._found.clear()
            return given

        return take

    async def publish(self, event: Any) -> None:
        """Tell all subscribers of an event; raises what one of them has raised.

        Raises `EventsGoRound` where subscribers publish more than twenty events inside each other.
        """
        now, later = self._subscribers(type(event))
        token = _path.set(_longer(_path.get(), type(event)))
        try:
            for one in now:
                await one(event, self._overrides)
            if later:
                await self._at_commit(_Later(self, event, later, _path.get()))
        finally:
            _path.reset(token)

    async def _at_commit(self, tell: Callable[[], Awaitable[None]]) -> None:
        unit = None if self._database is None else self._database.open_unit
        if unit is None:
            await tell()
        else:
            unit.on_commit(tell)

    def _subscribers(self, kind: type[Any]) -> tuple[list[Subscriber], list[Subscriber]]:
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = (
                [one for one in self._now if issubclass(kind, one.kind)],
                [one for one in self._later if issubclass(kind, one.kind)],
            )
        return found

    async def _tell_later(self, event: Any, one: Subscriber) -> None:
        try:
            if self._database is None:
                await one(event, self._overrides)
            else:
                async with self._database.own_transaction():
                    await one(event, self._overrides)
        except Exception:
            _log.exception("%r failed, told of %s", one, type(event).__qualname__)


class _Later:
    """One event on its way to those who wait for the commit."""

    def __init__(
        self, events: Events, event: Any, to: list[Subscriber], path: tuple[type[Any], ...]
    ) -> None:
        self._events = events
        self._event = event
        self._to = to
        self._path = path

    async def __call__(self) -> None:
        token = _path.set(self._path)
        try:
            for one in self._to:
                await self._events._tell_later(self._event, one)
        finally:
            _path.reset(token)


def _longer(path: tuple[type[Any], ...], kind: type[Any]) -> tuple[type[Any], ...]:
    if len(path) < _DEEPEST:
        return (*path, kind)
    names = " → ".join(one.__name__ for one in (*path, kind)[-6:])
    raise EventsGoRound(
        f"{_DEEPEST} events were published inside each other, the last ones: {names}. A subscriber"
        " publishes what it is told of, or several do so in a circle"
    )
