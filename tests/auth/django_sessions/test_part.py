"""What the part asks for: Django's tables, wherever they are, and its keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import CHAR, BigInteger, Column, Integer, MetaData, String, Table, Uuid, insert

from tests.auth.django_sessions.site import (
    DJANGO,
    SECRET,
    Both,
    both_on,
    django_hash,
    held_by,
    signed_data,
)
from tests.auth.site import auth_tables, site_on
from trivet.auth.django_sessions import DjangoSessions
from trivet.auth.django_sessions.rows import _as_key
from trivet.db import Database, Model
from trivet.errors import SetupError
from trivet.testing import TestClient

ID = UUID("5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f")


class OfDjango(Model, apart=True):
    """What Django's own database keeps, of which these tests have no models."""


async def own(path: Path) -> Database:
    database = Database(f"sqlite:///{path}/ours.sqlite")
    tables = list(auth_tables(database))
    async with database.engine.begin() as connection:
        await connection.run_sync(tables[0].metadata.create_all, tables=tables)
    return database


async def theirs(path: Path) -> Database:
    django = Database(f"sqlite:///{path}/theirs.sqlite", models=OfDjango)
    async with django.engine.begin() as connection:
        await connection.run_sync(DJANGO.create_all)
    return django


async def test_django_may_have_a_database_of_its_own(tmp_path: Path) -> None:
    both = both_on(await own(tmp_path), await theirs(tmp_path))
    key = await both.ann()

    async with both.client(key) as client, both.client(key) as other:
        failed = await client.get("/broken")
        left = await both.keys()
        found = [await both.who(one) for one in (client, client, other)]

    assert (failed.status_code, left) == (409, [key])
    assert found == ["ann", "ann", None]
    assert await both.keys() == []
    await both.django.close()
    await both.site.auth.database.close()


async def test_model_of_accounts_may_have_another_table_and_key(tmp_path: Path) -> None:
    members = Table(
        "shop_member",
        MetaData(),
        Column("number", CHAR(32), primary_key=True),
        Column("email", String(254)),
        Column("password", String(128)),
    )
    django = await theirs(tmp_path)
    both = both_on(await own(tmp_path), django, user_table="shop_member")
    async with django.engine.begin() as connection:
        await connection.run_sync(members.create)
    password = django_hash()
    await both.write(
        insert(members).values(number=ID.hex, email="Ann@example.org", password=password)
    )
    await both.taken(password, key=1)
    key = await both.session(signed_data(held_by(ID, password)))

    async with both.client(key) as client:
        assert await both.who(client) == "ann"
    await both.django.close()
    await both.site.auth.database.close()


async def test_cookie_may_have_another_name(tmp_path: Path) -> None:
    both = both_on(await own(tmp_path), await theirs(tmp_path), cookie="shop_session")
    key = await both.ann()

    async with both.client(key) as client:
        before = await both.who(client)
        client.cookies["shop_session"] = key
        after = await both.who(client)

    assert (before, after) == (None, "ann")
    await both.django.close()
    await both.site.auth.database.close()


def test_sockets_take_nothing_over(tmp_path: Path) -> None:
    async def prepared() -> tuple[Both, str]:
        both = both_on(await own(tmp_path), await theirs(tmp_path))
        key = await both.ann()
        await both.django.close()
        await both.site.auth.database.close()
        return both, key

    both, key = asyncio.run(prepared())
    with TestClient(both.site.app, cookies={"sessionid": key}) as client:
        with client.websocket_connect("/live") as socket:
            in_socket = socket.receive_json()
        left = client.portal.call(both.keys)
        in_request = client.get("/who").json()

    assert (in_socket, left, in_request) == (None, [key], "ann")


def test_start_without_djangos_tables_says_so(tmp_path: Path) -> None:
    site = site_on(Database(f"sqlite:///{tmp_path}/ours.sqlite"))
    site.app.use(DjangoSessions(site.auth, secrets=SECRET))

    with (
        pytest.raises(SetupError, match="no table 'django_session'") as found,
        TestClient(site.app),
    ):
        pass

    assert found.value.code == "auth.no-django-tables"


async def test_start_without_the_table_of_accounts_says_so(tmp_path: Path) -> None:
    site = site_on(await own(tmp_path))
    django = await theirs(tmp_path)
    part = DjangoSessions(site.auth, secrets=SECRET, database=django, user_table="shop_member")

    with pytest.raises(SetupError, match="no table 'shop_member'"):
        async with part.lifespan(site.app):
            pass
    await django.close()
    await site.auth.database.close()


async def test_start_goes_on_where_the_database_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_on(Database(f"sqlite:///{tmp_path}/ours.sqlite"))
    away = Database("postgresql://postgres@127.0.0.1:1/none", models=OfDjango)
    part = DjangoSessions(site.auth, secrets=SECRET, database=away)

    async with part.lifespan(site.app):
        assert "nobody could look for Django's tables" in caplog.text
    await away.close()


@pytest.mark.parametrize("secrets", ["", [], ["right", ""], [b"bytes"], SecretStr("")])
def test_no_key_is_refused(tmp_path: Path, secrets: Any) -> None:
    site = site_on(Database(f"sqlite:///{tmp_path}/ours.sqlite"))

    with pytest.raises(SetupError) as found:
        DjangoSessions(site.auth, secrets=secrets)

    assert found.value.code == "auth.django-secrets"


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        (Integer(), "7", 7),
        (BigInteger(), "-9000000000", -9_000_000_000),
        (Integer(), "seven", None),
        (Integer(), "7" * 30, None),
        (Uuid(), str(ID), ID),
        (Uuid(), "seven", None),
        (CHAR(32), str(ID), ID.hex),
        (String(150), "ann", "ann"),
        (String(150), str(ID), str(ID)),
        (String(32), "ann", "ann"),
    ],
)
def test_keys_become_what_their_column_holds(kind: Any, text: str, key: object) -> None:
    assert _as_key(Column("id", kind), text) == key
