"""That the present request is not traced: what it begins is not traced either, nor elsewhere.

In place of a span that records nothing: to make one and put it into a context of OpenTelemetry's
costs 2 µs, and most requests have nobody who looks for it (benchmarks: observe-traces).
"""

from __future__ import annotations

from contextvars import ContextVar
from random import getrandbits

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext

__all__ = ["unrecorded_context", "within_unrecorded"]

within_unrecorded: ContextVar[int | SpanContext | None] = ContextVar(
    "trivet.observe.unrecorded", default=None
)
"""The id of the trace that is not recorded, 0 where it has none yet; the span of who has sent it,
where somebody has; None where that is not so."""


def unrecorded_context() -> Context | None:
    """Give the context whose ids are passed on, with the decision; None where there is a span."""
    found = within_unrecorded.get()
    if found is None:
        return None
    if not isinstance(found, SpanContext):
        found = SpanContext(found or getrandbits(128), getrandbits(64), is_remote=False)
        within_unrecorded.set(found)
    return trace.set_span_in_context(NonRecordingSpan(found))
