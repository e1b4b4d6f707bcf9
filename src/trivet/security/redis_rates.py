"""Rates in Redis or Valkey, for several processes and machines.

One script does each step, by the clock of the server, so that nobody comes between and no machine's
clock counts. One Redis is meant, or one with replicas.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from trivet.app.application import App
from trivet.app.part import Part
from trivet.redis_pool import RedisPool
from trivet.security.rate import Rate, RatesAway, Taken
from trivet.watching import Probe

__all__ = ["RedisRates"]

# The same steps as those of MemoryRates. `%.0f`, because Lua would write 1.7e+15.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or '') or now
full_at = math.min(math.max(full_at, now), now + tolerance)
local next_full = full_at + interval
local early = next_full - tolerance - now
if early > 0 then return {0, 0, early, full_at - now} end
redis.call('SET', KEYS[1], string.format('%.0f', next_full),
           'PX', math.ceil((next_full - now) / 1000))
return {1, math.floor((now + tolerance - next_full) / interval), 0, next_full - now}
"""


class RedisRates(Part):
    """Keep rates in Redis: ``rates = app.use(RedisRates("redis://127.0.0.1:6379/0"))``.

    `app.use` closes it when the application stops; without, `close` does. Who waits longer than
    `timeout` seconds for a connection or an answer has none (RatesAway). Keys begin with `prefix`
    and go by themselves. Raises MissingExtraError without redis-py.
    """

    name = "redis-rates"
    may_be_several = True

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "rates",
        timeout: float = 0.25,
        connections: int = 50,
    ) -> None:
        self._redis = RedisPool(url, timeout=timeout, connections=connections, what="RedisRates")
        self._prefix = prefix

    async def take(self, key: str, rate: Rate) -> Taken:
        """Take one of `key`, if there is one; raises RatesAway where Redis does not answer."""
        key = f"{self._prefix}:{key}"
        try:
            answer = await self._redis.run(
                _TAKE, keys=(key,), given=(rate.interval, rate.tolerance)
            )
        except self._redis.failures as error:
            raise RatesAway(str(error) or type(error).__name__) from error
        allowed, remaining, retry, reset = map(int, answer)
        return Taken(bool(allowed), remaining, retry / 1_000_000, reset / 1_000_000)

    async def close(self) -> None:
        """Close the connections; the next `take` would open new ones."""
        await self._redis.close()

    def probes(self) -> Sequence[Probe]:
        """Ask whether Redis answers."""
        return (Probe("rates in Redis", self._redis.version, needed=False),)

    def lifespan(self, app: App) -> AbstractAsyncContextManager[None]:
        """Close the connections when the application stops."""
        return self._closing()

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.close()
