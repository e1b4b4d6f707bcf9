"""NATS: a JetStream stream for each channel that keeps messages, and NATS' own subjects for others.

What is stored is published again by the server, with its number and that of the one before it on
its subject: so a message that follows on the last one needs no reading. Numbers are those of the
stream, which all topics of a channel share, so that they have holes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from trivet.errors import MissingExtraError
from trivet.realtime.backends.backend import Backend, Entry, Heard, History, Keep
from trivet.realtime.errors import BackendAway
from trivet.realtime.position import Position

try:
    import nats
    from nats.aio.client import Client
    from nats.errors import Error as NatsError
    from nats.js.api import DiscardPolicy, RePublish, StreamConfig
    from nats.js.errors import (
        APIError,
        BadRequestError,
        NoStreamResponseError,
        NotFoundError,
        ServerError,
    )
except ModuleNotFoundError as error:
    raise MissingExtraError("nats-py", "nats", what="NatsBackend") from error

__all__ = ["NatsBackend"]

_LOG = logging.getLogger("trivet.realtime")
_PATIENCE = 3  # seconds that an answer may take
_PAUSE = 0.5  # seconds between two attempts to connect


class NatsBackend(Backend):
    """Messages are carried by NATS, and kept by JetStream.

    `prefix` stands before all subjects and streams. `options` are those of `nats.connect`. While
    NATS is away, publishing raises `BackendAway`, and clients get what is kept once it is there
    again. A client that comes again to a quiet topic after longer than the channel keeps messages
    may be told of a gap where there was none.
    """

    poll = 10.0

    def __init__(
        self,
        url: str = "nats://127.0.0.1:4222",
        *,
        prefix: str = "trivet_rt",
        **options: Any,  # Any: as nats.connect takes them
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._options = options
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._opening: asyncio.Task[None] | None = None
        self._heard: Heard | None = None
        self._streams: dict[str, str] = {}  # their epochs, by name
        self._subscribed: dict[str, Any] = {}  # Any: nats' subscriptions

    # -- connections -----------------------------------------------------------------------------

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None:
                self._client = await nats.connect(
                    self._url,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_PAUSE,
                    connect_timeout=2,
                    ping_interval=10,
                    error_cb=_note,
                    reconnected_cb=self._reconnected,
                    **self._options,
                )
            if not self._client.is_connected:
                raise BackendAway("NATS")
            return self._client

    async def _reconnected(self) -> None:
        self._streams.clear()  # the server may have forgotten them
        if self._heard is not None:
            self._heard.missed()

    async def open(self, heard: Heard) -> None:
        self._heard = heard
        self._connecting = asyncio.Lock()
        self._opening = asyncio.create_task(self._open(heard))

    async def _open(self, heard: Heard) -> None:
        async def moved(message: Any) -> None:
            heard.moved(message.data.decode())

        while True:
            with suppress(BackendAway):
                async with _translated():
                    client = await self._connected()
                    await client.subscribe(f"{self._prefix}.moved", cb=moved)
                    heard.missed()
                    return
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        self._heard = None
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        client, self._client = self._client, None
        self._subscribed.clear()
        self._streams.clear()
        if client is not None:
            with suppress(NatsError, OSError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await client.flush()
            await client.close()

    async def watch(self, topic: str, keep: Keep | None) -> None:
        async with _translated():
            client = await self._connected()
            if topic in self._subscribed:
                return
            if keep is None:
                subject, take = f"{self._prefix}.passed.{_word(topic)}", self._passed(topic)
            else:
                name = await self._stream(keep)
                subject = f"{self._prefix}.told.{_short(keep)}.{_word(topic)}"
                take = self._added(topic, name)
            self._subscribed[topic] = await client.subscribe(subject, cb=take)
            await client.flush(_PATIENCE)  # from now on it is heard

    def _passed(self, topic: str) -> Any:
        async def take(message: Any) -> None:
            if self._heard is not None:
                self._heard.passed(topic, message.data)

        return take

    def _added(self, topic: str, stream: str) -> Any:
        async def take(message: Any) -> None:
            if self._heard is None:
                return
            headers = message.headers or {}
            epoch = self._streams.get(stream)
            number = int(headers.get("Nats-Sequence", 0))
            if epoch is None or not number:
                self._heard.hinted(topic)
                return
            previous = int(headers.get("Nats-Last-Sequence", 0))
            self._heard.added(topic, epoch, Entry(number, previous, message.data, time.time()))

        return take

    async def unwatch(self, topic: str) -> None:
        subscription = self._subscribed.pop(topic, None)
        if subscription is not None:
            async with _translated():
                await subscription.unsubscribe()

    # -- messages --------------------------------------------------------------------------------

    async def _stream(self, keep: Keep) -> str:
        """Make the stream of a channel if it is not there, as the channel wants it."""
        short = _short(keep)
        name = f"{self._prefix}_{short}"
        config = StreamConfig(
            name=name,
            description=f"messages of {keep.name}",
            subjects=[f"{self._prefix}.kept.{short}.*"],
            max_age=keep.seconds,
            max_msgs_per_subject=keep.count,
            discard=DiscardPolicy.OLD,
            republish=RePublish(
                src=f"{self._prefix}.kept.{short}.*",
                dest=f"{self._prefix}.told.{short}.{{{{wildcard(1)}}}}",
            ),
        )
        return await self._made(config)

    async def _made(self, config: StreamConfig) -> str:
        name = str(config.name)
        if name not in self._streams:
            manager = (await self._connected()).jetstream(timeout=_PATIENCE)
            try:
                info = await manager.add_stream(config)
            except BadRequestError:  # it is there, with another configuration
                info = await manager.update_stream(config)
            self._streams[name] = _epoch(info)
        return name

    async def publish(self, topic: str, data: bytes, keep: Keep | None) -> Position | None:
        async with _translated():
            client = await self._connected()
            if keep is None:
                await client.publish(f"{self._prefix}.passed.{_word(topic)}", data)
                return None
            stream = await self._stream(keep)
            subject = f"{self._prefix}.kept.{_short(keep)}.{_word(topic)}"
            try:
                sent = await client.jetstream(timeout=_PATIENCE).publish(subject, data)
            except NoStreamResponseError:  # somebody has deleted it
                self._streams.pop(stream, None)
                await self._stream(keep)
                sent = await client.jetstream(timeout=_PATIENCE).publish(subject, data)
            while stream not in self._streams:  # a connection that was made anew forgets them
                await self._stream(keep)
            return Position(self._streams[stream], sent.seq)
        raise AssertionError("either it is sent, or it has raised")

    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        async with _translated():
            stream = await self._stream(keep)
            manager = (await self._connected()).jetstream(timeout=_PATIENCE)
            info = await manager.stream_info(stream)
            epoch = self._streams[stream] = _epoch(info)
            start = after.number if after is not None and after.epoch == epoch else 0
            subject = f"{self._prefix}.kept.{_short(keep)}.{_word(topic)}"
            entries: list[Entry] = []
            number = start
            while True:
                try:
                    found: Any = await manager.get_msg(
                        stream, seq=number + 1, subject=subject, next=True
                    )
                except NotFoundError:
                    break
                entries.append(Entry(found.seq, number, found.data or b"", found.time.timestamp()))
                number = found.seq
        first = info.state.first_seq - 1
        floor = start if start and first <= start else first
        if len(entries) >= keep.count:  # those before may have had to go
            floor = max(floor, entries[0].number - 1)
        reached = entries[-1].number if entries else (start or info.state.last_seq)
        return History(Position(epoch, max(reached, floor)), entries, floor)

    async def latest(self, topics: Mapping[str, Keep]) -> Mapping[str, Position]:
        found: dict[str, Position] = {}
        async with _translated():
            manager = (await self._connected()).jetstream(timeout=_PATIENCE)
            for topic, keep in topics.items():
                stream = await self._stream(keep)
                subject = f"{self._prefix}.kept.{_short(keep)}.{_word(topic)}"
                with suppress(NotFoundError):
                    last: Any = await manager.get_last_msg(stream, subject)
                    found[topic] = Position(self._streams[stream], last.seq)
        return found

    # -- people ----------------------------------------------------------------------------------

    async def _latest_of(self, what: str, subjects: str, seconds: float) -> str:
        """Make a stream that keeps the latest message of each subject."""
        return await self._made(
            StreamConfig(
                name=f"{self._prefix}_{what}",
                subjects=[f"{self._prefix}.{what}.{subjects}"],
                max_msgs_per_subject=1,
                max_age=seconds,
            )
        )

    async def hold(self, topic: str, process: str, members: bytes | None) -> None:
        subject = f"{self._prefix}.people.{_word(topic)}.{process}"
        async with _translated():
            client = await self._connected()
            stream = await self._latest_of("people", "*.*", 0)
            context = client.jetstream(timeout=_PATIENCE)
            if members is None:
                await context.purge_stream(stream, subject=subject)
            else:
                await context.publish(subject, members)
            await client.publish(f"{self._prefix}.moved", topic.encode())

    async def held(self, topic: str) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        async with _translated():
            manager = (await self._connected()).jetstream(timeout=_PATIENCE)
            stream = await self._latest_of("people", "*.*", 0)
            subjects = await self._subjects(stream, f"{self._prefix}.people.{_word(topic)}.*")
            living = await self._living() if subjects else frozenset()
            for subject in subjects:
                process = subject.rpartition(".")[2]
                if process not in living:
                    await manager.purge_stream(stream, subject=subject)
                    continue
                with suppress(NotFoundError):
                    found[process] = (await manager.get_last_msg(stream, subject)).data or b"[]"
        return found

    async def beat(self, process: str, seconds: float) -> frozenset[str]:
        async with _translated():
            client = await self._connected()
            await self._latest_of("process", "*", seconds)
            context = client.jetstream(timeout=_PATIENCE)
            await context.publish(f"{self._prefix}.process.{process}", b"lives")
            return await self._living()
        raise AssertionError("either it is known, or it has raised")

    async def _living(self) -> frozenset[str]:
        name = f"{self._prefix}_process"
        if name not in self._streams:
            return frozenset()
        subjects = await self._subjects(name, f"{self._prefix}.process.*")
        return frozenset(subject.rpartition(".")[2] for subject in subjects)

    async def _subjects(self, stream: str, pattern: str) -> list[str]:
        manager = (await self._connected()).jetstream(timeout=_PATIENCE)
        info = await manager.stream_info(stream, subjects_filter=pattern)
        return list(info.state.subjects or ())


def _short(keep: Keep) -> str:
    """Give the name of a channel as a word that subjects and streams may have."""
    return hashlib.blake2s(keep.name.encode(), digest_size=8).hexdigest()


def _word(topic: str) -> str:
    """Give a topic as one word of a subject, whose words stand between dots."""
    return topic.replace("%", "%25").replace(".", "%2E")


def _epoch(info: Any) -> str:
    return f"{int(info.created.timestamp() * 1000):x}"


async def _note(error: Exception) -> None:
    _LOG.debug("NATS: %r", error)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Raise what the rest knows in place of NATS' errors."""
    try:
        async with asyncio.timeout(2 * _PATIENCE):
            yield
    except (APIError, NatsError, OSError, TimeoutError) as error:
        is_ours = isinstance(error, APIError) and not isinstance(error, ServerError)
        if is_ours and not isinstance(error, NotFoundError):
            raise
        raise BackendAway("NATS", error) from error
