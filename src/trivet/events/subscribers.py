"""A subscriber: a function that is told of events of one class, or something that keeps them.

A function is taken apart when it is declared: its first parameter is the event, the others are
dependencies, resolved by the plan that requests have. What has `enqueue` instead, such as a job, is
a durable subscriber: it is given the event to keep, in the publisher's transaction.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Protocol, runtime_checkable

from trivet.binding.instant import may_block
from trivet.binding.outside import Prepared, is_dependency
from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of, typed_signature
from trivet.concurrency import run_in_thread
from trivet.errors import SetupError, place_of

__all__ = ["Durable", "Overrides", "Subscriber", "subscriber"]

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]
_IN_ORDER = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@runtime_checkable
class Durable(Protocol):
    """What keeps an event for later, such as a job: it is there if the transaction commits."""

    async def enqueue(self, event: Any, /) -> object:
        """Keep an event, in the present transaction."""


class Subscriber(Protocol):
    """Whoever is told of events."""

    kind: type[Any]

    async def __call__(self, event: Any, overrides: Overrides) -> None:
        """Hear of one event; what is raised is the publisher's to deal with."""


def subscriber(kind: Any, given: Any) -> Subscriber:
    """Give what tells `given` of events of the class `kind`; raises `SetupError`."""
    if not isinstance(kind, type):
        raise SetupError(
            f"{kind!r} is no class, and events are told apart by their classes",
            code="events.kind",
            where=_where(given),
            mend="@events.on(OrderPlaced)",
        )
    if isinstance(given, Durable):
        return _Keeping(kind, given)
    if not callable(given) or kind_of(given) not in (Kind.ASYNC, Kind.SYNC):
        raise SetupError(
            f"{given!r} cannot be told of {kind.__name__}: it is no function, async or not, and"
            " has no enqueue(event) either",
            code="events.subscriber",
            where=_where(given),
            mend=f"async def heard(event: {kind.__name__}) -> None:",
        )
    return _Telling(kind, given)


class _Keeping:
    def __init__(self, kind: type[Any], durable: Durable) -> None:
        self.kind = kind
        self._durable = durable

    def __repr__(self) -> str:
        return repr(self._durable)

    async def __call__(self, event: Any, overrides: Overrides) -> None:
        await self._durable.enqueue(event)


class _Telling:
    def __init__(self, kind: type[Any], function: Callable[..., Any]) -> None:
        self.kind = kind
        self._function = function
        self._is_async = kind_of(function) is Kind.ASYNC
        self._may_block = not self._is_async and may_block(function)
        self._dependencies = _dependencies_of(function, kind)
        # Compiled here even where overrides will take its place: mistakes are found at once.
        self._resolver = self._prepared({}) if self._dependencies else None

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", repr(self._function))
        return f"{self._function.__module__}.{name}"

    async def __call__(self, event: Any, overrides: Overrides) -> None:
        async with AsyncExitStack() as stack:
            values: dict[str, Any] = {}
            if self._resolver is not None:
                resolver = self._prepared(overrides) if overrides else self._resolver
                values = await stack.enter_async_context(resolver.opened())
            if self._is_async:
                await self._function(event, **values)
            elif self._may_block:
                await run_in_thread(self._function, event, **values)
            else:
                self._function(event, **values)

    def _prepared(self, overrides: Overrides) -> Prepared:
        return Prepared.of(self._dependencies, overrides)


def _dependencies_of(
    function: Callable[..., Any], kind: type[Any]
) -> tuple[inspect.Parameter, ...]:
    """Give the parameters behind the first, which is the event; raises `SetupError`."""
    parameters = tuple(typed_signature(function).parameters.values())
    name = getattr(function, "__name__", "heard")
    if not parameters or parameters[0].kind not in _IN_ORDER:
        raise SetupError(
            f"{name!r} is to be told of {kind.__name__}, and has no parameter to take it",
            code="events.parameter",
            where=_where(function),
            mend=f"def {name}(event: {kind.__name__}, ...)",
        )
    wanted = parameters[0].annotation
    is_said = isinstance(wanted, type) and wanted not in (inspect.Parameter.empty, Any)
    if is_said and not issubclass(kind, wanted):
        raise SetupError(
            f"{name!r} is to be told of {kind.__name__}, and its parameter"
            f" {parameters[0].name!r} is a {wanted.__name__}",
            code="events.parameter",
            where=_where(function),
            mend=f"{parameters[0].name}: {kind.__name__}",
        )
    for one in parameters[1:]:
        if not is_dependency(one):
            raise SetupError(
                f"{name!r} has {one.name!r} behind the event, which is no dependency; names in"
                " annotations are looked for in the module",
                code="events.parameter",
                where=_where(function),
                mend=f"{one.name}: Annotated[..., Depends(a_function)]",
            )
    return parameters[1:]


def _where(given: Any) -> str | None:
    if not callable(given):
        return None
    found = place_of(given)
    return f"{found['file']}:{found['line']}" if "file" in found else None
