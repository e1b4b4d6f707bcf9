"""What the servers of `test_server.py` import by its name: it dies, blocks and waits on demand."""

from __future__ import annotations

import os
import time

from tests.adapters.serving import TEXT, EchoApp, Ready, Running
from trivet.http.exchange import Answer, Exchange


def die(exchange: Exchange) -> Answer:
    os._exit(7)


def block(exchange: Exchange) -> Answer:
    time.sleep(600)
    raise AssertionError


def who(exchange: Exchange) -> Answer:
    return Answer(TEXT, b"%d" % os.getpid())


async def seen(exchange: Exchange) -> None:
    scope = exchange.scope
    client = scope["client"]
    text = f"{scope['scheme']} {client[0] if client else '-'}"
    await exchange.reply(Answer(TEXT, text.encode()))


app = EchoApp(
    {"/die": Ready(die), "/block": Ready(block), "/who": Ready(who), "/seen": Running(seen)}
)
