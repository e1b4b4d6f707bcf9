"""Tasks of Celery and of procrastinate, put in by transactions of Trivet, run by their workers."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import aio_pika
import procrastinate
import pytest
from celery import Celery
from redis.asyncio import Redis

from tests.db.conftest import address, own_database
from tests.jobs.brokers import URLS, site_of, wire_to
from trivet import App
from trivet.db import Database
from trivet.errors import SetupError
from trivet.jobs import BadArguments, Jobs, State, Unique
from trivet.jobs.bridges.celery import CeleryBridge
from trivet.jobs.bridges.procrastinate import ProcrastinateBridge

_SOON = 30.0  # seconds in which a worker in another process has started and done something
_CELERY = """
import json, os
from celery import Celery

app = Celery("shop", broker=os.environ["BROKER"])
app.conf.update(task_default_queue=os.environ["QUEUE"], worker_enable_remote_control=False)

@app.task(name="shop.send_invoice", bind=True)
def send_invoice(self, order_id, copy=None):
    with open(os.environ["DONE"], "a") as file:
        print(json.dumps([self.request.id, order_id, copy]), file=file)
"""
_PROCRASTINATE = """
import json, os
import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["DATABASE"]))

@app.task(name="shop.send_invoice", queue="invoices")
async def send_invoice(order_id, copy=None):
    with open(os.environ["DONE"], "a") as file:
        print(json.dumps([order_id, copy]), file=file)
"""


@asynccontextmanager
async def jobs_on(database: Database) -> AsyncIterator[Jobs]:
    """Give jobs on an empty database, and have a worker run those that come."""
    app = App()
    app.use(database)
    jobs = app.use(Jobs(database, in_server=False))
    await database.create_tables()
    worker = jobs.worker(app, poll=0.02, queues=("default",))
    task = asyncio.create_task(worker.run())
    try:
        yield jobs
    finally:
        worker.stop()
        await task


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[Jobs]:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    async with jobs_on(database) as found:
        yield found
    await database.close()


@contextmanager
def worker_of(folder: Path, code: str, *words: str, **environment: str) -> Iterator[Path]:
    """Run a worker of the other queue; gives the file in which its tasks leave a line each."""
    (folder / "shop.py").write_text(code)
    done = folder / "done"
    done.touch()
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env={**os.environ, **environment, "DONE": str(done), "PYTHONPATH": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        yield done
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def lines(file: Path, count: int) -> list[Any]:
    """Wait until so many tasks have run; gives what each has left."""
    async with asyncio.timeout(_SOON):
        while True:
            found = (await asyncio.to_thread(file.read_text)).splitlines()
            if len(found) >= count:
                return [json.loads(line) for line in found]
            await asyncio.sleep(0.05)


# -- Celery --------------------------------------------------------------------------------------


class Shop:
    """A Celery application on a queue of its own."""

    def __init__(self, broker: str) -> None:
        self.broker = broker
        self.queue = f"trivet-test-{secrets.token_hex(6)}"
        self.app = self.by(broker)

    def by(self, broker: str) -> Celery:
        app = Celery("shop", broker=broker, set_as_current=False)
        app.conf.update(task_default_queue=self.queue)
        return app

    def worker(self, folder: Path) -> Any:
        words = ("celery", "-A", "shop", "worker", "--pool", "solo", "--without-gossip")
        words += ("--without-mingle", "--without-heartbeat", "-l", "WARNING")
        return worker_of(folder, _CELERY, *words, BROKER=self.broker, QUEUE=self.queue)

    async def waiting(self) -> int:
        if self.broker.startswith("redis"):
            async with Redis.from_url(self.broker) as client:
                return int(await client.llen(self.queue))
        connection = await aio_pika.connect(self.broker)
        async with connection, connection.channel() as channel:
            with suppress(aio_pika.exceptions.ChannelNotFoundEntity):
                queue = await channel.declare_queue(self.queue, passive=True)
                return queue.declaration_result.message_count or 0
        return 0

    async def close(self) -> None:
        if self.broker.startswith("redis"):
            async with Redis.from_url(self.broker) as client:
                await client.delete(self.queue, f"_kombu.binding.{self.queue}")
            return
        connection = await aio_pika.connect(self.broker)
        async with connection, connection.channel() as channel:
            await channel.queue_delete(self.queue)
            await channel.exchange_delete(self.queue)


@pytest.fixture(params=["rabbitmq", "redis"])
async def shop(
    request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Shop]:
    async with site_of(request.param, missing):
        pass
    found = Shop(URLS[request.param])
    yield found
    await found.close()


@pytest.mark.slow
async def test_a_task_runs_in_celery_once_the_transaction_is_committed(
    shop: Shop, jobs: Jobs, tmp_path: Path
) -> None:
    bridge = CeleryBridge(shop.app, jobs)
    send_invoice = bridge.task("shop.send_invoice")

    with shop.worker(tmp_path) as done:
        with suppress(ZeroDivisionError):
            async with jobs.database.transaction():
                await send_invoice.enqueue(6)
                raise ZeroDivisionError
        async with jobs.database.transaction():
            queued = await send_invoice.enqueue(7, copy="ann@example.com")

        id = await queued.result(timeout=_SOON)
        assert await lines(done, 1) == [[id, 7, "ann@example.com"]]
    await asyncio.to_thread(bridge.close)


async def test_a_task_that_is_published_twice_has_one_id(shop: Shop) -> None:
    bridge = CeleryBridge(shop.app)
    send_invoice = bridge.task("shop.send_invoice")
    entry = send_invoice.entry((7,), {})
    kept = send_invoice.arguments.read(entry.text)

    first = await send_invoice.function(**kept)
    again = await send_invoice.function(**kept)

    assert first == again == kept["id"]
    if shop.broker.startswith("amqp"):
        assert bridge._producer.channel.connection.confirm_publish
    assert await shop.waiting() == 2
    await asyncio.to_thread(bridge.close)


async def test_a_task_waits_in_the_database_while_the_broker_is_away(
    shop: Shop, jobs: Jobs
) -> None:
    async with wire_to(shop.broker) as wire:
        bridge = CeleryBridge(shop.by(wire.url), jobs)
        send_invoice = bridge.task("shop.send_invoice", backoff=0.1, max_attempts=100)
        await wire.cut()
        async with jobs.database.transaction():
            queued = await send_invoice.enqueue(7)
        async with asyncio.timeout(_SOON):
            while (await queued.status()).error is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await queued.status()).state is not State.DEAD
        assert await shop.waiting() == 0

        await wire.mend()
        await queued.result(timeout=_SOON)
        assert await shop.waiting() == 1

        # And a connection that was lost while nobody used it is opened anew, unseen.
        await wire.cut()
        await wire.mend()
        async with jobs.database.transaction():
            queued = await send_invoice.enqueue(8)
        await queued.result(timeout=_SOON)
        assert (await queued.status()).attempt == 1
        assert await shop.waiting() == 2
        await asyncio.to_thread(bridge.close)


async def test_a_task_may_be_sent_here_and_now(shop: Shop) -> None:
    bridge = CeleryBridge(shop.app)
    send_invoice = bridge.task("shop.send_invoice", options={"expires": 60})

    id = await send_invoice(7, copy=None)

    assert len(id) == 36
    assert await shop.waiting() == 1
    await asyncio.to_thread(bridge.close)


def _never() -> Celery:
    return Celery("shop", broker="memory://", set_as_current=False)


async def test_a_task_with_options_of_a_job_is_such_a_job(jobs: Jobs) -> None:
    tasks = CeleryBridge(_never())  # no worker knows them, so that they stay
    every = tasks.task("shop.every", unique=True)
    by_order = tasks.task("shop.by_order", unique=Unique(by=lambda order_id, **_: order_id))
    limited = tasks.task("shop.limited", limit_by=lambda order_id: f"order {order_id}")

    async with jobs.database.transaction():
        assert (await every.enqueue(1, copy="a")).is_new
        assert not (await every.enqueue(1, copy="a")).is_new
        assert (await every.enqueue(1, copy="b")).is_new
        assert (await by_order.enqueue(1, copy="a")).is_new
        assert not (await by_order.enqueue(1, copy="b")).is_new

    assert limited.entry((5,), {}).limit_key() == "order 5"
    assert every.name == "celery:shop.every"


async def test_workers_are_told_of_a_task_once(jobs: Jobs) -> None:
    bridge = CeleryBridge(_never(), jobs)
    bridge.task("shop.send_invoice")

    with pytest.raises(SetupError) as error:
        bridge.task("shop.send_invoice")

    assert error.value.code == "jobs.same-name"
    later = CeleryBridge(_never()).task("shop.another", name="another")
    jobs.add(later)
    assert jobs.known["another"] is later


async def test_what_json_does_not_have_is_refused_where_it_is_put_in(jobs: Jobs) -> None:
    send_invoice = CeleryBridge(_never(), jobs).task("shop.send_invoice")

    async with jobs.database.transaction():
        with pytest.raises(BadArguments, match=r"celery:shop\.send_invoice"):
            await send_invoice.enqueue(datetime(2026, 1, 1))


# -- procrastinate -------------------------------------------------------------------------------


@pytest.fixture
async def app(worker_id: str) -> AsyncIterator[tuple[procrastinate.App, Database, str]]:
    """Give a procrastinate application whose tables are in the same database as the jobs."""
    async with own_database(address("postgresql"), f"bridge_{worker_id}") as database:
        url = urlsplit(database.engine.url.render_as_string(hide_password=False))
        conninfo = url._replace(scheme="postgresql").geturl()
        found = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))
        async with found.open_async():
            await found.schema_manager.apply_schema_async()
            yield found, database, conninfo


@pytest.mark.slow
async def test_a_task_runs_in_procrastinate_once_the_transaction_is_committed(
    app: tuple[procrastinate.App, Database, str], tmp_path: Path
) -> None:
    shop, database, conninfo = app
    async with jobs_on(database) as jobs:
        bridge = ProcrastinateBridge(shop, jobs)
        send_invoice = bridge.task("shop.send_invoice", options={"queue": "invoices"})
        words = ("procrastinate", "--app=shop.app", "worker")

        with worker_of(tmp_path, _PROCRASTINATE, *words, DATABASE=conninfo) as done:
            with suppress(ZeroDivisionError):
                async with database.transaction():
                    await send_invoice.enqueue(order_id=6)
                    raise ZeroDivisionError
            async with database.transaction():
                queued = await send_invoice.enqueue(order_id=7, copy="ann@example.com")

            assert isinstance(await queued.result(timeout=_SOON), int)
            assert await lines(done, 1) == [[7, "ann@example.com"]]


async def test_a_task_that_waits_is_not_deferred_twice(
    app: tuple[procrastinate.App, Database, str],
) -> None:
    shop, _, _ = app
    send_invoice = ProcrastinateBridge(shop).task("shop.send_invoice")
    kept = send_invoice.arguments.read(send_invoice.entry((), {"order_id": 7}).text)

    first = await send_invoice.function(**kept)
    again = await send_invoice.function(**kept)

    assert isinstance(first, int)
    assert again is None
    waiting = await shop.job_manager.list_jobs_async(task="shop.send_invoice")
    assert [one.task_kwargs for one in waiting] == [{"order_id": 7}]


async def test_procrastinate_takes_arguments_by_name_alone(
    app: tuple[procrastinate.App, Database, str],
) -> None:
    shop, _, _ = app
    send_invoice = ProcrastinateBridge(shop).task("shop.send_invoice")

    with pytest.raises(BadArguments, match=r"by name.*\(7,\)"):
        await send_invoice.enqueue(7)
