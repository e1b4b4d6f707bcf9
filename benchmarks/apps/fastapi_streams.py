"""A slow model behind FastAPI: its words as chunks of a chat completion, by its event streams."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent

app = FastAPI()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def words(count: int, pause: float) -> AsyncIterator[str]:
    for _ in range(count):
        await asyncio.sleep(pause)
        yield "word "


@app.get("/slow", response_class=EventSourceResponse)
async def slow(count: int, pause: float) -> AsyncIterator[ServerSentEvent]:
    head = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "slow",
    }

    def chunk(delta: dict[str, Any], reason: str | None = None) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return ServerSentEvent(data={**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    async for word in words(count, pause):
        yield chunk({"content": word})
    yield chunk({}, "stop")
    yield ServerSentEvent(raw_data="[DONE]")
