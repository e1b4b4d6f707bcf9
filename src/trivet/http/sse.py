"""Server-sent events: the event, its bytes, and the response that carries them.

Source: the WHATWG HTML standard, section 9.2; the event's JSON Schema is OpenAPI 3.2's, 4.14.4.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import StreamingResponse

__all__ = ["KEEPALIVE", "EventSourceResponse", "ServerSentEvent", "format_sse_event"]

# Sent while nothing else is, so that proxies do not take a quiet stream for a dead one.
KEEPALIVE = b": ping\n\n"

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}


class EventSourceResponse(StreamingResponse):
    """As `response_class`: what the handler yields goes out as server-sent events."""

    media_type = "text/event-stream"


def _one_line(name: str, value: str | None) -> str | None:
    if value is not None and ("\r" in value or "\n" in value):
        raise ValueError(f"SSE {name!r} must be a single line")
    return value


def _event_name(value: str | None) -> str | None:
    return _one_line("event", value)


def _event_id(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _one_line("id", value)


class ServerSentEvent(BaseModel):
    """One event with all that the wire format knows; yield it where a plain value is not enough.

    `data` goes out as JSON (a string with its quotes), `raw_data` as it is; only one of the two
    may be given. `retry` is in milliseconds, at least 0. `comment` is seen by no listener.
    """

    # Made when the first event is: who streams none need not wait for it at every start.
    model_config = ConfigDict(defer_build=True)

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(_event_name)] = None
    id: Annotated[str | None, AfterValidator(_event_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _has_one_payload(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent. Use 'data'"
                " for JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


def _lines(value: str) -> list[str]:
    # The format's own line ends; str.splitlines knows more of them and drops an empty last line.
    return value.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """Give one event as bytes, its closing empty line included; `retry` is in milliseconds."""
    lines: list[str] = []
    if comment is not None:
        lines += [f": {line}" for line in _lines(comment)]
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _lines(data_str)]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "\n".join([*lines, "", ""]).encode()
