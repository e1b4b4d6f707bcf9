"""Spans of OpenTelemetry's for what happens: requests, queries, jobs, calls to others.

A watcher. A request that is not traced leaves a span behind that records nothing and has no ids
until somebody asks for them; what happens within it is then let pass at once. What others begin by
OpenTelemetry's own interface, within a request or around it, nests with ours.
"""

from __future__ import annotations

import random
import traceback
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.propagators.textmap import DefaultGetter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)

from trivet.observe.otel.attributes import KINDS, Shown, at_begin, at_end, error_type
from trivet.observe.present import TRACE, user_id_of
from trivet.observe.otel.sampling import GivenIds, Rule, RuleSampler
from trivet.watching import Happening

__all__ = ["CARRIED", "HEADERS", "Decider", "Traces"]

CARRIED = "trivet.carried"
"""The fact of a job with what its row has carried: ``traceparent`` as text. Of one that is put in,
the same, set by who traces it, for its row to carry."""
HEADERS = "trivet.headers"
"""The fact of a call with the headers of its request, into which the trace is written."""

_SPAN = "trivet.span"
_PARENT = "traceparent"
# What nothing else happens within: its span is made once it has ended, in one go.
_LEAVES = frozenset({"query", "transaction", "connection"})
_WITHOUT_SPAN = frozenset({"connection"})
_ROOTS = frozenset({"request", "websocket", "job"})


class _Unrecorded(NonRecordingSpan):
    """The span of what is not traced; its ids are made when somebody wants to pass them on."""

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id
        self._made: SpanContext | None = None

    def get_span_context(self) -> SpanContext:
        if self._made is None:
            self._made = SpanContext(
                self._trace_id or 1, random.getrandbits(64) or 1, is_remote=False
            )
        return self._made

    def __repr__(self) -> str:
        return f"_Unrecorded({self._trace_id:032x})"


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
        self._takes = None if decider is None else decider.rule.takes
        self._shows = shows
        self._shows_user = "user" in shows
        self._continues = continues
        fields = propagate.get_global_textmap().fields
        self._fields = frozenset(name.lower().encode("ascii") for name in fields)

    # -- a watcher -------------------------------------------------------------------------------

    def begins(self, happening: Happening) -> None:
        """Begin a span, where it is traced."""
        kind = happening.kind
        if kind == "request":
            self._begin_request(happening)
        elif kind in _LEAVES:
            return
        elif kind in _ROOTS:
            self._begin_root(happening, self._parent_of(happening))
        elif trace.get_current_span().is_recording():
            self._begin_within(happening)
        elif kind == "call":
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

    def _begin_request(self, happening: Happening) -> None:
        fields = self._fields
        headers = happening.facts["trivet.exchange"].headers
        for name, _ in headers:
            if name in fields:
                self._begin_root(happening, propagate.extract(headers, Context(), _GETTER))
                return
        takes = self._takes
        if takes is not None:
            trace_id = random.getrandbits(128)
            if not takes(trace_id):
                # What the SDK does here in 7 µs; nothing of this context is taken back, as each
                # request has a context of its own.
                attach(trace.set_span_in_context(_Unrecorded(trace_id), _EMPTY))
                return
            self._decider.decided(trace_id)  # type: ignore[union-attr]  # where it takes
        self._begin_recorded(happening, None)

    def _begin_root(self, happening: Happening, parent: Context | None) -> None:
        """Begin what has come from elsewhere, or begins by itself."""
        sent = None if parent is None else trace.get_current_span(parent).get_span_context()
        decider = self._decider
        links = ()
        if sent is None or not sent.is_valid:
            if decider is not None:
                trace_id = random.getrandbits(128)
                if not decider.rule.takes(trace_id):
                    attach(trace.set_span_in_context(_Unrecorded(trace_id), parent))
                    return
                decider.decided(trace_id)
        elif not self._continues and happening.kind != "job":
            links = (trace.Link(sent),)
            parent = trace.set_span_in_context(trace.INVALID_SPAN, parent)
        elif decider is not None and decider.rule.follows and not sent.trace_flags.sampled:
            attach(parent or _EMPTY)  # what is passed on says who has decided it
            return
        self._begin_recorded(happening, parent, links)

    def _begin_recorded(
        self, happening: Happening, parent: Context | None, links: tuple[trace.Link, ...] = ()
    ) -> None:
        around = _EMPTY if parent is None else parent
        span = self._tracer.start_span(
            _name_of(happening),
            around,
            KINDS.get(happening.kind, SpanKind.INTERNAL),
            at_begin(happening, self._shows),
            links,
            start_time=_nanoseconds(happening.began),
        )
        token = attach(trace.set_span_in_context(span, around))
        if span.is_recording():
            # A request has a context of its own; a worker's task goes on to its next job.
            happening.facts[_SPAN] = (span, token if happening.kind == "job" else None)
            happening.facts[TRACE] = _ids_now

    def _parent_of(self, happening: Happening) -> Context | None:
        if happening.kind == "job":
            carried = happening.facts.get(CARRIED)
            return propagate.extract({_PARENT: carried}, Context()) if carried else None
        headers = happening.facts["trivet.scope"]["headers"]
        return propagate.extract(headers, Context(), _GETTER)

    # -- what happens within ---------------------------------------------------------------------

    def _begin_within(self, happening: Happening) -> None:
        span = self._tracer.start_span(
            _name_of(happening),
            None,
            KINDS.get(happening.kind, SpanKind.INTERNAL),
            at_begin(happening, self._shows),
            start_time=_nanoseconds(happening.began),
        )
        happening.facts[_SPAN] = (span, attach(trace.set_span_in_context(span)))
        self._carry(happening)

    def _carry(self, happening: Happening) -> None:
        """Write the present trace where it is carried on."""
        headers = happening.facts.get(HEADERS)
        if headers is not None:
            propagate.inject(headers)
        elif happening.kind == "enqueue":
            carrier: dict[str, str] = {}
            propagate.inject(carrier)
            happening.facts[CARRIED] = carrier.get(_PARENT)

    def _tell_leaf(self, happening: Happening) -> None:
        span = self._tracer.start_span(
            _name_of(happening),
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


class _Headers(DefaultGetter):
    """Reads what a request has brought; headers are pairs of bytes here."""

    def get(self, carrier: Any, key: str) -> list[str] | None:  # Any: see the SDK's getter
        wanted = key.lower().encode("ascii")
        found = [value.decode("latin-1") for name, value in carrier if name == wanted]
        return found or None

    def keys(self, carrier: Any) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


_GETTER = _Headers()
_EMPTY = Context()


def _name_of(happening: Happening) -> str:
    if happening.kind == "enqueue":
        return f"send {happening.name}"
    if happening.kind == "job":
        return f"process {happening.name}"
    if happening.kind in ("cache", "mail"):
        return f"{happening.kind} {happening.name}"
    return happening.name


def _nanoseconds(moment: float) -> int:
    """Give a moment of `perf_counter` in nanoseconds since 1970."""
    return time_ns() - round((perf_counter() - moment) * 1e9)


def _ids_now() -> tuple[str, str] | None:
    """Give the ids of the present trace and span, as logs name them."""
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return f"{found.trace_id:032x}", f"{found.span_id:016x}"
