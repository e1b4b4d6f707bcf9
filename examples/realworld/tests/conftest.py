"""People for the tests, and what sends their requests."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from realworld.models import User
from realworld.parts import auth, jwt
from trivet.db import Database

pytest_plugins = ["trivet.testing.plugin"]

Api = Callable[..., Awaitable[Any]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def api(async_client: httpx2.AsyncClient) -> Api:
    """Give what sends a request, by whoever it is, and gives the answer's content."""

    async def send(line: str, by: User | None = None, status: int = 200, **content: Any) -> Any:
        method, path = line.split()
        headers = {}
        if by is not None:
            grant = await jwt.granting.issue(by, is_refreshed=False)
            headers = {"Authorization": f"Token {grant.access_token}"}
        answer = await async_client.request(
            method, f"/api{path}", headers=headers, json=content or None
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return send


async def person(db: Database, name: str) -> User:
    async with db.transaction():
        made: User = await auth.accounts.make(
            email=f"{name}@example.org", username=name, name=name.title()
        )
    return made


@pytest.fixture
async def ann(db: Database) -> User:
    return await person(db, "ann")


@pytest.fixture
async def bob(db: Database) -> User:
    return await person(db, "bob")
