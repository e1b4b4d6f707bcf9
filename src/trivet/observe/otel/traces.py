"""Spans of OpenTelemetry's for what happens: requests, queries, jobs, calls to others.

A watcher, which chooses the requests that it is told of. Of one that is not traced a variable of
its context is all that is left (`unrecorded.py`), and what happens within it is let pass at once.
What others begin by OpenTelemetry's own interface nests with ours.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from random import getrandbits
from time import perf_counter, time_ns

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from trivet.http.exchange import Exchange
from trivet.observe.otel.attributes import KINDS, Shown, at_begin, at_end, error_type, name_of
from trivet.observe.otel.sampling import GivenIds, Rule, RuleSampler
from trivet.observe.otel.unrecorded import unrecorded_context, within_unrecorded
from trivet.observe.present import TRACE, user_id_of
from trivet.watching import Happening

__all__ = ["CARRIED", "HEADERS", "Decider", "Traces"]

CARRIED = "trivet.carried"
"""The fact of a job with what its row has carried: ``traceparent`` as text. Of one that is put in,
the same, set by who traces it, for its row to carry."""
HEADERS = "trivet.headers"
"""The fact of a call with the headers of its request, into which the trace is written."""

_SPAN = "trivet.span"
_PARENT = "traceparent"
_note_unrecorded = within_unrecorded.set
# What nothing else happens within: its span is made once it has ended, in one go.
_LEAVES = frozenset({"query", "transaction", "connection"})
_WITHOUT_SPAN = frozenset({"connection"})
_ROOTS = frozenset({"request", "websocket", "job"})
_CARRYING = frozenset({"call", "enqueue"})


class Decider:
    """A rule, with the sampler and the generator of ids by which the SDK is told of it."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.ids = GivenIds()
        self.sampler = RuleSampler(rule)

    def decided(self, trace_id: int) -> None:
        """Let the span that this thread begins next have this trace, and be recorded."""
        self.ids.give(trace_id)
        self.sampler.decided(trace_id)


class Traces:
    """The watcher; `provider` makes the spans.

    With a `decider`, which the provider must be made with, requests that are not recorded never
    come to the SDK. Without, each does, and its own sampler decides.
    """

    def __init__(
        self,
        provider: TracerProvider,
        decider: Decider | None,
        *,
        shows: frozenset[Shown] = frozenset(),
        continues: bool = True,
    ) -> None:
        self._tracer: Tracer = provider.get_tracer("trivet")
        self._decider = decider
        self._limit = None if decider is None else decider.rule.limit
        self._shows = shows
        self._shows_user = "user" in shows
        self._continues = continues
        fields = propagate.get_global_textmap().fields
        self._fields = frozenset(name.lower().encode("ascii") for name in fields)

    # -- a watcher -------------------------------------------------------------------------------

    def wants(self, exchange: Exchange) -> bool:
        """Decide whether a request is traced, and let what is within it know."""
        fields = self._fields
        for name, _ in exchange.headers:
            if name in fields:
                return self._is_taken(_sent_in(exchange.headers))
        limit = self._limit
        if limit is None or perf_counter() >= limit.next:
            return self._is_taken(None)
        _note_unrecorded(0)
        return False

    def begins(self, happening: Happening) -> None:
        """Begin a span, where it is traced."""
        kind = happening.kind
        if kind == "request":
            self._begin_root(happening, self._parent_of(happening))
        elif kind in _LEAVES:
            return
        elif kind in _ROOTS:
            parent = self._parent_of(happening)
            if self._is_taken(parent):
                self._begin_root(happening, parent)
        elif trace.get_current_span().is_recording():
            self._begin_within(happening)
        elif kind in _CARRYING:
            self._carry(happening)

    def ends(self, happening: Happening) -> None:
        """End the span, with what became of it."""
        kind = happening.kind
        if kind in _LEAVES:
            if kind not in _WITHOUT_SPAN and trace.get_current_span().is_recording():
                self._tell_leaf(happening)
            return
        found = happening.facts.get(_SPAN)
        if found is None:
            return
        span, token = found
        self._finish(span, happening)
        if token is not None:
            detach(token)

    # -- requests and jobs -----------------------------------------------------------------------

    def _is_taken(self, parent: Context | None) -> bool:
        """Decide whether what comes with `parent`, or begins by itself, is recorded."""
        decider = self._decider
        if decider is None:
            return True  # the SDK decides
        sent = _UNSENT if parent is None else trace.get_current_span(parent).get_span_context()
        if sent.is_valid and self._continues:
            if sent.trace_flags.sampled or not decider.rule.follows:
                return decider.rule.follows or decider.rule.takes(sent.trace_id)
            within_unrecorded.set(sent)
            return False
        trace_id = getrandbits(128)
        if decider.rule.takes(trace_id):
            decider.decided(trace_id)
            return True
        within_unrecorded.set(trace_id)
        return False

    def _begin_root(self, happening: Happening, parent: Context | None) -> None:
        """Begin what has come from elsewhere, or begins by itself; it was decided to."""
        around = _EMPTY if parent is None else parent
        links: tuple[trace.Link, ...] = ()
        if not self._continues and happening.kind != "job":
            sent = trace.get_current_span(around).get_span_context()
            links = (trace.Link(sent),) if sent.is_valid else ()
            around = _EMPTY
        span = self._tracer.start_span(
            name_of(happening),
            around,
            KINDS.get(happening.kind, SpanKind.INTERNAL),
            at_begin(happening, self._shows),
            links,
            start_time=_nanoseconds(happening.began),
        )
        token = attach(trace.set_span_in_context(span, around))
        within_unrecorded.set(None)
        # A request has a context of its own; a worker's task may go on to its next job.
        happening.facts[_SPAN] = (span, token if happening.kind == "job" else None)
        happening.facts[TRACE] = _ids_now

    def _parent_of(self, happening: Happening) -> Context | None:
        if happening.kind == "job":
            carried = happening.facts.get(CARRIED)
            return propagate.extract({_PARENT: carried}, Context()) if carried else None
        exchange = happening.facts.get("trivet.exchange")
        headers = (
            happening.facts["trivet.scope"]["headers"] if exchange is None else exchange.headers
        )
        return _sent_in(headers) if any(name in self._fields for name, _ in headers) else None

    # -- what happens within ---------------------------------------------------------------------

    def _begin_within(self, happening: Happening) -> None:
        span = self._tracer.start_span(
            name_of(happening),
            None,
            KINDS.get(happening.kind, SpanKind.INTERNAL),
            at_begin(happening, self._shows),
            start_time=_nanoseconds(happening.began),
        )
        happening.facts[_SPAN] = (span, attach(trace.set_span_in_context(span)))
        self._carry(happening)

    def _carry(self, happening: Happening) -> None:
        """Write the present trace where it is carried on."""
        around = unrecorded_context()
        headers = happening.facts.get(HEADERS)
        if headers is not None:
            propagate.inject(headers, around)
        elif happening.kind == "enqueue":
            carrier: dict[str, str] = {}
            propagate.inject(carrier, around)
            happening.facts[CARRIED] = carrier.get(_PARENT)

    def _tell_leaf(self, happening: Happening) -> None:
        span = self._tracer.start_span(
            name_of(happening),
            None,
            KINDS.get(happening.kind, SpanKind.INTERNAL),
            start_time=_nanoseconds(happening.began),
        )
        self._finish(span, happening)

    def _finish(self, span: Span, happening: Happening) -> None:
        span.set_attributes(at_end(happening, self._shows))
        if self._shows_user and happening.kind in _ROOTS:
            user_id = user_id_of(happening)
            if user_id is not None:
                span.set_attribute("user.id", user_id)
        if happening.error is not None:
            self._tell_error(span, happening.error)
        elif error_type(happening) is not None:
            span.set_status(Status(StatusCode.ERROR))
        ended = happening.ended
        span.end(None if ended is None else _nanoseconds(ended))

    def _tell_error(self, span: Span, error: BaseException) -> None:
        if "errors" in self._shows:
            span.record_exception(error, escaped=True)
            span.set_status(Status(StatusCode.ERROR, str(error)))
            return
        # Its text may name what somebody has sent: a duplicate's value, an address.
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
        kind = type(error)
        told = {
            "exception.type": f"{kind.__module__}.{kind.__qualname__}",
            "exception.stacktrace": "".join(frames),
        }
        span.add_event("exception", told)
        span.set_status(Status(StatusCode.ERROR))


_Pairs = Sequence[tuple[bytes, bytes]]


class _Headers(Getter[_Pairs]):
    """Reads what a request has brought; headers are pairs of bytes here."""

    def get(self, carrier: _Pairs, key: str) -> list[str] | None:
        wanted = key.lower().encode("ascii")
        found = [value.decode("latin-1") for name, value in carrier if name == wanted]
        return found or None

    def keys(self, carrier: _Pairs) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


_GETTER = _Headers()
_EMPTY = Context()
_UNSENT = trace.INVALID_SPAN_CONTEXT


def _sent_in(headers: _Pairs) -> Context:
    """Give the context that a request has brought."""
    return propagate.extract(headers, Context(), _GETTER)


def _nanoseconds(moment: float) -> int:
    """Give a moment of `perf_counter` in nanoseconds since 1970."""
    return time_ns() - round((perf_counter() - moment) * 1e9)


def _ids_now() -> tuple[str, str] | None:
    """Give the ids of the present trace and span, as logs name them."""
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return f"{found.trace_id:032x}", f"{found.span_id:016x}"
