"""Clients by server-sent events: what they read; what they publish comes by requests.

The `id` of an event says how far each of the stream's topics is, in the order in which they were
asked for, so that `Last-Event-ID` goes on with all of them (WHATWG HTML, 9.2).
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from trivet.http.exchange import Receive, Scope, Send
from trivet.http.sse import KEEPALIVE
from trivet.http.streaming import PacedResponse
from trivet.realtime.client import Client
from trivet.realtime.closing import RefusedError
from trivet.realtime.item import Item, gap_frame

__all__ = ["EventsResponse", "places_of"]

_PING_SECONDS = 15.0  # of silence, below the time-outs of most proxies
_MOST_BYTES = 128 * 1024  # sent at once
_NOWHERE = "-"  # of a topic without ids, in the id of an event


def places_of(last_event_id: str | None, after: Sequence[str], count: int) -> list[str | None]:
    """Give where each of `count` topics goes on: as the browser says, or else as was asked.

    An empty text is "from now on". What does not fit is a place that nobody knows.
    """
    given = list(after) if last_event_id is None else last_event_id.split(",")
    if not given:
        return [None] * count
    if len(given) != count:
        return ["?"] * count
    return [None if place in ("", _NOWHERE) else place for place in given]


class EventsResponse(PacedResponse):
    """The stream of a client's subscriptions, which end with it."""

    def __init__(self, client: Client, names: Sequence[str]) -> None:
        self._client = client
        self._places = dict.fromkeys(names, _NOWHERE)
        self._first: list[dict[str, Any]] = []  # frames
        self.refusals: list[RefusedError] = []
        super().__init__(
            self._chunks(),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
            ping=KEEPALIVE,
            ping_seconds=_PING_SECONDS,
        )

    @classmethod
    async def opened(
        cls, client: Client, names: Sequence[str], places: Sequence[str | None], last: int
    ) -> EventsResponse:
        """Subscribe a client to topics; those that are refused it are told by events."""
        made = cls(client, names)
        try:
            for name, place in zip(names, places, strict=True):
                await made._subscribe(name, place, last)
        except BaseException:
            client.close()
            raise
        return made

    async def _subscribe(self, name: str, place: str | None, last: int) -> None:
        try:
            subscribed = await self._client.subscribe(name, place, last)
        except RefusedError as error:
            self.refusals.append(error)
            self._first.append(
                {"type": "error", "channel": name, "code": error.code, "reason": error.reason}
            )
        else:
            self._places[name] = subscribed.id or _NOWHERE
            self._first.append(subscribed.frame())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._client.close()

    async def _chunks(self) -> AsyncIterator[bytes]:
        # When a browser comes again, in milliseconds: not all at the same moment.
        yield b"retry: %d\n\n" % random.randint(500, 2500)
        for frame in self._first:
            yield self._event(json.dumps(frame, separators=(",", ":")))
        waiting = self._client.waiting
        while waiting.closed is None and self._client.subscriptions:
            await waiting.wait()
            found = [self._encoded(*taken) for taken in waiting.take(_MOST_BYTES)]
            if found:
                yield b"".join(found)

    def _encoded(self, subscription: Any, item: Item | None) -> bytes:
        if item is None:
            return self._event(gap_frame(subscription.topic))
        if item.position is not None:
            self._places[subscription.topic] = str(item.position)
        # The bytes are the same for all who read this topic alone.
        return item.event if len(self._places) == 1 else self._event(item.frame)

    def _event(self, frame: str) -> bytes:
        return f"id: {','.join(self._places.values())}\ndata: {frame}\n\n".encode()
