"""The engines that the tests run on: the servers of this machine, and what may be cut or killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import aio_pika
import nats
from nats.js.errors import NotFoundError
from redis.asyncio import Redis

from tests.db.breaking.servers import OwnServer
from trivet.jobs.engines.engine import Engine
from trivet.jobs.engines.naming import token_of
from trivet.jobs.engines.nats import NatsEngine
from trivet.jobs.engines.rabbitmq import RabbitMqEngine
from trivet.jobs.engines.redis import RedisEngine

URLS = {
    "nats": os.environ.get("TEST_NATS", "nats://127.0.0.1:4222"),
    "rabbitmq": os.environ.get("TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/"),
    "redis": os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379"),
}
PATIENCE = 1.0
_ENGINES: dict[str, Any] = {"nats": NatsEngine, "rabbitmq": RabbitMqEngine, "redis": RedisEngine}


class Site:
    """One prefix on one server, and the engines that use it."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind = kind
        self.url = url
        self.prefix = f"trivet-test-{secrets.token_hex(6)}"
        self.queues = {"mail", "slow", "reports", "images"}
        self._engines: list[Engine] = []

    def made(self, url: str | None = None, **options: Any) -> Any:
        """Make an engine that is not open."""
        options = {"prefix": self.prefix, "patience": PATIENCE, **options}
        engine = _ENGINES[self.kind](url or self.url, **options)
        self._engines.append(engine)
        return engine

    async def engine(self, url: str | None = None, **options: Any) -> Any:
        """Make an engine, and open it."""
        engine = self.made(url, **options)
        await engine.open()
        return engine

    async def close(self) -> None:
        """Close all engines, and take away what they have made."""
        for engine in self._engines:
            await engine.close()
        await _CLEAN[self.kind](self.url, self.prefix, self.queues)


@asynccontextmanager
async def site_of(
    kind: str, missing: Callable[[str], NoReturn], url: str | None = None
) -> AsyncIterator[Site]:
    """Give a site on a server that answers."""
    url = url or URLS[kind]
    server = urlsplit(url)
    try:
        socket.create_connection((server.hostname, server.port or 0), 1).close()
    except OSError:
        missing(f"no {kind} at {server.hostname}:{server.port}")
    site = Site(kind, url)
    try:
        yield site
    finally:
        await site.close()


async def _clean_nats(url: str, prefix: str, queues: Iterable[str]) -> None:
    client = await nats.connect(url)
    with contextlib.suppress(NotFoundError):
        await client.jetstream().delete_stream(prefix)
    await client.close()


async def _clean_redis(url: str, prefix: str, queues: Iterable[str]) -> None:
    async with Redis.from_url(url) as client:
        async for key in client.scan_iter(f"{prefix}:*"):
            await client.delete(key)


async def _clean_rabbitmq(url: str, prefix: str, queues: Iterable[str]) -> None:
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        # A client is not told which there are.
        for name in (*(f"queue.{token_of(one)}" for one in queues), "dead"):
            await channel.queue_delete(f"{prefix}.{name}")


_CLEAN = {"nats": _clean_nats, "redis": _clean_redis, "rabbitmq": _clean_rabbitmq}


class Wire:
    """A way to a server that the test can cut, freeze and mend."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._url = url
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the server by way of this wire."""
        user, at, _ = self._target.netloc.rpartition("@")
        return self._target._replace(netloc=f"{user}{at}127.0.0.1:{self._port}").geturl()

    async def mend(self) -> None:
        """Let connections through."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Let nothing through, and end nothing."""
        self._thawed.clear()

    async def cut(self) -> None:
        """End all connections, and take no new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        while self._writers:
            self._writers.pop().transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thawed.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = self._server
        self._writers.add(writer)
        there = await asyncio.open_connection(self._target.hostname, self._target.port)
        if self._server is not server:  # cut meanwhile
            writer.transport.abort()
            there[1].transport.abort()
            return
        self._writers.add(there[1])
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                while some := await source.read(65536):
                    await self._thawed.wait()
                    target.write(some)
                    await target.drain()
        finally:
            self._writers.discard(target)
            target.transport.abort()


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """Give a wire that lets everything through."""
    wire = Wire(url)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()


class OwnNats(OwnServer):
    kind = "nats"

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        program = shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin") or ""
        words = ["-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder / "data")]
        return [program, *words]

    def is_ready(self) -> bool:
        return _answers(self.port)


class OwnRedis(OwnServer):
    kind = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        return [
            *(shutil.which("redis-server") or "", "--port", str(self.port), "--save", ""),
            *("--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always"),
        ]

    def is_ready(self) -> bool:
        return _answers(self.port)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def own_server(kind: str, folder: Path, missing: Callable[[str], NoReturn]) -> OwnServer:
    """Make a server of one's own, which may be killed."""
    server = {"nats": OwnNats, "redis": OwnRedis}[kind](folder / kind)
    if not server.command()[0]:
        missing(f"{kind}-server is not installed (Debian: apt-get install {kind}-server)")
    server.make()
    return server
