"""A slow model behind Trivet: its words as chunks of a chat completion."""

import asyncio
from collections.abc import AsyncIterator

from trivet import App
from trivet.ai.tokens import TokenStream, openai_stream

app = App()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def words(count: int, pause: float) -> AsyncIterator[str]:
    for _ in range(count):
        await asyncio.sleep(pause)
        yield "word "


@app.get("/slow")
async def slow(count: int, pause: float) -> TokenStream:
    return openai_stream(words(count, pause), model="slow")
