"""A pool of connections to Redis or Valkey, for what asks it a short question at a time.

Every step has a short time-out and is not tried again: who asks has a client of its own that waits.
Connections belong to an event loop, so that another loop gets others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trivet.errors import MissingExtraError

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisPool"]


class RedisPool:
    """At most `connections` to one Redis, made with the first question.

    `timeout` is in seconds: for a connection, and for an answer. `what` is who wants it, for the
    error. Raises `MissingExtraError` without redis-py, and what that says of a wrong address.
    """

    def __init__(self, url: str, *, timeout: float, connections: int, what: str) -> None:
        try:
            self._library: Any = import_module("redis.asyncio")  # Any: a module
        except ImportError as error:
            raise MissingExtraError("redis", "redis", what=what) from error
        self.failures: tuple[type[Exception], ...] = (
            OSError,
            TimeoutError,
            self._library.RedisError,
        )
        """What `asking` raises where there is no answer, or one that refuses."""
        self.refusal: type[Exception] = self._library.ResponseError
        """The one of them that is an answer of Redis."""
        self._url = url
        self._timeout = timeout
        self._connections = connections
        self._client: Redis | None = None
        self._scripts: dict[str, Any] = {}  # of the client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._made()  # a wrong address is told now

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Any]:  # Any: redis-py's commands are typed for both
        """Give the client for one step, which takes at most twice the time-out.

        A connection and an answer have one each, and a pipeline has many answers.
        """
        loop = asyncio.get_running_loop()
        if self._client is None or loop is not self._loop:
            self._client, self._loop, self._scripts = self._made(), loop, {}
        async with asyncio.timeout(self._timeout * 2):
            yield self._client

    async def run(self, script: str, *, keys: tuple[Any, ...] = (), given: tuple[Any, ...]) -> Any:
        """Run a script of Lua, and give what Redis answers."""
        async with self.asking() as redis:
            known = self._scripts.get(script)
            if known is None:
                # Sent as EVALSHA; where Redis does not know it (any more), it is loaded once.
                known = self._scripts[script] = redis.register_script(script)
            return await known(keys=keys, args=given)

    async def version(self) -> str:
        """Give the server's name and version; raises one of `failures` where it is not there."""
        async with self.asking() as redis:
            told = await redis.info("server")
        name = "Valkey" if "valkey_version" in told else "Redis"
        return f"{name} {told.get('valkey_version') or told['redis_version']}"

    async def close(self) -> None:
        """Close the connections; the next question would open new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
            await client.connection_pool.disconnect()

    def _made(self) -> Redis:
        pool = self._library.BlockingConnectionPool.from_url(
            self._url,
            max_connections=self._connections,
            timeout=self._timeout,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            # It would wait and ask again, by default for seconds.
            retry=self._library.retry.Retry(self._library.default_backoff(), 0),
        )
        made: Redis = self._library.Redis.from_pool(pool)
        return made
