"""Jobs carried by Redis Streams: one stream and one group of consumers for each queue.

What is done is taken out of the stream, so that it holds what waits and what is in workers' hands,
and nothing else. Redis counts how long an entry is idle; workers claim what nobody has renewed for
`patience`, with a look at least every second.

Redis keeps what its file of changes keeps: with `appendonly yes` and `appendfsync everysec` a crash
of the machine loses up to a second of confirmed messages, with `always` none, without the file all
since the last snapshot. `maxmemory-policy` has to be `noeviction`, as any other may throw away a
whole queue.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from time import monotonic
from typing import Any

from trivet.errors import MissingExtraError, SetupError
from trivet.jobs.engines.engine import Delivery, EngineAway, Message, MessageTooLarge
from trivet.jobs.engines.naming import checked, server_of
from trivet.jobs.engines.pulling import Room, pulled

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import RedisError, ResponseError
except ImportError as error:
    raise MissingExtraError("redis", "redis", what="RedisEngine") from error

__all__ = ["RedisEngine"]

_TIMEOUT = 5.0  # seconds for an answer of the server
_AT_ONCE = 500  # messages of one pipeline
_LARGEST = 512 * 1024 * 1024  # bytes of a value, unless the server is told otherwise
_GROUP = "workers"
_BACK = "back"  # the consumer that has what was given back, until somebody claims it
_LOOKS = 4  # for lapsed entries, within the patience
_GONE_AFTER = 60.0  # seconds after which a consumer that has nothing is forgotten, at least
_GONE = (RedisError, OSError, TimeoutError)

# Renew, or give back: only where the entry is still this consumer's, as XCLAIM asks nobody.
_CLAIM = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[4], 0, ARGV[3], 'IDLE', ARGV[5], 'JUSTID')
return 1
"""
# Forget consumers: only those that have nothing, as what they have would be forgotten with them.
_SWEEP = """
local gone = 0
for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local has = {}
  for i = 1, #one, 2 do has[one[i]] = one[i + 1] end
  local is_old = has['idle'] >= tonumber(ARGV[2]) or has['name'] == ARGV[3]
  if has['pending'] == 0 and is_old then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], has['name'])
    gone = gone + 1
  end
end
return gone
"""


class RedisEngine:
    """Carries jobs by the streams of one Redis server, 6.2 or later; not of a cluster.

    Everything it makes on the server begins with `prefix`. A message is given to another worker
    `patience` seconds after it was last renewed, and at most a second more. How well messages are
    kept is the server's: see the head of this module.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379",
        *,
        prefix: str = "trivet-jobs",
        patience: float = 30.0,
    ) -> None:
        checked("RedisEngine", prefix, patience)
        self.prefix = prefix
        self.patience = patience
        self.consumer = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._url = url
        self._client: Redis | None = None
        self._served: set[str] = set()  # keys of the queues it has read
        self._reading: set[asyncio.Future[Sequence[Delivery]]] = set()
        self._dones = _Dones(self)
        self._is_open = False

    def __repr__(self) -> str:
        return f"<RedisEngine {self._where} {self.prefix}>"

    @property
    def _where(self) -> str:
        return server_of(self._url)

    # -- the connection --------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect; see `Engine.open`."""
        self._is_open = True
        client = self._connected()
        try:
            await client.ping()
        except _GONE as error:
            raise self._away(error) from error

    async def close(self) -> None:
        """Forget this consumer where it has nothing in hands, and close the connections."""
        await self._dones.said()
        self._is_open = False
        if self._reading:
            # They end by themselves soon; a connection that is closed meanwhile opens again.
            await asyncio.wait(list(self._reading))
        client, self._client = self._client, None
        if client is None:
            return
        try:
            for key in self._served:
                await client.eval(_SWEEP, 1, key, _GROUP, self._long_gone, self.consumer)
        except _GONE:
            pass  # another worker forgets it
        self._served.clear()
        await client.aclose()

    def _connected(self) -> Redis:
        if not self._is_open:
            raise EngineAway(f"{self!r} is not open: `await engine.open()` first")
        if self._client is None:
            try:
                self._client = Redis.from_url(
                    self._url,
                    socket_timeout=_TIMEOUT,
                    socket_connect_timeout=_TIMEOUT,
                    # Once: connections of the pool may all be lost, and nobody knows it yet.
                    retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
                )
            except ValueError as error:
                raise SetupError(
                    f"RedisEngine cannot read its address: {error}",
                    code="jobs.engine",
                    mend='RedisEngine("redis://127.0.0.1:6379/0")',
                ) from error
        return self._client

    def _away(self, error: BaseException) -> EngineAway:
        return EngineAway(f"Redis at {self._where}: {type(error).__name__}: {error}")

    @property
    def _long_gone(self) -> int:
        return round(max(_GONE_AFTER, 10 * self.patience) * 1000)

    @property
    def _look(self) -> float:
        return min(1.0, self.patience / _LOOKS)

    def key_of(self, queue: str) -> str:
        """Give the key of a queue's stream."""
        return f"{self.prefix}:{queue}"

    # -- messages --------------------------------------------------------------------------------

    async def send(self, queue: str, messages: Sequence[Message]) -> None:
        """Give messages to a queue; see `Engine.send`."""
        for message in messages:
            if len(message.body) > _LARGEST:
                raise MessageTooLarge(message, _LARGEST, "send less")
        client = self._connected()
        for start in range(0, len(messages), _AT_ONCE):
            pipeline = client.pipeline(transaction=False)
            for message in messages[start : start + _AT_ONCE]:
                pipeline.xadd(self.key_of(queue), {"body": message.body})
            try:
                await pipeline.execute()
            except _GONE as error:
                raise self._away(error) from error

    def deliveries(self, queues: Sequence[str], most: int) -> AsyncGenerator[Delivery, None]:
        """Give messages as they come; see `Engine.deliveries`."""
        readers = {queue: _Reader(self, self.key_of(queue)) for queue in queues}

        async def pull(queue: str, count: int, wait: float, room: Room) -> Sequence[Delivery]:
            if not self._is_open:
                raise EngineAway(f"{self!r} is not open")
            reading = asyncio.ensure_future(readers[queue].read(count, wait, room))
            self._reading.add(reading)
            try:
                return await reading
            except _GONE as error:
                raise self._away(error) from error
            finally:
                self._reading.discard(reading)

        return pulled(queues, most, pull)

    async def waiting(self, queue: str) -> int:
        """Count the messages that wait in a queue or are in workers' hands."""
        try:
            return int(await self._connected().xlen(self.key_of(queue)))
        except _GONE as error:
            raise self._away(error) from error


class _Dones:
    """Says of messages that they are done: all that are meanwhile, while the server answers."""

    def __init__(self, engine: RedisEngine) -> None:
        self._engine = engine
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def say(self, key: str, id: bytes) -> None:
        """Take an entry out of its group and its stream; raises `EngineAway`."""
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, id, said))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="what is done, to Redis")
        await said

    async def said(self) -> None:
        """Wait until all is said."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            ids: dict[str, list[bytes]] = {}
            for key, id, _ in some:
                ids.setdefault(key, []).append(id)
            failure: EngineAway | None = None
            try:
                pipeline = self._engine._connected().pipeline(transaction=True)
                for key, those in ids.items():
                    pipeline.xack(key, _GROUP, *those)
                    pipeline.xdel(key, *those)
                await pipeline.execute()
            except Exception as error:  # whatever it is, somebody waits for each of them
                failure = self._engine._away(error)
            for *_, said in some:
                if said.done():
                    continue  # who has said it was cancelled
                if failure is None:
                    said.set_result(None)
                else:
                    said.set_exception(EngineAway(*failure.args))
        self._task = None


class _Reader:
    """Reads the stream of one queue: what nobody has had, and what nobody has renewed."""

    def __init__(self, engine: RedisEngine, key: str) -> None:
        self._engine = engine
        self._key = key
        self._has_group = False
        self._looked = 0.0
        self._swept = monotonic()

    async def read(self, count: int, wait: float, room: Room) -> Sequence[Delivery]:
        client = self._engine._connected()
        if not self._has_group:
            await self._make_group(client)
        try:
            found = await self._lapsed(client, count)
            if not found:
                found = [(id, body, 1) for id, body in await self._new(client, count, wait)]
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._has_group = False  # the server has begun anew, or somebody has deleted it
            return ()
        return [_RedisDelivery(self._engine, self._key, *one, room.let_go) for one in found]

    async def _make_group(self, client: Redis) -> None:
        try:
            # From 0: what was sent before any worker was there is for them too.
            await client.xgroup_create(self._key, _GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._has_group = True
        self._engine._served.add(self._key)

    async def _new(self, client: Redis, count: int, wait: float) -> list[tuple[bytes, bytes]]:
        block = round(min(wait, self._engine._look) * 1000) or None
        answer: Any = await client.xreadgroup(
            _GROUP, self._engine.consumer, {self._key: ">"}, count=count, block=block
        )
        if not answer:
            return []
        streams = answer.values() if isinstance(answer, dict) else [one[1] for one in answer]
        return _entries(next(iter(streams)))

    async def _lapsed(self, client: Redis, count: int) -> list[tuple[bytes, bytes, int]]:
        """Claim what nobody has renewed, if it is time to look for it."""
        now = monotonic()
        if now - self._looked < self._engine._look:
            return []
        self._looked = now
        if now - self._swept >= _GONE_AFTER:
            self._swept = now
            await client.eval(_SWEEP, 1, self._key, _GROUP, self._engine._long_gone, "")
        cursor: bytes | str = "0-0"
        found: list[tuple[bytes, bytes]] = []
        while len(found) < count:
            answer: Any = await client.xautoclaim(
                self._key,
                _GROUP,
                self._engine.consumer,
                round(self._engine.patience * 1000),
                start_id=cursor,
                count=count - len(found),
            )
            cursor = answer[0]
            found += _entries(answer[1])
            if cursor in (b"0-0", "0-0"):
                break
        if not found:
            return []
        if len(found) == count:
            self._looked = 0.0  # there may be more
        pipeline = client.pipeline(transaction=False)
        for id, _ in found:
            pipeline.xpending_range(self._key, _GROUP, min=id, max=id, count=1)
        counts = await pipeline.execute()
        return [
            (id, body, said[0]["times_delivered"] if said else 2)
            for (id, body), said in zip(found, counts, strict=True)
        ]


class _RedisDelivery:
    """An entry of a stream, pending for this engine's consumer."""

    def __init__(
        self,
        engine: RedisEngine,
        key: str,
        id: bytes,
        body: bytes,
        times: int,
        let_go: Callable[[], None],
    ) -> None:
        self.body = body
        self.times = times
        self._engine = engine
        self._key = key
        self._id = id
        self._let_go = let_go

    async def renew(self) -> None:
        await self._claim(self._engine.consumer, 0.0)

    async def done(self) -> None:
        self._release()
        await self._engine._dones.say(self._key, self._id)

    async def back(self, pause: float) -> None:
        """Give it back: it is claimed once it is idle for the patience, of which `pause` is left.

        So a pause that is longer than the patience is as long as that.
        """
        self._release()
        await self._claim(_BACK, max(0.0, self._engine.patience - pause))

    async def _claim(self, consumer: str, idle: float) -> None:
        engine = self._engine
        try:
            await engine._connected().eval(
                _CLAIM, 1, self._key, _GROUP, engine.consumer, self._id, consumer,
                round(idle * 1000),
            )  # fmt: skip
        except _GONE as error:
            raise engine._away(error) from error

    def _release(self) -> None:
        let_go, self._let_go = self._let_go, _nothing
        let_go()


def _nothing() -> None:
    """Let go of a hand once only."""


def _entries(given: Any) -> list[tuple[bytes, bytes]]:
    """Give ids and bodies; of entries that were deleted meanwhile there is nothing but the id."""
    if given and isinstance(given[0], list) and given[0] and isinstance(given[0][0], list):
        given = given[0]
    return [(one[0], one[1][b"body"]) for one in given if one and one[1]]
