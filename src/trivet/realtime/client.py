"""One client with all its subscriptions, whatever transport it came by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.requests import HTTPConnection

from trivet.realtime.channel import Channel, checked_member, joined
from trivet.realtime.closing import (
    FORBIDDEN,
    MISPLACED,
    NOT_FOUND,
    TOO_BIG,
    TOO_MANY,
    UNAVAILABLE,
    RefusedError,
)
from trivet.realtime.errors import BackendAway, MessageTooLarge, NoSuchChannel
from trivet.realtime.permission import Permission
from trivet.realtime.waiting import Subscription, Waiting

if TYPE_CHECKING:
    from trivet.realtime.realtime import Realtime

__all__ = ["Client", "InvalidMessage", "Subscribed"]


class InvalidMessage(Exception):
    """A client's message does not fit its channel."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        super().__init__("the message does not fit the channel")


@dataclass(frozen=True)
class Subscribed:
    """What a client is told of its new subscription."""

    subscription: Subscription
    id: str | None
    members: list[dict[str, Any]] | None

    def frame(self) -> dict[str, Any]:
        """Give it as a frame."""
        found: dict[str, Any] = {"type": "subscribed", "channel": self.subscription.topic}
        if self.id is not None:
            found["id"] = self.id
        if self.members is not None:
            found["members"] = self.members
        return found


class Client:
    """Who is at the other end. Everything it asks for may raise `RefusedError`."""

    def __init__(self, realtime: Realtime, connection: HTTPConnection) -> None:
        self.waiting = Waiting(realtime.limits)
        self.subscriptions: dict[str, Subscription] = {}
        self._realtime = realtime
        self._connection = connection

    async def subscribe(self, name: str, after: str | None, last: int) -> Subscribed:
        """Subscribe to a topic by its name."""
        most = self._realtime.limits.subscriptions
        if name in self.subscriptions:
            raise RefusedError(MISPLACED, f"subscribed to {name!r} already")
        if len(self.subscriptions) >= most:
            raise RefusedError(TOO_MANY, f"at most {most} subscriptions on a connection")
        channel, texts = self._find(name)
        if channel.may_subscribe is None:
            answer: Any = True
        else:
            answer = await self._ask(channel, channel.may_subscribe, texts)
        member = checked_member(channel, answer)
        hub, presence = self._realtime.hub, self._realtime.hub.presence
        subscription = Subscription(self.waiting, name, channel.slow)
        members = None
        try:
            await self._realtime.open()
            tail = await hub.tail(name, channel.keep)
            if member is not None:
                try:
                    found = await presence.enter(name, member)
                except BaseException:
                    presence.leave(name, member.key)
                    raise
                members = [found[key].as_dict() for key in sorted(found)]
        except BackendAway as error:
            raise RefusedError(UNAVAILABLE, "not available at the moment; try again") from error
        place = joined(tail, subscription, after, last)
        key = None if member is None else member.key
        subscription.end = self._ending(subscription, lambda: hub.leave(tail, subscription), key)
        self.subscriptions[name] = subscription
        return Subscribed(subscription, None if place is None else str(place), members)

    def _ending(
        self, subscription: Subscription, leave: Callable[[], None], key: str | None
    ) -> Callable[[], None]:
        def end() -> None:
            leave()
            self.waiting.forget(subscription)
            if key is not None:
                self._realtime.hub.presence.leave(subscription.topic, key)

        return end

    def unsubscribe(self, name: str) -> None:
        """End a subscription."""
        subscription = self.subscriptions.pop(name, None)
        if subscription is None or subscription.end is None:
            raise RefusedError(MISPLACED, f"not subscribed to {name!r}")
        subscription.end()

    async def publish(self, name: str, data: Any) -> None:  # Any: JSON, as it came
        """Publish a client's message; raises `InvalidMessage` too."""
        channel, texts = self._find(name)
        if channel.may_publish is None:
            raise RefusedError(FORBIDDEN, "clients may not publish to this channel")
        if not await self._ask(channel, channel.may_publish, texts):
            raise RefusedError(FORBIDDEN, "you may not publish to this channel")
        try:
            encoded = channel.encoded(data, name)
        except ValidationError as error:
            raise InvalidMessage(channel.mistakes(error)) from error
        except MessageTooLarge as error:
            raise RefusedError(TOO_BIG, str(error)) from error
        try:
            await self._realtime.send(name, encoded, channel.keep, at_once=True)
        except BackendAway as error:
            raise RefusedError(UNAVAILABLE, "not available at the moment; try again") from error

    def close(self) -> None:
        """End all subscriptions."""
        for name in list(self.subscriptions):
            self.unsubscribe(name)

    def _find(self, name: str) -> tuple[Channel[Any], tuple[str, ...]]:
        try:
            return self._realtime.find(name)
        except NoSuchChannel as error:
            raise RefusedError(NOT_FOUND, str(error)) from error

    async def _ask(
        self, channel: Channel[Any], permission: Permission, texts: tuple[str, ...]
    ) -> Any:
        return await permission.ask(self._connection, texts, channel.pattern.names)
