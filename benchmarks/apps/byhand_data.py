"""One row by its key as somebody writes it who counts microseconds: drivers without trivet.db."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from trivet import App, HTTPException

URL = os.environ["BENCH_DATABASE"]
COLUMNS = "id, title, body, published, views, created, author_id"


async def leave_alone(connection: Any) -> None:
    """Leave a connection as it is: a read by key changes nothing that would have to be reset."""


if URL.startswith("postgresql"):
    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        async with asyncpg.create_pool(URL, min_size=10, max_size=10, reset=leave_alone) as pool:
            pools.append(pool)
            yield

    app = App(lifespan=lifespan)

    @app.get("/posts/{id}")
    async def post(id: int) -> dict[str, Any]:
        row = await pools[0].fetchrow(f"SELECT {COLUMNS} FROM post WHERE id = $1", id)
        if row is None:
            raise HTTPException(404)
        return dict(row)

else:
    app = App()
    connection = sqlite3.connect(URL.removeprefix("sqlite:///"), check_same_thread=False)

    @app.get("/posts/{id}")
    async def post(id: int) -> dict[str, Any]:
        rows = connection.execute(f"SELECT {COLUMNS} FROM post WHERE id = ?", (id,))
        row = rows.fetchone()
        if row is None:
            raise HTTPException(404)
        number, title, body, published, views, created, author_id = row
        return {
            "id": number,
            "title": title,
            "body": body,
            "published": bool(published),
            "views": views,
            "created": datetime.fromisoformat(created).replace(tzinfo=UTC),
            "author_id": author_id,
        }
