"""Many subscribers to one channel, and a back end that is killed under them.

`python -m benchmarks.realtime` runs 2,000 subscribers at 50 messages a second for some seconds,
kills the back end (a PostgreSQL of its own) for 5 of them, and tells what each received.
`--backend memory` measures without one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import httpx2

from tests.db.breaking.servers import PostgreSql
from trivet.db import Database
from trivet.realtime import PostgresBackend
from trivet.testing import LiveProcess

HERE = Path(__file__).parent
CLIENTS = HERE / "realtime_clients.py"


def missing(reason: str) -> NoReturn:
    raise SystemExit(reason)


@contextmanager
def own_postgresql() -> Iterator[PostgreSql]:
    programs = PostgreSql.programs(missing)
    with tempfile.TemporaryDirectory(prefix="trivet-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = PostgreSql(Path(folder) / "server", programs)
        server.make()
        server.start()
        asyncio.run(_with_tables(server.url))
        try:
            yield server
        finally:
            server.stop()


async def _with_tables(url: str) -> None:
    database = Database(url)
    PostgresBackend(database)
    await database.create_tables()
    await database.close()


class Clients:
    """The process of the subscribers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, url: str, count: int) -> Clients:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(CLIENTS), url, str(count),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        made = cls(process)
        await made._line()
        return made

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return found

    async def figures(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        return await self._line()

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def publish(url: str, first: int, rate: float, seconds: float) -> tuple[int, int]:
    """Let the server publish; gives the next number, and how often the back end refused."""
    async with httpx2.AsyncClient(base_url=url, timeout=seconds + 60.0) as http:
        wanted = {"first": first, "rate": rate, "seconds": seconds}
        answer = (await http.post("/publish", params=wanted)).json()
    return answer["next"], answer["refused"]


async def run(arguments: argparse.Namespace, server: PostgreSql | None) -> None:
    backend = server.url if server is not None else arguments.backend
    words = ["benchmarks/realtime_app.py", "--no-access-log", "--log-level", "error"]
    environment = {"BENCH_BACKEND": backend, "PYTHONPATH": ":".join(sys.path)}
    folder = HERE.parent
    with LiveProcess(words, folder=folder, environment=environment, patience=30.0) as live:
        async with httpx2.AsyncClient(base_url=live.url, timeout=20.0) as http:
            began = time.monotonic()
            clients = await Clients.started(live.url, arguments.subscribers)
            print(f"{arguments.subscribers} subscribed in {time.monotonic() - began:.1f} s")
            before = (await http.get("/spent")).json()
            start = time.monotonic()
            next_one, _ = await publish(live.url, 0, arguments.rate, arguments.seconds)
            await caught_up(clients, next_one)
            took = time.monotonic() - start
            after, figures = (await http.get("/spent")).json(), await clients.figures()
            spent = after["seconds"] - before["seconds"]
            print(
                f"{next_one} messages in {took:.1f} s, {figures['received']} deliveries in"
                f" {figures['frames']} frames: {spent / figures['received'] * 1e6:.1f} µs of"
                f" processor time each, {spent / took * 100:.0f} % of one core,"
                f" {after['bytes'] / 1e6:.0f} MB; delay {figures['median_delay'] * 1000:.0f} ms"
                f" (median), {figures['p99_delay'] * 1000:.0f} ms (99 %)"
            )
            if server is not None:
                publishing = asyncio.create_task(
                    publish(live.url, next_one, arguments.rate, 3 * arguments.away)
                )
                await asyncio.sleep(arguments.away / 2)
                await asyncio.to_thread(server.kill)
                killed = time.monotonic()
                await asyncio.sleep(arguments.away)
                await asyncio.to_thread(server.start)
                back = time.monotonic()
                next_one, refused = await publishing
                await caught_up(clients, next_one)
                print(
                    f"the back end was away for {back - killed:.1f} s: {refused} attempts to"
                    f" publish were refused, and all received all {next_one} messages"
                )
            figures = await clients.figures()
            await clients.end()
        print(json.dumps(figures))
        expected = arguments.subscribers * next_one
        assert figures["out_of_order"] == figures["gaps"] == 0, "out of order, or missed"
        assert figures["received"] == expected, (figures["received"], expected)


async def caught_up(clients: Clients, count: int) -> None:
    """Wait until every subscriber has the last message."""
    async with asyncio.timeout(120):
        while (await clients.figures())["lowest"] < count - 1:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--away", type=float, default=5.0, help="seconds without the back end")
    parser.add_argument("--backend", default="postgresql", help="or memory, redis://…, nats://…")
    arguments = parser.parse_args()
    own = own_postgresql() if arguments.backend == "postgresql" else nullcontext()
    with own as server:
        asyncio.run(run(arguments, server))


if __name__ == "__main__":
    main()
