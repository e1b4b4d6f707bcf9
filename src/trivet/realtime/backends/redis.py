"""Redis: a stream for each topic whose messages are kept, and publish/subscribe for what is new.

The numbers of a topic come from a counter beside its stream, under an epoch that goes with it, and
are the ids of the stream. One script adds, trims and tells, so that nothing comes between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from trivet.errors import MissingExtraError
from trivet.realtime.backends.backend import Backend, Entry, Heard, History, Keep
from trivet.realtime.errors import BackendAway
from trivet.realtime.position import Position, new_epoch

try:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import RedisError
    from redis.exceptions import TimeoutError as RedisTimeoutError
except ModuleNotFoundError as error:
    raise MissingExtraError("redis", "redis", what="RedisBackend") from error

__all__ = ["RedisBackend"]

_LOG = logging.getLogger("trivet.realtime")
_FORGOTTEN = 7 * 24 * 3600  # seconds after which a silent topic begins a new epoch
_PATIENCE = 3.0  # seconds that an answer may take
_DELAYS = (0.1, 0.3, 1.0, 2.0)  # seconds before listening is tried again; the last repeats

# KEYS: counter, stream. ARGV: new epoch, data, now, count, seconds, channel.
_PUBLISH = """
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 1 then redis.call('DEL', KEYS[2]) end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local number = redis.call('HINCRBY', KEYS[1], 'number', 1)
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[4], number .. '-0', 'd', ARGV[2], 't', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[6], epoch .. ' ' .. number .. ' ' .. ARGV[3] .. ' ' .. ARGV[2])
return {epoch, number}
"""
# KEYS: counter, stream. ARGV: new epoch, epoch and number to read after, seconds of the counter.
_READ = """
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 1 then redis.call('DEL', KEYS[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local number = tonumber(redis.call('HGET', KEYS[1], 'number') or '0')
local from = '-'
if epoch == ARGV[2] then from = '(' .. ARGV[3] .. '-0' end
return {epoch, number, redis.call('XRANGE', KEYS[2], from, '+'),
  redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)}
"""


class RedisBackend(Backend):
    """Messages are carried by Redis, and kept in its memory.

    `prefix` stands before all keys. While Redis is away, publishing raises `BackendAway`, and
    clients get what is kept once it is there again; what it forgets when it ends is a gap.
    """

    poll = 5.0

    def __init__(
        self, url: str = "redis://127.0.0.1:6379/0", *, prefix: str = "trivet:rt:"
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._client: Redis | None = None
        self._pubsub: PubSub | None = None
        self._listening: asyncio.Task[None] | None = None
        self._is_listening = asyncio.Event()
        self._watched: dict[str, bool] = {}
        self._confirmed: dict[str, asyncio.Future[None]] = {}

    # -- connections -----------------------------------------------------------------------------

    @property
    def _redis(self) -> Any:  # Any: its commands are typed for both its clients at once
        if self._client is None:
            self._client = Redis.from_url(
                self._url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
            )
        return self._client

    async def open(self, heard: Heard) -> None:
        self._is_listening = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(heard))

    async def close(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        client, self._client = self._client, None
        self._watched.clear()
        if client is not None:
            await client.aclose()

    async def _listen(self, heard: Heard) -> None:
        failures = 0
        while True:
            pubsub = self._redis.pubsub()
            try:
                await pubsub.subscribe(self._prefix + "people")
                for topic, is_kept in list(self._watched.items()):
                    await pubsub.subscribe(self._channel(topic, is_kept))
                self._pubsub = pubsub
                self._is_listening.set()
                heard.missed()
                failures = 0
                await self._follow(pubsub, heard)
            except (RedisError, OSError) as error:
                _LOG.debug("nothing listens to Redis for now: %s", error)
            finally:
                self._pubsub = None
                self._is_listening.clear()
                with suppress(RedisError, OSError):
                    await pubsub.aclose()
            await asyncio.sleep(_DELAYS[min(failures, len(_DELAYS) - 1)])
            failures += 1

    async def _follow(self, pubsub: PubSub, heard: Heard) -> None:
        kept, passed = self._channel("", True).encode(), self._channel("", False).encode()
        pinged = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=5.0)
            if time.monotonic() - pinged > 10.0:
                pinged = time.monotonic()
                await pubsub.ping()  # a connection that is dead shows it
            if message is None or message["type"] not in ("message", "subscribe"):
                continue
            channel, data = message["channel"], message["data"]
            if message["type"] == "subscribe":
                confirmed = self._confirmed.pop(channel.decode(), None)
                if confirmed is not None and not confirmed.done():
                    confirmed.set_result(None)
                elif channel.startswith(kept):  # anew: what came meanwhile was not heard
                    heard.hinted(channel[len(kept) :].decode())
            elif channel.startswith(kept):
                epoch, number, at, text = data.split(b" ", 3)
                entry = Entry(int(number), int(number) - 1, text, float(at))
                heard.added(channel[len(kept) :].decode(), epoch.decode(), entry)
            elif channel.startswith(passed):
                heard.passed(channel[len(passed) :].decode(), data)
            else:
                heard.moved(data.decode())

    def _channel(self, topic: str, is_kept: bool) -> str:
        return f"{self._prefix}{'kept' if is_kept else 'passed'}:{topic}"

    async def watch(self, topic: str, keep: Keep | None) -> None:
        self._watched[topic] = keep is not None
        channel = self._channel(topic, keep is not None)
        confirmed = self._confirmed[channel] = asyncio.get_running_loop().create_future()
        async with _translated(), asyncio.timeout(_PATIENCE):
            if self._pubsub is None:
                await self._is_listening.wait()
            if self._pubsub is not None:
                await self._pubsub.subscribe(channel)
            await confirmed

    async def unwatch(self, topic: str) -> None:
        is_kept = self._watched.pop(topic, False)
        if self._pubsub is not None:
            async with _translated():
                await self._pubsub.unsubscribe(self._channel(topic, is_kept))

    # -- messages --------------------------------------------------------------------------------

    def _keys(self, topic: str) -> tuple[str, str]:
        # Both in one slot of a cluster.
        return f"{self._prefix}{{{topic}}}:number", f"{self._prefix}{{{topic}}}:stream"

    async def publish(self, topic: str, data: bytes, keep: Keep | None) -> Position | None:
        async with _translated():
            if keep is None:
                await self._redis.publish(self._channel(topic, False), data)
                return None
            epoch, number = await self._redis.eval(
                _PUBLISH,
                2,
                *self._keys(topic),
                new_epoch(),
                data,
                repr(time.time()),
                keep.count,
                int(keep.seconds * 1000),
                self._channel(topic, True),
                int(_FORGOTTEN + keep.seconds),
            )
            return Position(epoch.decode(), number)
        raise AssertionError("either it is sent, or it has raised")

    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        place = after or Position("", 0)
        forgotten = int(_FORGOTTEN + keep.seconds)
        async with _translated():
            epoch, number, found, first = await self._redis.eval(
                _READ, 2, *self._keys(topic), new_epoch(), place.epoch, place.number, forgotten
            )
        oldest = time.time() - keep.seconds
        entries = [entry for entry in map(_entry, found) if entry.at >= oldest]
        floor = int(number)
        if first and _entry(first[0]).at >= oldest:
            floor = _entry(first[0]).number - 1
        elif entries:  # what is before them is too old, or was not asked for
            floor = entries[0].number - 1
        return History(Position(epoch.decode(), number), entries, floor)

    async def latest(self, topics: Mapping[str, Keep]) -> Mapping[str, Position]:
        found: dict[str, Position] = {}
        async with _translated(), self._redis.pipeline(transaction=False) as pipeline:
            for topic in topics:
                pipeline.hmget(self._keys(topic)[0], "epoch", "number")
            for topic, (epoch, number) in zip(topics, await pipeline.execute(), strict=True):
                if epoch is not None:
                    found[topic] = Position(epoch.decode(), int(number or 0))
        return found

    # -- people ----------------------------------------------------------------------------------

    async def hold(self, topic: str, process: str, members: bytes | None) -> None:
        key = f"{self._prefix}people:{topic}"
        async with _translated(), self._redis.pipeline(transaction=True) as pipeline:
            if members is None:
                pipeline.hdel(key, process)
            else:
                pipeline.hset(key, process, members)
                pipeline.expire(key, _FORGOTTEN)
            pipeline.publish(self._prefix + "people", topic)
            await pipeline.execute()

    async def held(self, topic: str) -> Mapping[str, bytes]:
        key = f"{self._prefix}people:{topic}"
        async with _translated():
            said = await self._redis.hgetall(key)
            living = await self._living()
            dead = [name for name in said if name.decode() not in living]
            if dead:
                await self._redis.hdel(key, *dead)
            return {
                name.decode(): members for name, members in said.items() if name.decode() in living
            }
        raise AssertionError("either it is known, or it has raised")

    async def beat(self, process: str, seconds: float) -> frozenset[str]:
        async with _translated():
            now = time.time()
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.zadd(self._prefix + "processes", {process: now + seconds})
                pipeline.zremrangebyscore(self._prefix + "processes", "-inf", now)
                await pipeline.execute()
            return await self._living()
        raise AssertionError("either it is known, or it has raised")

    async def _living(self) -> frozenset[str]:
        found = await self._redis.zrangebyscore(self._prefix + "processes", time.time(), "+inf")
        return frozenset(name.decode() for name in found)


def _entry(found: Any) -> Entry:
    place, fields = found
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    number = int(place.split(b"-")[0])
    return Entry(number, number - 1, values[b"d"], float(values[b"t"]))


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Raise what the rest knows in place of Redis' errors."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise BackendAway("Redis", error) from error
