"""Jobs carried by NATS JetStream: one stream for an application, one consumer for each queue.

The stream keeps messages in files until they are done (retention by work queue) and refuses new
ones where an operator has limited it, rather than to drop old ones. NATS counts how long a message
is in a worker's hands, and gives it to another when nobody has renewed it for `patience`. What a
worker says of a message goes over whatever connection the engine has by then, so that a job
outlives a connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from trivet.errors import MissingExtraError, SetupError
from trivet.jobs.engines.engine import Delivery, EngineAway, Message, MessageTooLarge
from trivet.jobs.engines.naming import checked, server_of, token_of
from trivet.jobs.engines.pulling import Room, pulled

try:
    import nats
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as NatsError
    from nats.js import JetStreamContext
    from nats.js.api import (
        AckPolicy,
        ConsumerConfig,
        DiscardPolicy,
        RetentionPolicy,
        StorageType,
        StreamConfig,
    )
    from nats.js.errors import NotFoundError
except ImportError as error:
    raise MissingExtraError("nats-py", "nats", what="NatsEngine") from error

__all__ = ["NatsEngine"]

_log = logging.getLogger("trivet.jobs")
_TIMEOUT = 5.0  # seconds for an answer of the server
_AT_ONCE = 256  # messages that are sent and not confirmed yet
_DUPLICATES = 120.0  # seconds for which the stream knows the ids that it was given
_HEADER = 96  # bytes of a message that are not its body, besides its id
_SHORT = 0.05  # seconds: the shortest wait, where messages that are there come in one round trip
_LOOK = 5.0  # seconds between two looks whether the consumer of an empty queue is there
_PULLS = 4096  # workers that wait for one queue at the same time
_GONE = (NatsError, OSError, TimeoutError)


class NatsEngine:
    """Carries jobs by the JetStream of a NATS server, 2.9 or later, or of a cluster of them.

    `servers` are one address or several. Everything it makes on the server begins with `prefix`.
    A message is given to another worker `patience` seconds after it was last renewed. `replicas` is
    how many servers of a cluster keep each message (1, 3 or 5), where the engine makes the stream.
    Whatever else nats-py's `connect` takes goes into `options`: credentials, `tls`.
    """

    def __init__(
        self,
        servers: str | Sequence[str] = "nats://127.0.0.1:4222",
        *,
        prefix: str = "trivet-jobs",
        patience: float = 30.0,
        replicas: int = 1,
        options: dict[str, Any] | None = None,  # nats-py's own, of any type
    ) -> None:
        checked("NatsEngine", prefix, patience)
        self.prefix = prefix
        self.patience = patience
        self._servers = [servers] if isinstance(servers, str) else list(servers)
        self._replicas = replicas
        self._options = options or {}
        self._client: Client | None = None
        self._lost = asyncio.Event()  # set once the client's connection is closed
        self._has_stream = False
        self._known: set[str] = set()  # queues whose consumer is there
        self._opening = asyncio.Lock()
        self._is_open = False

    def __repr__(self) -> str:
        return f"<NatsEngine {self._where} {self.prefix}>"

    @property
    def _where(self) -> str:
        return ", ".join(map(server_of, self._servers))

    # -- the connection --------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, and make the stream where it is missing; see `Engine.open`."""
        self._is_open = True
        await self._connected()

    async def close(self) -> None:
        """Send what is still to be sent, and close the connection."""
        async with self._opening:
            self._is_open = False
            client, self._client = self._client, None
            if client is not None and not client.is_closed:
                with suppress(*_GONE):
                    await client.flush(2)
                await client.close()

    async def _connected(self) -> Client:
        async with self._opening:
            if not self._is_open:
                raise EngineAway(f"{self!r} is not open: `await engine.open()` first")
            client = self._client
            if client is None or client.is_closed:
                self._has_stream = False
                client = self._client = await self._connect()
            if not self._has_stream:
                self._known.clear()
                try:
                    await self._make_stream(client.jetstream(timeout=_TIMEOUT))
                except _GONE as error:
                    raise self._away(error) from error
                self._has_stream = True
            return client

    async def _connect(self) -> Client:
        lost = self._lost = asyncio.Event()

        async def was_closed() -> None:
            lost.set()

        options = {
            "closed_cb": was_closed,
            # A lost connection is seen at once, and made anew by who needs it.
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": _SHORT,
            "ping_interval": max(1, round(self.patience / 3)),
            "error_cb": _said,
            **self._options,
        }
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await nats.connect(self._servers, **options)
        except _GONE as error:
            raise self._away(error) from error

    async def _make_stream(self, stream: JetStreamContext) -> None:
        subjects = [f"{self.prefix}.*"]
        try:
            found = (await stream.stream_info(self.prefix)).config
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=self.prefix,
                    subjects=subjects,
                    retention=RetentionPolicy.WORK_QUEUE,
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.NEW,
                    duplicate_window=_DUPLICATES,
                    num_replicas=self._replicas,
                )
            )
            return
        if found.retention != RetentionPolicy.WORK_QUEUE or found.subjects != subjects:
            raise SetupError(
                f"the stream {self.prefix!r} on {self._where} is not this engine's: it keeps"
                f" messages by {found.retention!r}, of the subjects {found.subjects!r}",
                code="jobs.engine",
                mend='NatsEngine(..., prefix="another")',
            )

    def _away(self, error: BaseException) -> EngineAway:
        # Whatever it was: the stream is looked for, and made where somebody has deleted it.
        self._has_stream = False
        return EngineAway(f"NATS at {self._where}: {type(error).__name__}: {error}")

    async def _with_consumer(self, queue: str) -> tuple[JetStreamContext, str]:
        """Give the stream and the consumer of a queue, which is made where it is missing."""
        client = await self._connected()
        stream = client.jetstream(timeout=_TIMEOUT)
        token = token_of(queue)
        if token not in self._known:
            wanted = ConsumerConfig(
                durable_name=token,
                filter_subject=f"{self.prefix}.{token}",
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self.patience,
                max_deliver=-1,
                max_ack_pending=-1,
                max_waiting=_PULLS,
            )
            try:
                await stream.add_consumer(self.prefix, wanted)
            except _GONE as error:
                raise self._away(error) from error
            self._known.add(token)
        return stream, token

    # -- messages --------------------------------------------------------------------------------

    async def send(self, queue: str, messages: Sequence[Message]) -> None:
        """Give messages to a queue; see `Engine.send`."""
        client = await self._connected()
        for message in messages:
            # The server counts the headers, of which the id is one.
            largest = client.max_payload - _HEADER - len(token_of(queue)) - len(message.id.encode())
            if len(message.body) > largest:
                raise MessageTooLarge(
                    message, largest, "raise max_payload of the NATS server, by default 1 MiB"
                )
        token = token_of(queue)
        stream = client.jetstream(timeout=_TIMEOUT)
        for start in range(0, len(messages), _AT_ONCE):
            sending = asyncio.gather(
                *(
                    stream.publish(
                        f"{self.prefix}.{token}",
                        message.body,
                        stream=self.prefix,
                        headers={"Nats-Msg-Id": f"{token}:{message.id}"},
                    )
                    for message in messages[start : start + _AT_ONCE]
                ),
                return_exceptions=True,
            )
            for one in await self._unless_lost(sending):
                if isinstance(one, _GONE):
                    raise self._away(one) from one
                if isinstance(one, BaseException):
                    raise one

    async def _unless_lost(self, sending: asyncio.Future[list[Any]]) -> list[Any]:
        """Wait for answers, as long as they can come: nats-py waits on for those that cannot."""
        losing = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait((sending, losing), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise self._away(ConnectionError("the connection is lost"))
            return sending.result()
        finally:
            losing.cancel()
            if not sending.done():
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def deliveries(self, queues: Sequence[str], most: int) -> AsyncGenerator[Delivery, None]:
        """Give messages as they come; see `Engine.deliveries`."""
        pulls: dict[str, JetStreamContext.PullSubscription] = {}
        looked = dict.fromkeys(queues, monotonic())
        client: Client | None = None

        async def pull(queue: str, count: int, wait: float, room: Room) -> Sequence[Delivery]:
            nonlocal client
            try:
                connected = await self._connected()
                if connected is not client:
                    client = connected
                    pulls.clear()
                if queue not in pulls:
                    stream, token = await self._with_consumer(queue)
                    pulls[queue] = await stream.pull_subscribe_bind(token, self.prefix)
                messages = await pulls[queue].fetch(count, timeout=wait or _SHORT)
            except TimeoutError:
                if client is not None and client.is_closed:
                    raise self._away(ConnectionError("the connection is lost")) from None
                if monotonic() - looked[queue] >= _LOOK:
                    # Of a consumer that somebody has deleted, one hears nothing either.
                    looked[queue] = monotonic()
                    self._known.discard(token_of(queue))
                    await self._with_consumer(queue)
                return ()
            except _GONE as error:
                raise self._away(error) from error
            return [_NatsDelivery(self, message, room.let_go) for message in messages]

        return pulled(queues, most, pull)

    async def waiting(self, queue: str) -> int:
        """Count the messages that wait in a queue or are in workers' hands."""
        try:
            stream, token = await self._with_consumer(queue)
            found = await stream.consumer_info(self.prefix, token)
        except _GONE as error:
            raise self._away(error) from error
        return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def _say(self, subject: str, what: bytes) -> None:
        client = await self._connected()
        try:
            await client.publish(subject, what)
        except _GONE as error:
            raise self._away(error) from error


class _NatsDelivery:
    """A message of JetStream; what is said of it is a message to the subject of its reply."""

    def __init__(self, engine: NatsEngine, message: Msg, let_go: Callable[[], None]) -> None:
        self.body = message.data
        self.times = message.metadata.num_delivered
        self._engine = engine
        self._reply = message.reply
        self._let_go = let_go

    async def renew(self) -> None:
        await self._engine._say(self._reply, b"+WPI")

    async def done(self) -> None:
        await self._settle(b"+ACK")

    async def back(self, pause: float) -> None:
        what = b"-NAK"
        if pause > 0:
            what += b" " + json.dumps({"delay": round(pause * 1e9)}).encode()
        await self._settle(what)

    async def _settle(self, what: bytes) -> None:
        let_go, self._let_go = self._let_go, _nothing
        let_go()
        await self._engine._say(self._reply, what)


def _nothing() -> None:
    """Let go of a hand once only."""


async def _said(error: Exception) -> None:
    # What nats-py would log as an error; who uses the connection hears of it by EngineAway.
    _log.debug("NATS: %s", error)
