"""What one does with a cache: the typed methods, on keys of one namespace."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, overload

from trivet.binding.instant import may_block
from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of
from trivet.cache.entry import Entry, packed
from trivet.cache.keys import checked_name, store_key
from trivet.cache.turns import Turns, lease_key
from trivet.cache.values import Form, Unreadable
from trivet.concurrency import run_in_thread

__all__ = ["FOREVER", "Namespace", "Space", "Ttl", "Wanted", "seconds", "stale_seconds"]

FOREVER = math.inf
"""A time to live without an end, said aloud: `ttl=FOREVER`."""

logger = logging.getLogger("trivet.cache")

Value = TypeVar("Value")
Default = TypeVar("Default")
Ttl = float | timedelta
# A function that gives a value, or something to await for it.
Make = Callable[[], Awaitable[Value]] | Callable[[], Value]


@dataclass(frozen=True, slots=True)
class Space:
    """What all namespaces of one cache share."""

    turns: Turns
    root: str  # what all keys begin with
    ttl: float | None
    forms: dict[Any, Form]


def seconds(ttl: Ttl | None, default: float | None) -> float | None:
    """Give a time to live in seconds, None for ever; raises `ValueError` unless it is above 0."""
    if ttl is None:
        return default
    given = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if not given > 0:
        raise ValueError(f"ttl={ttl!r} is no time to live: write seconds above 0, or FOREVER")
    return None if given == math.inf else float(given)


class Namespace:
    """Keys that belong together: ``shop = cache.namespace("shop", version=3)``.

    `version` is for the shape of what is kept: with another one nothing is found that was written
    with this one. Tags are not the namespace's but the cache's.
    """

    def __init__(self, space: Space, name: str = "", ttl: float | None = None) -> None:
        self._space = space
        self._name = name
        self._prefix = f"{space.root}k:" if not name else f"{space.root}n:{name}:"
        self._ttl = ttl

    @property
    def ttl(self) -> float | None:
        """The time to live where none is said, in seconds; None for ever."""
        return self._ttl

    def namespace(self, name: str, *, version: int = 1, ttl: Ttl | None = None) -> Namespace:
        """Give a namespace in this one, with a time to live of its own where `ttl` is given."""
        named = f"{self._name}/{checked_name(name, 'the namespace')}@{version}".lstrip("/")
        return Namespace(self._space, named, seconds(ttl, self._ttl))

    # -- reading ---------------------------------------------------------------------------------

    @overload
    async def get(self, key: str) -> Any: ...

    @overload
    async def get(self, key: str, kind: type[Value]) -> Value | None: ...

    @overload
    async def get(self, key: str, kind: type[Value], default: Default) -> Value | Default: ...

    async def get(self, key: str, kind: Any = None, default: Any = None) -> Any:
        """Give the value, or `default`; with `kind` one of this type.

        Without one it is what JSON has: a model comes as a dictionary. What does not fit `kind` is
        as good as not there.
        """
        turns, name = self._space.turns, self._key(key)
        entry = turns.at_once(name)
        if entry is None:
            began = turns.watching.now()
            (entry,) = await turns.look([name])
            turns.count(entry, name, began)
        return default if entry is None else self._read(entry, kind, default)

    async def get_many(
        self, keys: Sequence[str], kind: type[Value] | None = None
    ) -> dict[str, Any]:
        """Give the values that are there, by their keys, read in one step."""
        turns = self._space.turns
        names = [self._key(key) for key in keys]
        began = turns.watching.now()
        entries = await turns.look(names) if keys else []
        found = {}
        for key, name, entry in zip(keys, names, entries, strict=True):
            turns.count(entry, name, began)
            value = _NOTHING if entry is None else self._read(entry, kind, _NOTHING)
            if value is not _NOTHING:
                found[key] = value
        return found

    async def has(self, key: str) -> bool:
        """Tell whether there is a value, which need not be there any more a moment later."""
        return (await self._space.turns.look([self._key(key)]))[0] is not None

    # -- writing ---------------------------------------------------------------------------------

    async def set(
        self, key: str, value: object, *, ttl: Ttl | None = None, tags: Sequence[str] = ()
    ) -> None:
        """Keep a value for `ttl` seconds; raises `CacheValueError` for what JSON cannot keep.

        What is deleted by a tag after this is gone. A value that was read from a database before a
        tag was deleted, and is set after it, stays: `get_or_set` knows when it was read.
        """
        await self.set_many({key: value}, ttl=ttl, tags=tags)

    async def set_many(
        self, values: Mapping[str, object], *, ttl: Ttl | None = None, tags: Sequence[str] = ()
    ) -> None:
        """Keep several values at once, all for the same time and with the same tags."""
        life = seconds(ttl, self._ttl)
        marks = await self._space.turns.marked(tags)
        if marks is None or not values:
            return  # nobody could tell whether a tag is deleted meanwhile
        items = {self._key(key): self._packed(value, life, marks) for key, value in values.items()}
        await self._space.turns.keep(items, life, tags)

    async def add(self, key: str, value: object, *, ttl: Ttl | None = None) -> bool:
        """Keep a value where none is, in one step; gives False otherwise, or if nobody can tell."""
        life = seconds(ttl, self._ttl)
        data = self._packed(value, life, {})
        return bool(await self._space.turns.guard.add(self._key(key), data, life))

    async def increment(self, key: str, by: int = 1, *, ttl: Ttl | None = None) -> int | None:
        """Add to a whole number, in one step; gives the new one, or None where nobody counted.

        A missing one counts as 0, and lives for `ttl` from then on, however often it is added to.
        Raises `NotANumberError` for what is none, and past 64 bits.
        """
        life = seconds(ttl, self._ttl)
        return await self._space.turns.guard.increment(self._key(key), by, life)

    async def touch(self, key: str, *, ttl: Ttl | None = None) -> bool:
        """Let a value live for `ttl` seconds from now; gives False where there is none."""
        life = seconds(ttl, self._ttl)
        turns, name = self._space.turns, self._key(key)
        (entry,) = await turns.look([name])
        if entry is None:
            return False
        if entry.made == 0.0 or (entry.fresh_until == math.inf and life is None):
            return bool(await turns.guard.touch_many([name], life))
        until = math.inf if life is None else turns.clock() + life
        renewed = Entry(entry.payload, entry.made, until, entry.marks)
        await turns.keep({name: packed(renewed)}, life, list(entry.marks))
        return True

    # -- deleting --------------------------------------------------------------------------------

    async def delete(self, key: str) -> None:
        """Delete a value, and keep none that is being computed from what was there before."""
        await self.delete_many([key])

    async def delete_many(self, keys: Sequence[str]) -> None:
        """Delete several values at once."""
        await self.delete_names([self._key(key) for key in keys])

    async def delete_tags(self, *tags: str) -> None:
        """Delete all values with one of these tags, in whatever namespace, in one small step.

        No value that was computed by `get_or_set`, `cached` or a route before this is given to
        anybody who asks after it.
        """
        turns = self._space.turns
        if tags:
            turns.spoil((), tags)
            await turns.delete([turns.tag_key(tag) for tag in tags])

    async def clear(self) -> None:
        """Delete everything in this namespace and those in it; looks at every key of the store."""
        prefix = self._prefix if not self._name else self._prefix[:-1]
        for ending in (":", "/") if self._name else ("",):
            self._space.turns.spoil_space(prefix + ending)
            await self._space.turns.guard.clear(prefix + ending)

    # -- computing -------------------------------------------------------------------------------

    async def get_or_set(
        self,
        key: str,
        make: Callable[[], Awaitable[Value]] | Callable[[], Value],
        kind: type[Value] | None = None,
        *,
        ttl: Ttl | None = None,
        stale: Ttl = 0.0,
        tags: Sequence[str] = (),
    ) -> Value:
        """Give the value, computed by `make` where it is not there, by one for all who ask.

        For `stale` seconds past its time an old value is still given: to all others while one
        computes, and to that one too where `make` fails. What `make` raises is kept by nobody.
        """
        wanted = Wanted(seconds(ttl, self._ttl), stale_seconds(stale), tags)
        return await self.computed(self._key(key), make, kind, wanted)  # type: ignore[no-any-return]

    async def computed(
        self, name: str, make: Callable[[], Any], kind: Any, wanted: Wanted, *, anew: bool = False
    ) -> Any:
        """Give the value under a key of the store; see `get_or_set`."""
        turns = self._space.turns
        form = self._form(kind)
        entry = None if anew else turns.at_once(name)
        if entry is not None:
            try:
                return form.read(entry.payload)
            except Unreadable:
                anew = True
        while True:
            found = await turns.take(name, wanted.tags, anew=anew)
            if isinstance(found, Entry):
                try:
                    return form.read(found.payload)
                except Unreadable:
                    anew = True  # of another version of the program
                    continue
            async with found as turn:
                try:
                    value = await _made(make)
                except Exception as error:
                    old = None if turn.stale is None else self._read(turn.stale, kind, _NOTHING)
                    if turn.stale is None or old is _NOTHING:
                        raise
                    logger.warning(
                        "%s could not be computed anew: the old value is given",
                        name,
                        exc_info=error,
                    )
                    return old
                payload = form.written(value)
                read = form.back(value, payload)
                await turn.keep(payload, wanted.ttl, wanted.stale)
                return read

    async def delete_names(self, names: Sequence[str]) -> None:
        """Delete what is under keys of the store."""
        if names:
            self._space.turns.spoil(names)
            await self._space.turns.delete(names, [lease_key(name) for name in names])

    def call_name(self, function: str, arguments: str) -> str:
        """Give the key in the store for a call of a function, with the digest of its arguments."""
        return store_key(self._prefix, f"call:{function}:{arguments}")

    def _key(self, key: str) -> str:
        return store_key(self._prefix, key)

    def _form(self, kind: Any) -> Form:
        try:
            found = self._space.forms.get(kind)
            if found is None:
                found = self._space.forms[kind] = Form(kind)
        except TypeError:  # an annotation that cannot be looked up
            return Form(kind)
        return found

    def _read(self, entry: Entry, kind: Any, default: Any) -> Any:
        try:
            return self._form(kind).read(entry.payload)
        except Unreadable:
            return default

    def _packed(self, value: object, life: float | None, marks: Mapping[str, str]) -> bytes:
        if type(value) is int and not marks and abs(value) < 2**63:
            return b"%d" % value  # as a store counts
        now = self._space.turns.clock()
        until = math.inf if life is None else now + life
        return packed(Entry(self._form(None).written(value), now, until, marks))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long a computed value is kept, in seconds, and with which tags."""

    ttl: float | None
    stale: float
    tags: Sequence[str] = ()


_NOTHING: Any = object()


def stale_seconds(given: Ttl) -> float:
    """Give how long an old value is still given, in seconds; raises `ValueError` below 0."""
    found = given.total_seconds() if isinstance(given, timedelta) else given
    if found < 0:
        raise ValueError(f"stale={given!r} is no time: write seconds, 0 for none")
    return float(found)


async def _made(make: Callable[[], Any]) -> Any:
    if kind_of(make) is Kind.ASYNC:
        return await make()
    value = await run_in_thread(make) if may_block(make) else make()
    return await value if inspect.isawaitable(value) else value
