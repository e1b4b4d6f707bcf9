"""Whether an application lives and is ready, who is told why not, and the wish to stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trivet import App
from trivet.cache import Cache
from trivet.cache.store import StoreAway
from trivet.db import BareModel, Database
from trivet.db.pending import MigrationsPending, Pending
from trivet.errors import SetupError
from trivet.observe import Health, Observe, Readers
from trivet.observe.health import Vitals
from trivet.security.redis_rates import RedisRates
from trivet.sessions import RedisSessions, Sessions
from trivet.testing import LiveProcess, TestClient
from trivet.watching import Probe

TOKEN = "a-token-of-some-letters"
SAID = {"authorization": f"Bearer {TOKEN}"}


class ProbedModel(BareModel, apart=True):
    """Where no table is registered."""


def probe(name: str, answer: str | Exception, *, needed: bool = True) -> Probe:
    async def ask() -> str:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Probe(name, ask, needed)


def client_of(*probes: Probe, **options: Any) -> TestClient:
    app = App()
    health = Health(probes=probes, **options)
    app.use(Observe(health=health, metrics=None, readers=Readers(token=TOKEN)))
    return TestClient(app)


def test_live_application_says_so_whatever_its_probes_say() -> None:
    client = client_of(probe("lake", OSError("dry")))

    answer = client.get("/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"


def test_application_is_ready_when_all_that_it_needs_is_there() -> None:
    client = client_of(probe("lake", "full"), probe("pond", OSError("dry"), needed=False))

    answer = client.get("/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "probes": {"lake": "ok", "pond": "failing"}}


def test_stranger_sees_what_fails_and_not_why() -> None:
    client = client_of(probe("lake", OSError("secret of the lake")))

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "probes": {"lake": "failing"}}


def test_reader_sees_why() -> None:
    client = client_of(probe("lake", OSError("dry\nand a long story")))

    found = client.get("/ready", headers=SAID).json()["probes"]["lake"]

    assert found.pop("seconds") >= 0
    assert found == {"status": "failing", "needed": True, "says": "OSError: dry"}


def test_probe_that_gives_no_answer_is_not_waited_for() -> None:
    async def ask() -> str:
        await asyncio.sleep(60)
        return "at last"

    client = client_of(Probe("slow", ask), deadline=0.01)

    says = client.get("/ready", headers=SAID).json()["probes"]["slow"]["says"]

    assert says == "no answer within 0.01 s"


async def test_probes_are_asked_once_for_all_who_come_at_the_same_time() -> None:
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return "there"

    vitals = Vitals(Health(), lambda: [Probe("one", ask)])

    await asyncio.gather(*[vitals.asked() for _ in range(50)])
    await vitals.asked()

    assert asked == 1


def test_parts_that_come_later_are_asked_too() -> None:
    app = App()
    app.use(Observe(metrics=None))
    app.use(Database("sqlite://", models=ProbedModel, name="shelf"))

    assert TestClient(app).get("/ready").json()["probes"] == {"shelf": "ok"}


async def test_cache_without_its_store_is_told_and_is_no_reason_to_stop() -> None:
    class Away:
        name = "a store"

        async def get_many(self, keys: object) -> None:
            raise StoreAway("no answer")

    (found,) = Cache(Away()).probes()  # type: ignore[arg-type]

    assert not found.needed
    with pytest.raises(StoreAway):
        await found.ask()


async def test_redis_is_asked_for_its_version(redis_url: str) -> None:
    sessions = Sessions(RedisSessions(redis_url))
    rates = RedisRates(redis_url)

    asked = [*sessions.probes(), *rates.probes()]
    said = [await one.ask() for one in asked]
    await sessions.store.close()
    await rates.close()

    assert [one.needed for one in asked] == [True, False]
    assert all(one.split()[0] in {"Redis", "Valkey"} for one in said)


async def test_redis_that_is_away_is_told() -> None:
    (probe,) = RedisRates("redis://127.0.0.1:1/0").probes()

    with pytest.raises(Exception, match="Connect"):
        await probe.ask()


FIRST = 'revision = "0001_one"\ndown_revision = None\n'
SECOND = 'revision: str = "0002_two"\ndown_revision: str | None = "0001_one"\n'


@pytest.mark.parametrize(
    ("applied", "says"),
    [
        (None, "2 migrations are to be applied; the newest is 0002_two: trivet migrate"),
        ("0001_one", "1 migration is to be applied; the newest is 0002_two: trivet migrate"),
        ("0002_two", "at 0002_two"),
        ("0003_later", "at 0003_later, which is newer than this version"),
    ],
)
async def test_database_is_ready_with_all_migrations_of_the_files(
    tmp_path: Path, applied: str | None, says: str
) -> None:
    (tmp_path / "0001_one.py").write_text(FIRST)
    (tmp_path / "0002_two.py").write_text(SECOND)
    database = Database("sqlite://", models=ProbedModel, migrations=tmp_path)
    if applied is not None:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
            await connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{applied}')")

    try:
        said = await Pending(database).ask()
    except MigrationsPending as error:
        said = str(error)
    await database.close()

    assert said == says


def test_readers_of_a_short_token_cannot_be() -> None:
    with pytest.raises(SetupError) as caught:
        Readers(token="short")

    assert caught.value.code == "observe.token"


def test_readers_at_no_address_cannot_be() -> None:
    with pytest.raises(SetupError) as caught:
        Readers(addresses=["the office"])

    assert caught.value.code == "observe.addresses"


def test_token_is_not_shown() -> None:
    assert TOKEN not in repr(Readers(token=TOKEN))


MAIN = """
from trivet import App
from trivet.observe import Health, Observe

app = App()
app.use(Observe(metrics=None, health=Health(drain=1.5)))
"""


def test_application_that_is_to_stop_is_not_ready_and_still_serves(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(MAIN)

    with LiveProcess(["main.py"], folder=tmp_path) as server:
        before = httpx2.get(f"{server.url}/ready")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        while (after := httpx2.get(f"{server.url}/ready")).status_code == 200:
            pass
        alive = httpx2.get(f"{server.url}/health")

    assert before.json()["status"] == "ready"
    assert (after.status_code, after.json()["status"]) == (503, "draining")
    assert (alive.status_code, alive.json()["status"]) == (200, "draining")
    assert server.process.returncode in (0, -signal.SIGTERM)
