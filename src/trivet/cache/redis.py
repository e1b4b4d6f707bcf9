"""A store in Redis or Valkey, for several processes and machines.

Every step has a short time-out and is not tried again: a cache that makes a request wait has failed
already. One Redis is meant, or one with replicas; not a cluster, where keys lie on several.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from trivet.cache.store import Lease, NotANumberError, Store, StoreAway, StoreError, StoreFull
from trivet.redis_pool import RedisPool

__all__ = ["RedisStore"]

# Writes what is in ARGV[3…] under KEYS[2…] while the lease under KEYS[1] holds, and ends it.
_SET_LEASED = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for index = 2, #KEYS do
  if ARGV[2] == '' then redis.call('SET', KEYS[index], ARGV[index + 1])
  else redis.call('SET', KEYS[index], ARGV[index + 1], 'PX', ARGV[2]) end
end
redis.call('DEL', KEYS[1])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_SCANNED = 1000  # keys looked at in one step of `clear`


class RedisStore(Store):
    """Keep values in Redis: ``RedisStore("redis://127.0.0.1:6379/0")``, ``rediss://`` with TLS.

    Who waits longer than `timeout` seconds for a connection, or for an answer, has a miss. At most
    `connections` are open. Raises `MissingExtraError` without redis-py.
    """

    name: ClassVar[str] = "Redis"

    def __init__(self, url: str, *, timeout: float = 0.25, connections: int = 50) -> None:
        self._redis = RedisPool(url, timeout=timeout, connections=connections, what="RedisStore")

    async def close(self) -> None:
        await self._redis.close()

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        async with self._asking() as redis:
            if len(keys) == 1:
                return [await redis.get(keys[0])]
            return list(await redis.mget(keys))

    async def set_many(
        self, items: Mapping[str, bytes], ttl: float | None, lease: Lease | None = None
    ) -> bool:
        life = _milliseconds(ttl)
        async with self._asking() as redis:
            if lease is not None:
                given = [lease.key, *items, lease.token, life or "", *items.values()]
                return bool(await redis.eval(_SET_LEASED, 1 + len(items), *given))
            pipeline = redis.pipeline(transaction=False)
            for key, value in items.items():
                pipeline.set(key, value, px=life)
            await pipeline.execute()
        return True

    async def add(self, key: str, value: bytes, ttl: float | None) -> bool:
        async with self._asking() as redis:
            return bool(await redis.set(key, value, px=_milliseconds(ttl), nx=True))

    async def delete_many(self, keys: Sequence[str]) -> None:
        async with self._asking() as redis:
            await redis.unlink(*keys)

    async def release(self, lease: Lease) -> None:
        async with self._asking() as redis:
            await redis.eval(_RELEASE, 1, lease.key, lease.token)

    async def increment(self, key: str, by: int, ttl: float | None) -> int:
        async with self._asking() as redis:
            pipeline = redis.pipeline(transaction=True)
            pipeline.set(key, 0, px=_milliseconds(ttl), nx=True)
            pipeline.incrby(key, by)
            return int((await pipeline.execute())[1])

    async def touch_many(self, keys: Sequence[str], ttl: float | None) -> int:
        life = _milliseconds(ttl)
        async with self._asking() as redis:
            pipeline = redis.pipeline(transaction=False)
            for key in keys:
                pipeline.exists(key)
                if life is None:
                    pipeline.persist(key)
                else:
                    pipeline.pexpire(key, life)
            return sum(map(int, (await pipeline.execute())[::2]))

    async def clear(self, prefix: str) -> None:
        pattern = "".join(f"\\{sign}" if sign in "*?[]\\^" else sign for sign in prefix) + "*"
        cursor: int | None = None
        while cursor != 0:
            async with self._asking() as redis:
                cursor, found = await redis.scan(cursor or 0, match=pattern, count=_SCANNED)
                if found:
                    await redis.unlink(*found)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:  # Any: redis-py's commands are typed for both
        """Give the client for one step, and its errors in our words."""
        try:
            async with self._redis.asking() as redis:
                yield redis
        except self._redis.failures as error:
            raise self._meaning(error) from error

    def _meaning(self, error: Exception) -> StoreError | NotANumberError:
        text = str(error)
        if isinstance(error, self._redis.refusal):
            if "OOM" in text or "maxmemory" in text:
                return StoreFull(text)
            if "not an integer" in text or "overflow" in text or "WRONGTYPE" in text:
                return NotANumberError(text)
        return StoreAway(text or type(error).__name__)


def _milliseconds(ttl: float | None) -> int | None:
    return None if ttl is None else max(1, math.ceil(ttl * 1000))
