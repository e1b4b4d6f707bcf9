"""The commands of webhooks."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webhooks.running import Site
from trivet.db import Database, NotFound
from trivet.errors import SetupError

Command = Callable[..., Awaitable[None]]


@pytest.fixture(scope="module", params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Take one kind of database: what the commands call is tested on all of them."""
    found: str = request.param
    return found


@pytest.fixture
def commands(site: Site) -> dict[str, Command]:
    return {command.__name__: command for command in site.webhooks.commands()}


@pytest.fixture
async def endpoint(site: Site) -> int:
    async with site.database.transaction():
        made = await site.webhooks.endpoints.add("https://example.org/hook", owner="ann")
        await site.webhooks.send("order.placed", {"number": 7}, owner="ann")
    return made.id


async def test_endpoints_are_listed(
    site: Site, commands: dict[str, Command], endpoint: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.database.transaction():
        await site.webhooks.endpoints.add("https://example.com/", ["a.*", "b"])
        await site.webhooks.endpoints.change(endpoint, is_active=False)

    await commands["webhooks"]()
    await commands["webhooks"](owner="ann")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[2] == f"{endpoint}  inactive  ann  *  https://example.org/hook"
    assert lines[1].endswith("  active  -  a.*,b  https://example.com/")


async def test_deliveries_are_listed_with_what_was_answered_last(
    site: Site, commands: dict[str, Command], endpoint: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await commands["webhook_deliveries"](endpoint)

    words = capsys.readouterr().out.split()
    assert words[1:] == ["order.placed", "pending", "0", "-"]


async def test_one_delivery_is_replayed_or_all_since_a_moment(
    site: Site, commands: dict[str, Command], endpoint: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.database.transaction():
        (delivery,) = await site.webhooks.deliveries.of(endpoint)

    await commands["webhook_replay"](endpoint, delivery.message_id)
    await commands["webhook_replay"](endpoint, since="2020-01-01T00:00:00Z")
    await commands["webhook_replay"](endpoint, since="2020-01-01T00:00:00Z", delivered=True)

    assert capsys.readouterr().out == "1 to be sent again\n" * 3


async def test_a_test_is_sent(
    site: Site, commands: dict[str, Command], endpoint: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await commands["webhook_test"](endpoint)

    assert capsys.readouterr().out.endswith(" is to be sent\n")
    async with site.database.transaction():
        events = [one.event for one in await site.webhooks.deliveries.of(endpoint)]
    assert "webhook.test" in events


@pytest.mark.parametrize("text", ["", "yesterday", "2020-01-01", "2020-01-01T00:00:00"])
async def test_a_moment_without_a_time_zone_is_refused(
    commands: dict[str, Command], text: str
) -> None:
    with pytest.raises(SetupError, match="is no moment with a time zone") as caught:
        await commands["webhook_replay"](1, since=text)

    assert caught.value.code == "webhooks.moment"


async def test_what_is_not_there_is_not_found(commands: dict[str, Command]) -> None:
    with pytest.raises(NotFound, match="no Endpoint 0"):
        await commands["webhook_test"](0)
    with pytest.raises(NotFound, match="no Delivery"):
        await commands["webhook_replay"](0, "msg_1")


APP = """
from tests.webhooks.running import Shop, site_on
from trivet.db import Database

site = site_on(Database("sqlite:///shop.db", models=Shop))
app = site.app
"""


async def test_the_command_line_has_them(tmp_path: Path, site: Site) -> None:
    (tmp_path / "site_app.py").write_text(APP)
    models: Any = site.database.metadata
    database = Database(f"sqlite:///{tmp_path}/shop.db", models=models)
    await database.create_tables()
    await database.close()

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "trivet", "--app", "site_app:app", "webhooks", "--owner", "ann"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr
