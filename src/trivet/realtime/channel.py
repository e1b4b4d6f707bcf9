"""Channels: what may be said where, to whom, and what is kept of it. Declared once, as data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from trivet.binding.signature import return_annotation
from trivet.errors import SetupError, TrivetError
from trivet.realtime.backends.backend import Keep
from trivet.realtime.closing import FORBIDDEN, RefusedError
from trivet.realtime.errors import MessageTooLarge
from trivet.realtime.pattern import Pattern
from trivet.realtime.permission import Permission
from trivet.realtime.position import Position
from trivet.realtime.presence import Member
from trivet.realtime.slow import DropOldest, Slow
from trivet.realtime.tail import Tail
from trivet.realtime.waiting import Subscription, Waiting
from trivet.schema.field import Field, errors_at

if TYPE_CHECKING:
    from trivet.realtime.realtime import Realtime

__all__ = ["Channel", "Messages", "Received", "Replay", "TooSlow", "Topic"]

M = TypeVar("M")
_READ_BYTES = 64 * 1024  # taken at once by who reads messages


class TooSlow(TrivetError):
    """Who reads a subscription was slower than a channel with `Disconnect()` waits for."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Keep the latest `count` messages of each topic, none for longer than `seconds`."""

    count: int = 100
    seconds: float = 300.0

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise SetupError(
                f"{self!r} keeps nothing",
                code="realtime.replay",
                mend="Replay(count=100, seconds=300), or replay=None",
            )


@dataclass(frozen=True)
class ChannelOptions:
    """What is said about a channel besides its name and its messages."""

    may_subscribe: Callable[..., Any] | None = None
    may_publish: Callable[..., Any] | None = None
    public: bool = False
    replay: Replay | None = None
    presence: bool = False
    slow: Slow = field(default_factory=DropOldest)


class Channel(Generic[M]):
    """A kind of topic: `room = realtime.channel("rooms/{room_id}", Message, …)`.

    Called with its parameters it gives a topic: `room(room_id=7)`.
    """

    def __init__(
        self,
        realtime: Realtime,
        pattern: str,
        message: Any,  # any type that the schema knows
        options: ChannelOptions,
        where: str | None,
    ) -> None:
        self.pattern = Pattern(pattern, where)
        self.replay = options.replay
        self.slow = options.slow
        self.is_public = options.public
        self.has_presence = options.presence
        self.may_subscribe = self._permission(options.may_subscribe)
        self.may_publish = self._permission(options.may_publish)
        _check(pattern, options, where)
        self._realtime = realtime
        self._field = Field("message", FieldInfo(annotation=message))
        kept = options.replay
        self.keep = None if kept is None else Keep(pattern, kept.count, kept.seconds)
        types: dict[str, Field] = {}
        for permission in (self.may_publish, self.may_subscribe):
            if permission is not None:
                types.update(permission.fields())
        self.pattern.give_types(types)

    def _permission(self, function: Callable[..., Any] | None) -> Permission | None:
        return None if function is None else Permission(function, self.pattern.format)

    def __call__(self, **parameters: Any) -> Topic[M]:
        """Give the topic with these parameters."""
        return Topic(self._realtime, self, self.pattern.name(parameters))

    def encoded(self, message: Any, topic: str) -> bytes:
        """Give a message as JSON; raises Pydantic's `ValidationError`, or `MessageTooLarge`."""
        value = self._field.validate_python(message, from_attributes=True)
        data = self._field.serialize_json(value, by_alias=True)
        most = self._realtime.limits.message_bytes
        if len(data) > most:
            raise MessageTooLarge(topic, len(data), most)
        return data

    def decoded(self, data: bytes) -> M:
        """Give a message from its JSON."""
        found: M = self._field.validate_json(data)
        return found

    def mistakes(self, error: ValidationError) -> list[dict[str, Any]]:
        """Give what is wrong with a message, as a request's body is told."""
        return errors_at(error, ("data",))


class Topic(Generic[M]):
    """A channel with its parameters: a place where messages are."""

    def __init__(self, realtime: Realtime, channel: Channel[M], name: str) -> None:
        self.channel = channel
        self.name = name
        self._realtime = realtime

    async def publish(self, message: M, *, at_once: bool = False) -> None:
        """Send a message to all who are subscribed.

        Within a unit of work that writes it goes out once that is committed, and never where it
        is rolled back; `at_once` does not wait for it. Raises Pydantic's `ValidationError` for a
        message that does not fit, `MessageTooLarge`, and `BackendAway` where nothing carries it;
        after a commit it is kept for a while instead.
        """
        data = self.channel.encoded(message, self.name)
        await self._realtime.send(self.name, data, self.channel.keep, at_once=at_once)

    def subscribe(
        self, *, after: str | None = None, last: int = 0
    ) -> AbstractAsyncContextManager[Messages[M]]:
        """Read messages in a handler of one's own: ``async with topic.subscribe() as messages:``.

        They begin `after` the message with this id, or with the `last` that are kept, or with the
        next one. Nobody is asked for permission. Raises `BackendAway`.
        """
        return self._subscribed(after, last)

    @asynccontextmanager
    async def _subscribed(self, after: str | None, last: int) -> AsyncIterator[Messages[M]]:
        realtime, waiting = self._realtime, Waiting(self._realtime.limits)
        await realtime.open()
        subscription = Subscription(waiting, self.name, self.channel.slow)
        tail = await realtime.hub.tail(self.name, self.channel.keep)
        realtime.clients.add(waiting)
        try:
            yield Messages(self.channel, waiting, joined(tail, subscription, after, last))
        finally:
            realtime.clients.discard(waiting)
            realtime.hub.leave(tail, subscription)

    async def members(self) -> list[Member]:
        """Give who is here, in the order of their keys; raises `BackendAway`."""
        return await self._realtime.hub.presence.members(self.name)

    async def history(self, last: int = 100) -> list[Received[M]]:
        """Give the latest messages that are kept, oldest first; raises `BackendAway`."""
        keep = self.channel.keep
        if keep is None or not last:
            return []
        found = await self._realtime.backend.read(self.name, keep, None)
        epoch = found.position.epoch
        return [
            Received(str(Position(epoch, one.number)), self.channel.decoded(one.data))
            for one in found.entries[-last:]
        ]

    def __str__(self) -> str:
        return self.name


def joined(tail: Tail, subscription: Subscription, after: str | None, last: int) -> Position | None:
    """Join a tail as a client asks; a position that is none of ours misses something."""
    place = None if after is None else Position.read(after) or Position("", 0)
    return tail.join(subscription, place, last)


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """A message as it is read: with the `id` to go on from, where the channel keeps messages."""

    id: str | None
    data: M
    after_gap: bool = False
    """True where messages before this one were missed."""


class Messages(Generic[M]):
    """The messages of a subscription, as they come. `id` is where it begins."""

    def __init__(self, channel: Channel[M], waiting: Waiting, start: Position | None) -> None:
        self.id = None if start is None else str(start)
        self._channel = channel
        self._waiting = waiting
        self._ready: list[Received[M]] = []
        self._has_gap = False

    def __aiter__(self) -> Messages[M]:
        return self

    async def __anext__(self) -> Received[M]:
        while not self._ready:
            await self._waiting.wait()
            if self._waiting.closed is not None:
                if self._waiting.is_too_slow:
                    raise TooSlow(self._waiting.closed.reason)
                raise StopAsyncIteration
            self._ready = list(self._taken())[::-1]
        return self._ready.pop()

    def _taken(self) -> Iterator[Received[M]]:
        for _, item in self._waiting.take(_READ_BYTES):
            if item is None:
                self._has_gap = True
            elif item.data is not None:
                place = None if item.position is None else str(item.position)
                yield Received(place, self._channel.decoded(item.data), self._has_gap)
                self._has_gap = False


def checked_member(channel: Channel[Any], answer: Any) -> Member | None:
    """Give who a client is, from what a permission function said; raises `RefusedError`."""
    if not answer:
        raise RefusedError(FORBIDDEN, "you may not subscribe to this channel")
    if not channel.has_presence:
        return None
    if isinstance(answer, Member):
        return answer
    raise TypeError(
        f"the channel {channel.pattern.text!r} has presence, and the function that says who may"
        f" subscribe gave {answer!r}; give Member(key) or None"
    )


def _check(pattern: str, options: ChannelOptions, where: str | None) -> None:
    if options.may_subscribe is None and not options.public:
        raise SetupError(
            f"nobody could subscribe to {pattern!r}: it has no function that says who may, and is"
            " not public",
            code="realtime.no-permission",
            where=where,
            mend="may_subscribe=a_function that returns True for who may, or public=True",
        )
    if options.may_subscribe is not None and options.public:
        raise SetupError(
            f"{pattern!r} is public, so that nobody would ask its may_subscribe",
            code="realtime.no-permission",
            where=where,
            mend="leave one of the two out",
        )
    if options.presence and not _gives_member(options.may_subscribe):
        raise SetupError(
            f"{pattern!r} has presence, and nothing says who a client is",
            code="realtime.presence",
            where=where,
            mend="async def may_join(user: CurrentUser) -> Member | None:"
            " return Member(str(user.id))   # may_subscribe=may_join",
        )


def _gives_member(function: Callable[..., Any] | None) -> bool:
    if function is None:
        return False
    said = return_annotation(function)
    parts = getattr(said, "__args__", (said,))
    return any(isinstance(part, type) and issubclass(part, Member) for part in parts)
