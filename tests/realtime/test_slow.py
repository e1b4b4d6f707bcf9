"""A client that does not read: it holds nobody up, and no more than its limits."""

from __future__ import annotations

import asyncio
import socket

import httpx2
import pytest

from tests.realtime.conftest import until
from tests.realtime.rooms import Rooms
from tests.realtime.talking import talking
from trivet.realtime import Limits
from trivet.testing import LiveServer

LIMITS = Limits(waiting=50, waiting_bytes=10_000_000, stall=3.0)
SIZE = 50_000  # of a message: a few of them fill all buffers on the way


async def narrow(server: LiveServer) -> socket.socket:
    """Give a connected socket that takes little."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (server.host, server.port))
    return made


async def flood(server: LiveServer, channel: str) -> None:
    async with httpx2.AsyncClient(base_url=server.url, timeout=60) as http:
        answer = await http.post(f"/flood/{channel}?count=20&size={SIZE}")
        assert answer.status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["news", "log/busy"])
async def test_who_does_not_read_holds_nobody_up(channel: str) -> None:
    rooms = Rooms(limits=LIMITS)
    with LiveServer(rooms.app) as server:
        slow = {
            "sock": await narrow(server),
            "max_queue": 1,
            "ping_interval": None,
            "max_size": None,
        }
        async with (
            talking(server.ws_url, **slow) as dormouse,
            talking(server.ws_url, max_size=None) as hare,
        ):
            await dormouse.subscribe(channel)
            await hare.subscribe(channel)
            for _ in range(20):
                await flood(server, channel.removeprefix("log/"))
                heard = [one["text"].rstrip(".") for one in await hare.messages(20)]
                assert heard == [str(number) for number in range(20)]

            assert all(waiting.count <= 50 for waiting in rooms.realtime.clients)
            if channel == "news":  # it may go on, and is told that messages are missing
                kinds = []
                while "gap" not in kinds:
                    kinds.append((await dormouse.next())["type"])
                assert set(kinds) == {"message", "gap"}
            else:
                await until(lambda: len(rooms.realtime.clients) == 1)
