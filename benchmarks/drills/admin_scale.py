"""What the admin costs at a million rows: exports of them, and pages of as many changes.

``python -m benchmarks.drills.admin_scale`` makes an SQLite file in a temporary folder; with
``--database postgresql://…/empty`` it fills that database instead, which must be empty, and leaves
its tables there. Each export prints seconds, megabytes sent, and by how many megabytes the process
grew at most while it was sent: a figure that must not grow with `--rows`. Each page prints the
median of five requests in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx2
from sqlalchemy import text

from trivet import App
from trivet.admin import Admin, ModelAdmin
from trivet.admin.history.recording import model_kept
from trivet.auth import Auth
from trivet.auth.passwords import Passwords
from trivet.db import Database, ForeignKey, Mapped, Model, field, relationship

HOST = "http://drill.test"
PASSWORD = "a drill is no place for secrets"
_ACCOUNTS = 200  # that have changed something
_PAGE_BYTES = 4096


class DrillShelf(Model):
    """Where goods stand."""

    __tablename__ = "drill_shelf"

    name: Mapped[str] = field(max_length=60)


class DrillGood(Model):
    """What there are a million of."""

    __tablename__ = "drill_good"

    title: Mapped[str] = field(max_length=100)
    stock: Mapped[int] = field(default=0)
    shelf_id: Mapped[int] = field(ForeignKey(DrillShelf.id), index=True)
    shelf: Mapped[DrillShelf] = relationship()


class DrillGoodAdmin(ModelAdmin):
    """Every column of them."""

    columns: ClassVar[Any] = [DrillGood.title, DrillGood.stock, DrillGood.shelf]


_NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(1, {rows}) AS g(n)",
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {rows})"
    " SELECT n FROM g",
}


async def fill(database: Database, rows: int) -> None:
    """Put in goods, and a change for each number: most of goods, one in a thousand of shelves."""
    dialect = database.engine.dialect.name
    goods, shelves = model_kept(DrillGood), model_kept(DrillShelf)
    numbers = _NUMBERS[dialect].format(rows=rows)
    moment = (
        "now() - (({rows} - n) * interval '1 second')"
        if dialect == "postgresql"
        else "datetime('now', '-' || ({rows} - n) || ' seconds')"
    ).format(rows=rows)
    statements = [
        "INSERT INTO drill_shelf (name) VALUES ('near the door'), ('far away')",
        "INSERT INTO drill_good (title, stock, shelf_id)"
        f" SELECT 'Good number ' || n, n % 100, 1 + n % 2 FROM ({numbers}) AS numbers",
        "INSERT INTO trivet_admin_changes (at, model, key, label, action, handle, name, changes)"
        f" SELECT {moment}, CASE WHEN n % 1000 = 0 THEN '{shelves}' ELSE '{goods}' END,"
        " CAST(CASE WHEN n % 2 = 0 THEN 1 ELSE n END AS VARCHAR), 'Good number ' || n,"
        " CASE WHEN n < 20 THEN 'restore' ELSE 'change' END,"
        f" 'user-' || (n % {_ACCOUNTS}), 'Person ' || (n % {_ACCOUNTS}),"
        " CAST('{\"stock\": [1, 2]}' AS JSON)"
        f" FROM ({numbers}) AS numbers",
    ]
    async with database.engine.begin() as connection:
        for statement in statements:
            if dialect == "sqlite":
                statement = statement.replace(
                    "CAST('{\"stock\": [1, 2]}' AS JSON)", "'{\"stock\": [1, 2]}'"
                )
            await connection.execute(text(statement.replace(":", "\\:")))
    async with database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


def resident() -> float:
    """Give the process's memory in megabytes; 0 where the system does not tell it as Linux does."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * _PAGE_BYTES / 1e6 if told.exists() else 0.0


async def streamed(app: App, path: str, cookie: str) -> tuple[int, int, float]:
    """Ask for a path without keeping what comes: its status, its bytes, and the growth at most."""
    before, peak, size, status = resident(), 0.0, 0, 0
    path, _, query = path.partition("?")

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    body = [{"type": "http.request", "body": b"", "more_body": False}]

    async def received() -> dict[str, Any]:
        return body.pop() if body else await receive()

    async def send(message: Any) -> None:
        nonlocal peak, size, status
        status = message.get("status", status)
        size += len(message.get("body", b""))
        peak = max(peak, resident() - before)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "server": ("drill.test", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"drill.test"), (b"cookie", cookie.encode())],
    }  # fmt: skip
    await app(scope, received, send)
    return status, size, peak


async def exports(app: App, slug: str, cookie: str, formats: Sequence[str]) -> None:
    """Export all rows in each of these formats."""
    print(f"{'export':34} {'s':>8} {'MB sent':>8} {'MB grown':>9}")
    for ending in formats:
        begun = time.perf_counter()
        status, size, peak = await streamed(app, f"/admin/{slug}/export?as={ending}", cookie)
        assert status == 200, status
        seconds = time.perf_counter() - begun
        print(f"{ending:34} {seconds:8.1f} {size / 1e6:8.1f} {peak:9.1f}", flush=True)


async def pages(client: httpx2.AsyncClient, slug: str, rows: int) -> None:
    """Ask for the pages that read changes."""
    middle = time.strftime("%Y-%m-%d", time.gmtime(time.time() - rows // 2))
    asked = {
        "log": "/admin/log",
        "log, in the middle": f"/admin/log?before={rows // 2}",
        "log, the oldest": "/admin/log?before=60",
        "log, of a model": f"/admin/log?model={slug}",
        "log, of somebody": "/admin/log?who=user-7",
        "log, by a name": "/admin/log?who=Person+7",
        "log, of nobody": "/admin/log?who=nobody",
        "log, a rare action": "/admin/log?action=restore",
        "log, no such action": "/admin/log?action=import",
        "log, one day": "/admin/log?from=2020-01-01&to=2020-01-01",
        "log, a day in the middle": f"/admin/log?from={middle}&to={middle}",
        "log, today": f"/admin/log?from={time.strftime('%Y-%m-%d')}",
        "history, half of all": f"/admin/{slug}/1/history",
        "history, its middle": f"/admin/{slug}/1/history?before={rows // 2}",
        "history, one change": f"/admin/{slug}/7/history",
        "form": f"/admin/{slug}/7",
        "list": f"/admin/{slug}/",
        "home": "/admin/",
    }
    print(f"{'page':34} {'ms':>8}")
    for name, path in asked.items():
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            answer = await client.get(path)
            taken.append((time.perf_counter() - begun) * 1e3)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        print(f"{name:34} {statistics.median(taken):8.1f}", flush=True)


async def drill(address: str, rows: int, formats: Sequence[str]) -> None:
    """Fill a database and ask."""
    database = Database(address)
    app = App()
    app.use(database)
    cheap = Passwords(time_cost=1, memory_cost=8)
    auth = app.use(Auth(database, passwords=cheap))
    admin = app.use(Admin())
    admin.add(DrillShelf)
    admin.register(DrillGood)(DrillGoodAdmin)
    transport = httpx2.ASGITransport(app=app)
    async with app.router.lifespan_context(app):
        await database.create_tables()
        async with database.own_transaction():
            user = await auth.accounts.make(
                email="root@example.org", password=PASSWORD, is_superuser=True
            )
            await user.update(email_confirmed_at=user.joined_at)
        client = httpx2.AsyncClient(
            transport=transport, base_url=HOST, headers={"origin": HOST}, timeout=600
        )
        answer = await client.post(
            "/auth/sign-in", json={"log_in": "root@example.org", "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        begun = time.perf_counter()
        await fill(database, rows)
        print(f"{database.engine.dialect.name}, {rows:,} rows and changes, put in within "
              f"{time.perf_counter() - begun:.0f} s")  # fmt: skip
        await pages(client, "drill-good", rows)
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        await exports(app, "drill-good", cookie, formats)
        await client.aclose()


def main() -> None:
    """Run the drill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an empty database; a new SQLite file by default")
    parser.add_argument("--rows", type=int, default=1_000_000)
    known = ["csv", "jsonl", "json", "xlsx"]
    parser.add_argument("--formats", nargs="*", choices=known, default=known)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trivet-drill-") as folder:
        address = given.database or f"sqlite:///{folder}/drill.db"
        asyncio.run(drill(address, given.rows, given.formats))


if __name__ == "__main__":
    main()
