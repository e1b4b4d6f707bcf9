"""A site that sends webhooks, and the servers that receive them: real ones, on this machine."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from trivet import App
from trivet.db import Database, Mapped, Model
from trivet.db import field as column
from trivet.events import Events
from trivet.jobs import Jobs, Limit, WorkerOptions
from trivet.webhooks import Destinations, Persistence, Webhooks

HERE = Destinations(allow_http=True, ports=None, allowed=["127.0.0.0/8", "::1/128"])
QUICK = WorkerOptions(poll=0.05, grace=10.0)


class Shop(Model, apart=True):
    """What the shop keeps."""


class Order(Shop):
    text: Mapped[str] = column(max_length=100)


@dataclass
class Site:
    """An application with its parts."""

    app: App
    database: Database
    jobs: Jobs
    events: Events
    webhooks: Webhooks

    @asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[None]:
        """Run a worker while the block runs."""
        worker = self.jobs.worker(self.app, **options)
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await task


def site_on(
    database: Database,
    *,
    pauses: tuple[float, ...] = (0.01, 0.01),
    disable_after: float | None = 86_400.0,
    timeout: float = 10.0,
    destinations: Destinations = HERE,
    limits: tuple[Limit, ...] = (),
    keep: float = 86_400.0,
) -> Site:
    app = App()
    app.use(database)
    jobs = app.use(Jobs(database, in_server=False, options=QUICK, limits=limits))
    events = app.use(Events(database))
    webhooks = app.use(
        Webhooks(
            jobs,
            events=events,
            destinations=destinations,
            persistence=Persistence(pauses=pauses, disable_after=disable_after, keep=keep),
            timeout=timeout,
        )
    )
    return Site(app, database, jobs, events, webhooks)


@dataclass
class Got:
    """One request as it came over the wire."""

    target: str
    headers: dict[str, str]
    body: bytes
    peer: Any = None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server that answers as it is told; the last of `answers` is given again and again."""

    answers: list[bytes] = field(default_factory=lambda: [b"HTTP/1.1 204 No Content\r\n\r\n"])
    got: list[Got] = field(default_factory=list)
    port: int = 0
    stalls: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.got) < count:
                self.changed.clear()
                await self.changed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if line)
            exact = dict(line.split(": ", 1) for line in lines if line)
            headers |= {name.lower(): value for name, value in exact.items()}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            peer = writer.get_extra_info("sockname")
            self.got.append(Got(first.split()[1], headers, body, peer))
            self.changed.set()
            if self.stalls:
                await reader.read()  # until the other side has had enough
                return
            answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(
    *answers: bytes,
    port: int = 0,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    stalls: bool = False,
) -> AsyncIterator[Receiver]:
    """Run a receiver while the block runs."""
    receiver = Receiver(stalls=stalls)
    if answers:
        receiver.answers = list(answers)
    server = await asyncio.start_server(receiver.serve, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """Give an answer as bytes."""
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def until(found: Callable[[], Any]) -> Any:
    """Wait until an awaited look gives something, and give that."""
    async with asyncio.timeout(20):
        while True:
            if value := await found():
                return value
            await asyncio.sleep(0.02)
