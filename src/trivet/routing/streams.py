"""Handlers that yield: server-sent events, JSON lines, and raw streams.

Each class is made once for a route; calling it with the handler's iterator gives the response.
Items are validated and encoded one by one; a client that leaves ends the iterator.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel
from pydantic import ValidationError
from starlette.responses import Response, StreamingResponse

from trivet.concurrency import iterate_in_thread
from trivet.http.sse import KEEPALIVE, ServerSentEvent, format_sse_event
from trivet.http.streaming import PacedResponse
from trivet.routing.state import RouteState
from trivet.schema.encode import to_json

__all__ = ["PING_SECONDS", "EventStream", "JsonLines", "RawStream"]

PING_SECONDS = 15.0  # silence after which a comment goes out, below the time-outs of most proxies


class _Stream:
    """What the three kinds share: the encoded item, and the response's status and headers."""

    media_type: str | None = None

    def __init__(
        self,
        route: RouteState,
        response_class: type[Response],
        how: Mapping[str, Any],
        invalid: Callable[[ValidationError, Any], Exception],
    ) -> None:
        self.route = route
        self.response_class = response_class
        self.invalid = invalid
        field = route.stream_item_field
        self._validate = None if field is None else field.validate_python
        self._to_json = None if field is None else field.type_adapter.serializer.to_json
        self._how = dict(how)

    def __call__(self, items: Any, changes: Response | None, tasks: Any) -> Response:
        options: dict[str, Any] = {"background": tasks if tasks and tasks.tasks else None}
        status = (changes.status_code if changes is not None else None) or self.route.status_code
        if status is not None:
            options["status_code"] = status
        response = self.respond(_async(items), options)
        if changes is not None:
            response.headers.raw.extend(changes.headers.raw)
        return response

    def respond(self, items: AsyncIterator[Any], options: dict[str, Any]) -> Response:
        return PacedResponse(self.chunks(items), media_type=self.media_type, **options)

    def chunks(self, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
        raise NotImplementedError

    def encoded(self, item: Any) -> bytes:
        """Give one item as JSON; raises `ResponseValidationError` for one that does not fit."""
        if self._validate is None or self._to_json is None:
            return to_json(item)
        try:
            value = self._validate(item, from_attributes=True)
        except ValidationError as error:
            raise self.invalid(error, item) from None
        return self._to_json(value, **self._how)


class JsonLines(_Stream):
    """One JSON value a line (jsonlines.org)."""

    media_type = "application/jsonl"

    async def chunks(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield self.encoded(item) + b"\n"


class RawStream(_Stream):
    """What the handler yields, as it is, in the response class of the route."""

    def respond(self, items: AsyncIterator[Any], options: dict[str, Any]) -> Response:
        if self.response_class is StreamingResponse:
            return PacedResponse(items, **options)
        return self.response_class(content=self.chunks(items), **options)

    async def chunks(self, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for item in items:
            yield item
            await anyio.lowlevel.checkpoint()  # a handler that never waits must still be stoppable


class EventStream(_Stream):
    """Server-sent events, with a comment in long silences."""

    media_type = "text/event-stream"

    def respond(self, items: AsyncIterator[Any], options: dict[str, Any]) -> Response:
        response = PacedResponse(
            self.chunks(items),
            media_type=self.media_type,
            ping=KEEPALIVE,
            ping_seconds=PING_SECONDS,
            **options,
        )
        response.headers["cache-control"] = "no-cache"
        response.headers["x-accel-buffering"] = "no"  # nginx would hold events back
        return response

    async def chunks(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield self.event(item)

    def event(self, item: Any) -> bytes:
        """Give one yielded item as the bytes of an event."""
        if not isinstance(item, ServerSentEvent):
            return b"data: " + self.encoded(item) + b"\n\n"
        data = item.raw_data
        if data is None and item.data is not None:
            to_text = getattr(item.data, "model_dump_json", None)
            data = to_text() if to_text is not None else to_json(item.data).decode()
        return format_sse_event(
            data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment
        )


def _async(items: Any) -> AsyncIterator[Any]:
    if inspect.isasyncgen(items) or hasattr(items, "__aiter__"):
        return items.__aiter__()  # type: ignore[no-any-return]
    return iterate_in_thread(iter(items))
