"""Jobs carried by RabbitMQ: one durable quorum queue for each queue of jobs.

Every message is persistent and its publication confirmed; one that the broker cannot put into a
queue is an error. The broker drops nothing: what was handed out more than a thousand times goes
into the queue ``{prefix}.dead``, for people.

RabbitMQ knows no time after which a message that is in a worker's hands goes to another: it waits
for the connection to end, which it takes for dead when heart-beats of half the `patience` are
missed twice. For the worker that lives and has forgotten a message, the engine keeps the time
itself, and puts back what nobody has renewed for `patience`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from trivet.errors import MissingExtraError, SetupError
from trivet.jobs.engines.engine import Delivery, EngineAway, Message, MessageTooLarge
from trivet.jobs.engines.naming import checked, server_of, token_of
from trivet.jobs.engines.sharing import GONE, Taking

try:
    import aio_pika
    from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
    from aio_pika.exceptions import ChannelPreconditionFailed
except ImportError as error:
    raise MissingExtraError("aio-pika", "rabbitmq", what="RabbitMqEngine") from error

__all__ = ["RabbitMqEngine"]

_TIMEOUT = 5.0  # seconds for an answer of the broker
_AT_ONCE = 256  # messages that are sent and not confirmed yet
_DELIVERIES = 1000  # of one message, before it goes into the dead queue
_LARGEST = 16 * 1024 * 1024  # bytes: what RabbitMQ 4 takes, unless it is told otherwise
_LONGEST = 86_400_000  # milliseconds for which a worker may have a message, from RabbitMQ 3.12 on


class RabbitMqEngine:
    """Carries jobs by RabbitMQ, 3.10 or later.

    Everything it makes on the broker begins with `prefix`. A message is given to another worker
    `patience` seconds after it was last renewed, or about twice as long after its worker's
    connection has gone silent. A worker may have a message for a day; a broker before 3.12 closes
    its channel after 30 minutes, unless `consumer_timeout` in its own settings says more.
    """

    def __init__(
        self,
        url: str = "amqp://guest:guest@127.0.0.1:5672/",
        *,
        prefix: str = "trivet-jobs",
        patience: float = 30.0,
    ) -> None:
        checked("RabbitMqEngine", prefix, patience)
        if urlsplit(url).scheme not in ("amqp", "amqps"):
            raise SetupError(
                "RabbitMqEngine has an address that begins neither with amqp:// nor with amqps://",
                code="jobs.engine",
                mend='RabbitMqEngine("amqp://user:password@127.0.0.1:5672/")',
            )
        self.prefix = prefix
        self.patience = patience
        self._url = url
        self._connection: AbstractConnection | None = None
        self._sending: AbstractChannel | None = None
        self._known: set[str] = set()  # queues that are there
        self._takings: set[Taking] = set()
        self._opening = asyncio.Lock()
        self._is_open = False

    def __repr__(self) -> str:
        return f"<RabbitMqEngine {self._where} {self.prefix}>"

    @property
    def _where(self) -> str:
        return server_of(self._url)

    # -- the connection --------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, and make the dead queue where it is missing; see `Engine.open`."""
        self._is_open = True
        await self._channel()

    async def close(self) -> None:
        """Close the connection: what is in hands waits for other workers at once."""
        async with self._opening:
            self._is_open = False
            for taking in list(self._takings):
                await taking.end()
            await self._drop()

    async def _channel(self) -> AbstractChannel:
        """Give the channel that messages are sent by, connected anew where it is lost."""
        async with self._opening:
            if self._sending is not None and not self._sending.is_closed:
                return self._sending
            if not self._is_open:
                raise EngineAway(f"{self!r} is not open: `await engine.open()` first")
            try:
                async with asyncio.timeout(_TIMEOUT):
                    connection = await self._connected()
                    self._sending = await _opened(connection, on_return_raises=True)
            except GONE as error:
                await self._drop()
                raise self._away(error) from error
            return self._sending

    async def _present(self) -> AbstractConnection:
        await self._channel()
        if self._connection is None:
            raise ConnectionError("the connection is lost")
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._sending = None
        if connection is not None:
            with suppress(*GONE):
                async with asyncio.timeout(_TIMEOUT):
                    await connection.close()

    async def _connected(self) -> AbstractConnection:
        connection = self._connection
        # One whose opening was cut short is closed, and nobody was told.
        if connection is None or connection.is_closed:
            self._known.clear()
            connection = self._connection = await aio_pika.connect(
                _with_heartbeat(self._url, max(1, round(self.patience / 2)))
            )
            await self._make(connection, self._name("dead"), {"x-queue-type": "quorum"})
        return connection

    def _away(self, error: BaseException) -> EngineAway:
        return EngineAway(f"RabbitMQ at {self._where}: {type(error).__name__}: {error}")

    def _name(self, what: str) -> str:
        return f"{self.prefix}.{what}"

    async def _make(
        self, connection: AbstractConnection, name: str, arguments: dict[str, str | int]
    ) -> None:
        # On a channel of its own: the broker closes that by which something else was asked for.
        async with await _opened(connection) as channel:
            try:
                await channel.declare_queue(name, durable=True, arguments=dict(arguments))
            except ChannelPreconditionFailed as error:
                raise SetupError(
                    f"the queue {name!r} on {self._where} was made otherwise: {error}",
                    code="jobs.engine",
                    mend='RabbitMqEngine(..., prefix="another")',
                ) from error

    async def _make_queue(self, queue: str) -> str:
        """Make the queue where it is missing; gives its name on the broker."""
        name = self._name(f"queue.{token_of(queue)}")
        if name not in self._known:
            await self._make(
                await self._present(),
                name,
                {
                    "x-queue-type": "quorum",
                    "x-delivery-limit": _DELIVERIES,
                    "x-consumer-timeout": _LONGEST,
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": self._name("dead"),
                    # Without these two, what is on its way into the dead queue could be lost.
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            )
            self._known.add(name)
        return name

    # -- messages --------------------------------------------------------------------------------

    async def send(self, queue: str, messages: Sequence[Message]) -> None:
        """Give messages to a queue; see `Engine.send`."""
        for message in messages:
            if len(message.body) > _LARGEST:
                raise MessageTooLarge(message, _LARGEST, "send less")
        channel = await self._channel()
        try:
            name = await self._make_queue(queue)
        except GONE as error:
            raise self._away(error) from error
        for start in range(0, len(messages), _AT_ONCE):
            ended = await asyncio.gather(
                *(
                    channel.default_exchange.publish(
                        aio_pika.Message(
                            message.body,
                            message_id=message.id,
                            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        ),
                        routing_key=name,
                        mandatory=True,
                        timeout=_TIMEOUT,
                    )
                    for message in messages[start : start + _AT_ONCE]
                ),
                return_exceptions=True,
            )
            for one in ended:
                if isinstance(one, GONE):
                    # A queue that somebody has deleted is made anew.
                    self._known.clear()
                    raise self._away(one) from one
                if isinstance(one, BaseException):
                    raise one

    async def deliveries(self, queues: Sequence[str], most: int) -> AsyncGenerator[Delivery, None]:
        """Give messages as they come; see `Engine.deliveries`."""
        try:
            found = [await self._make_queue(queue) for queue in queues]
            channel = await _opened(await self._present(), publisher_confirms=False)
            taking = Taking(channel, found, most, self.patience, self._away)
        except GONE as error:
            self._known.clear()
            raise self._away(error) from error
        self._takings.add(taking)
        taking.begin(self._takings.discard)
        try:
            while True:
                one = await taking.found.get()
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            await asyncio.shield(taking.leave())

    async def waiting(self, queue: str) -> int:
        """Count the messages that wait in a queue or are in the hands of this engine's own workers.

        Of those in others' hands, a client of RabbitMQ is told nothing.
        """
        try:
            name = await self._make_queue(queue)
            async with await _opened(await self._present()) as channel:
                declared: AbstractQueue = await channel.declare_queue(name, passive=True)
        except GONE as error:
            self._known.clear()
            raise self._away(error) from error
        count = declared.declaration_result.message_count or 0
        return count + sum(taking.held_of(name) for taking in self._takings)


async def _opened(connection: AbstractConnection, **options: bool) -> AbstractChannel:
    try:
        channel = connection.channel(**options)
        await channel.initialize()
    except RuntimeError as error:  # which is how a closed connection answers
        raise ConnectionError(*error.args) from error
    return channel


def _with_heartbeat(url: str, seconds: int) -> str:
    parts = urlsplit(url)
    if "heartbeat=" in parts.query:
        return url
    query = f"{parts.query}&heartbeat={seconds}" if parts.query else f"heartbeat={seconds}"
    return parts._replace(query=query, path=parts.path or "/").geturl()
