"""`fastapi.sse`."""

from __future__ import annotations

from trivet.http.sse import EventSourceResponse, ServerSentEvent, format_sse_event

__all__ = ["EventSourceResponse", "ServerSentEvent", "format_sse_event"]
