"""The response: pieces as they come, the provider closed at once when the client leaves.

Each piece is asked for when the one before it was taken by the socket, so that a slow client slows
its provider down and nothing piles up here. The headers wait for the first piece, or for the first
sign of life: what fails before it is answered with a status, as any other error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
from starlette.exceptions import HTTPException

from trivet.ai.tokens.accounts import Account, Books
from trivet.ai.tokens.generation import Generation, OnEnd
from trivet.ai.tokens.openai_wire import OpenAIWire
from trivet.ai.tokens.pieces import Piece, TokenSource
from trivet.ai.tokens.ui_wire import UIMessageWire
from trivet.ai.tokens.wire import Wire
from trivet.concurrency import clean_in_thread, iterate_in_thread, to_the_end
from trivet.http.exchange import Receive, Scope, Send
from trivet.http.sse import KEEPALIVE
from trivet.http.streaming import PacedResponse

__all__ = ["TokenStream", "openai_stream", "ui_stream"]

logger = logging.getLogger("trivet.ai")

PING_SECONDS = 15.0  # of silence, below the time-outs of most proxies
_SLICE = 0.005  # seconds that a provider which never waits may keep the loop to itself
_FAILED = "The model failed"


class TokenStream(PacedResponse):
    """Server-sent events of a model's pieces, in a wire format."""

    def __init__(
        self,
        tokens: TokenSource,
        wire: Wire,
        *,
        model: str,
        books: Books | None = None,
        on_end: OnEnd | None = None,
    ) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **wire.headers}
        super().__init__(_nothing(), headers=headers, media_type="text/event-stream")
        self._tokens = tokens
        self._pieces = _async(tokens)
        self._wire = wire
        self._books = books
        self._on_end = on_end
        self.generation = Generation(model)
        """What is known of it so far."""
        self._starting = anyio.Lock()
        self._has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        account = Account(self.generation, self._books, self._on_end)
        try:
            await super().__call__(scope, receive, send)
        except BaseException:
            if self.generation.error is None:  # neither the provider's nor the format's
                self.generation.ended = "cancelled"
            raise
        finally:
            # Whoever cancels may do it again.
            with anyio.CancelScope(shield=True):
                await self._close_provider()
                account.end()
                await to_the_end(account.tell())

    async def stream_response(self, send: Send) -> None:
        async def ping() -> None:
            wait = PING_SECONDS
            while True:
                await anyio.sleep(wait)
                quiet = time.monotonic() - self._sent_at
                if quiet >= PING_SECONDS:
                    await self._start(send)
                    await send(_body(KEEPALIVE))
                    self._sent_at = time.monotonic()
                    quiet = 0.0
                wait = PING_SECONDS - quiet

        self._sent_at = time.monotonic()
        failed: Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(ping)
            try:
                await self._send_pieces(send)
            except Exception as error:  # raised outside of the group, which would wrap it
                failed = error
            group.cancel_scope.cancel()
        if failed is not None:
            raise failed
        await send(_body(b"", more=False))

    async def _send_pieces(self, send: Send) -> None:
        wire, generation = self._wire, self.generation
        last_pause = time.monotonic()
        while True:
            try:
                piece = await anext(self._pieces)
                generation.note(piece)
                chunk = wire.piece(piece)
            except StopAsyncIteration:
                break
            except Exception as error:
                generation.ended, generation.error = "error", error
                await self._fail(error, send)
                return
            if not chunk:
                continue
            if not self._has_started:
                await self._start(send)
            await send(_body(chunk))
            self._sent_at = now = time.monotonic()
            if now - last_pause > _SLICE:
                await anyio.lowlevel.checkpoint()
                last_pause = time.monotonic()
        await self._start(send)
        await send(_body(wire.end(generation)))

    async def _start(self, send: Send) -> None:
        """Send the headers and what stands before the first piece, once, whoever comes first."""
        async with self._starting:
            if self._has_started:
                return
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await send(_body(self._wire.begin()))
            self._has_started = True

    async def _fail(self, error: Exception, send: Send) -> None:
        """Tell the client; before the headers it is told by a status, which others write."""
        if not self._has_started:
            raise error
        is_told = isinstance(error, HTTPException) and isinstance(error.detail, str)
        if not is_told:
            logger.error("a stream of tokens failed", exc_info=error)
        await send(_body(self._wire.failed(error.detail if is_told else _FAILED)))  # type: ignore[attr-defined]

    async def _close_provider(self) -> None:
        """Close it in the task that asked it: it may hold scopes that belong to a task."""
        for one in {id(self._pieces): self._pieces, id(self._tokens): self._tokens}.values():
            try:
                await _closed(one)
            except Exception:
                logger.exception("a provider of tokens could not be closed")


async def _closed(provider: Any) -> None:  # Any: whatever gives tokens
    close = getattr(provider, "aclose", None) or getattr(provider, "close", None)
    if close is None:
        return
    if hasattr(provider, "__aiter__"):
        await close()
    else:
        await clean_in_thread(close)


def openai_stream(
    tokens: TokenSource,
    *,
    model: str,
    usage: bool = False,
    id: str | None = None,
    on_end: OnEnd | None = None,
) -> TokenStream:
    """Give a response that clients of OpenAI's chat completions read as a stream.

    `usage` adds the chunk that tells the tokens, which a client asks for by
    ``stream_options.include_usage``.
    """
    return TokenStream(tokens, OpenAIWire(model, usage=usage, id=id), model=model, on_end=on_end)


def ui_stream(
    tokens: TokenSource,
    *,
    model: str,
    usage: bool = False,
    message_id: str | None = None,
    on_end: OnEnd | None = None,
) -> TokenStream:
    """Give a response that `useChat` of the AI SDK reads: a UI message stream."""
    wire = UIMessageWire(message_id=message_id, usage=usage)
    return TokenStream(tokens, wire, model=model, on_end=on_end)


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:  # Any: a message of ASGI's
    return {"type": "http.response.body", "body": chunk, "more_body": more}


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _async(tokens: TokenSource) -> AsyncIterator[Piece]:
    if isinstance(tokens, AsyncIterable):
        return aiter(tokens)
    return iterate_in_thread(iter(tokens))
