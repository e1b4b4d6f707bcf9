"""Taking messages from RabbitMQ, never more than there are hands free.

RabbitMQ counts by consumer how many messages are in hands, and pushes as many. So the hands of a
worker are shared out: each queue has one consumer with a share of one hand, as far as they go
round. Whose shares are full gets half of what is left as one more, by a consumer more, and one that
has been idle is taken back. A queue that is served alone has all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from trivet.errors import MissingExtraError
from trivet.jobs.engines.engine import Delivery, EngineAway

try:
    from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
    from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
except ImportError as error:
    raise MissingExtraError("aio-pika", "rabbitmq", what="RabbitMqEngine") from error

__all__ = ["GONE", "Taking"]

GONE = (AMQPError, ChannelInvalidStateError, OSError, TimeoutError)
_TIMEOUT = 5.0  # seconds for an answer of the broker
_IDLE = 0.5  # seconds after which a share that has nothing is taken back
_TICK = 0.25  # seconds between two looks at shares and times, at most


@dataclass(eq=False)
class _Share:
    """One consumer, and the hands that it may fill."""

    queue: str
    size: int
    is_first: bool
    tag: str | None = None  # None where it was cancelled
    held: int = 0
    is_over: bool = False
    idle_since: float = field(default_factory=monotonic)


class Taking:
    """One worker's consumers, on a channel of their own."""

    def __init__(
        self,
        channel: AbstractChannel,
        queues: Sequence[str],
        most: int,
        patience: float,
        away: Callable[[BaseException], EngineAway],
    ) -> None:
        self.found: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
        self.channel = channel
        self.away = away
        self.patience = patience
        self._waiting = deque(queues)  # those that have no consumer
        self._are_alone = len(queues) == 1
        self._free = most
        self._shares: list[_Share] = []
        self._held: set[_RabbitDelivery] = set()
        self._wake = asyncio.Event()
        self._is_left = False
        self._has_left = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, ended: Callable[[Taking], object]) -> None:
        """Begin to take; `ended` is called once nothing of it is in anybody's hands."""
        self._task = asyncio.create_task(self._run(), name="consumers of RabbitMQ")
        self._task.add_done_callback(lambda _: ended(self))

    async def end(self) -> None:
        """Stop at once: the connection is about to be closed."""
        self.found.put_nowait(self.away(ConnectionError("it was closed")))
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def held_of(self, queue: str) -> int:
        """Count what is in hands of one queue."""
        return sum(one.share.queue == queue for one in self._held)

    async def leave(self) -> None:
        """Take no more, give back what nobody has got; what is in hands may still be said."""
        self._is_left = True
        self._wake.set()
        # What is given back before, the same consumers would get again.
        await self._has_left.wait()
        while not self.found.empty():
            one = self.found.get_nowait()
            if not isinstance(one, Exception):
                with suppress(EngineAway):
                    await one.back(0)

    # -- shares ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        closed = asyncio.ensure_future(self.channel.closed())
        closed.add_done_callback(lambda _: self._wake.set())
        try:
            underlay = await self.channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(self._was_cancelled)
            while not (self._has_left.is_set() and not self._held):
                self._wake.clear()
                if not self._is_left:
                    await self._share_out()
                else:
                    await self._cancel(list(self._shares))
                    self._has_left.set()
                self._look_at_times()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(_TICK, self.patience / 8)):
                        await self._wake.wait()
                if closed.done():
                    raise ConnectionError("the channel is closed")
            await self.channel.close()
        except GONE as error:
            self.found.put_nowait(self.away(error))
        except Exception as error:
            self.found.put_nowait(error)
        finally:
            self._has_left.set()
            closed.cancel()

    async def _share_out(self) -> None:
        now = monotonic()
        idle = [
            one
            for one in self._shares
            if one.tag is not None
            and not one.held
            and now - one.idle_since >= _IDLE
            and (not one.is_first or self._waiting)
        ]
        await self._cancel(idle)
        while self._waiting and self._free > 0:
            queue = self._waiting.popleft()
            size = self._free if self._are_alone else 1
            await self._add(_Share(queue, size, is_first=True))
        for queue in dict.fromkeys(one.queue for one in self._shares):
            shares = [one for one in self._shares if one.queue == queue and one.tag is not None]
            if self._free > 0 and shares and all(one.held >= one.size for one in shares):
                await self._add(_Share(queue, (self._free + 1) // 2, is_first=False))

    async def _add(self, share: _Share) -> None:
        self._free -= share.size
        self._shares.append(share)
        await self.channel.set_qos(prefetch_count=share.size, timeout=_TIMEOUT)
        queue = await self.channel.get_queue(share.queue, ensure=False)

        async def took(message: AbstractIncomingMessage) -> None:
            await self._took(share, message)

        share.tag = await queue.consume(took, timeout=_TIMEOUT)

    async def _cancel(self, shares: Sequence[_Share]) -> None:
        for share in [one for one in shares if one.tag is not None]:
            queue = await self.channel.get_queue(share.queue, ensure=False)
            tag, share.tag = share.tag, None
            assert tag is not None, "it was looked for"
            await queue.cancel(tag, timeout=_TIMEOUT)
            share.is_over = True
            self._free += share.size - share.held
            self._shares.remove(share)
            if share.is_first:
                self._waiting.append(share.queue)

    async def _was_cancelled(self, frame: object) -> None:
        self.found.put_nowait(self.away(ConnectionError("the broker has cancelled a consumer")))

    # -- messages --------------------------------------------------------------------------------

    async def _took(self, share: _Share, message: AbstractIncomingMessage) -> None:
        share.held += 1
        if share.is_over:
            self._free -= 1  # it came while the share was being taken back
        delivery = _RabbitDelivery(self, share, message)
        self._held.add(delivery)
        if self._is_left:
            with suppress(EngineAway):
                await delivery.back(0)
            return
        self.found.put_nowait(delivery)
        if share.held >= share.size and self._free > 0:
            self._wake.set()

    def settled(self, delivery: _RabbitDelivery) -> None:
        """Have one hand more."""
        if delivery not in self._held:
            return
        self._held.discard(delivery)
        share = delivery.share
        share.held -= 1
        share.idle_since = monotonic()
        if share.is_over:
            self._free += 1
        if self._is_left or self._waiting:
            self._wake.set()

    def _look_at_times(self) -> None:
        now = monotonic()
        for one in list(self._held):
            if one.until <= now and not one.is_said:
                self._later(one.put_back())

    def _later(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _RabbitDelivery:
    """A message that is not acknowledged yet."""

    def __init__(self, taking: Taking, share: _Share, message: AbstractIncomingMessage) -> None:
        self.body = message.body
        # RabbitMQ 4.3 counts what was handed out apart from what has failed.
        counted = message.headers.get("x-acquired-count", message.headers.get("x-delivery-count"))
        self.times = 1 + (counted if isinstance(counted, int) else 0)
        self.share = share
        self.is_said = False
        self.until = monotonic() + taking.patience
        self._is_settled = False
        self._taking = taking
        self._message = message

    async def renew(self) -> None:
        self._raise_if_lost()
        if not self.is_said:
            self.until = monotonic() + self._taking.patience

    async def done(self) -> None:
        self._is_settled = True
        if not self.is_said:
            self.is_said = True
            await self._say(self._message.ack())
        self._taking.settled(self)

    async def back(self, pause: float) -> None:
        """Give it back; until the pause is over it is held here, where it takes one of `most`."""
        self._is_settled = True
        if not self.is_said and pause > 0:
            self._raise_if_lost()
            self.until = monotonic() + pause
            return
        await self.put_back()

    async def put_back(self) -> None:
        """Let the broker give it to any worker now; the hand is free once its worker says so."""
        try:
            if not self.is_said:
                self.is_said = True
                await self._say(self._message.nack(requeue=True))
        finally:
            if self._is_settled:
                self._taking.settled(self)

    def _raise_if_lost(self) -> None:
        if self._taking.channel.is_closed:
            self._taking.settled(self)
            raise self._taking.away(ConnectionError("the channel is closed"))

    async def _say(self, saying: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await saying
        except GONE as error:
            self._taking.settled(self)
            raise self._taking.away(error) from error
