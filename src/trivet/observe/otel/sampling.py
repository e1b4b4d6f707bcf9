"""Which requests are traced: decided before OpenTelemetry's SDK is asked to do anything.

What nobody will see costs a random number here, where the SDK takes 7 µs to come to the same. Its
own samplers stay in charge wherever one is named that is not known here, and of spans that are
begun elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from trivet.errors import SetupError
from trivet.observe.otel.unrecorded import within_unrecorded
from trivet.observe.rate import Rate

__all__ = ["GivenIds", "Rule", "RuleSampler", "rule_named"]

_LOWER = (1 << 64) - 1  # the part of a trace's id that ratios are of, in the SDK too


@dataclass(frozen=True)
class Rule:
    """How it is decided whether a new trace is recorded, and whether its parent is followed."""

    takes: Callable[[int], bool]
    """Decides for a trace that begins here, by its id."""
    follows: bool
    """Whether what the sender of `traceparent` has decided is decided here too."""
    described: str
    limit: Rate | None = None
    """What decides, where the id has no part in it."""


def _always(trace_id: int) -> bool:
    return True


def _never(trace_id: int) -> bool:
    return False


def _ratio(text: str) -> Callable[[int], bool]:
    try:
        share = float(text or "1")
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise SetupError(
            f"OTEL_TRACES_SAMPLER_ARG is {text!r}, which is no share of requests",
            code="observe.sampler",
            mend="OTEL_TRACES_SAMPLER_ARG=0.1, or another number from 0 to 1",
        )
    bound = round(share * (_LOWER + 1))

    def takes(trace_id: int) -> bool:
        return trace_id & _LOWER < bound

    return takes


def rule_named(name: str | None, argument: str, *, rate: float) -> Rule | None:
    """Give the rule that `OTEL_TRACES_SAMPLER` names, or None for one that only the SDK knows.

    Without a name: `rate` new traces a second, and what came with a decision follows it.
    """
    if not name:
        limit = Rate(rate)

        def takes(trace_id: int) -> bool:
            return limit.take()

        return Rule(takes, True, f"{rate:g} new traces a second", limit)
    follows = name.startswith("parentbased_")
    kind = name.removeprefix("parentbased_")
    if kind == "always_on":
        return Rule(_always, follows, name)
    if kind == "always_off":
        return Rule(_never, follows, name)
    if kind == "traceidratio":
        return Rule(_ratio(argument), follows, f"{name} {argument}")
    return None


class GivenIds(RandomIdGenerator):
    """Gives a trace the id by which it was decided to record it."""

    def __init__(self) -> None:
        self._given: list[int] = []

    def give(self, trace_id: int) -> None:
        """Let the next trace have this id. Threads may swap theirs: each is as good."""
        self._given.append(trace_id)

    def generate_trace_id(self) -> int:
        """Give the id that was given, or a random one."""
        try:
            return self._given.pop()
        except IndexError:
            return super().generate_trace_id()


class RuleSampler(Sampler):
    """A rule as a sampler of the SDK's, for spans that the application begins itself."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._decided: set[int] = set()

    def decided(self, trace_id: int) -> None:
        """Note that this trace was asked for already, and is to be recorded."""
        self._decided.add(trace_id)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide as the SDK asks it; see `Sampler`."""
        parent = trace.get_current_span(parent_context).get_span_context()
        if parent.is_valid and (self._rule.follows or not parent.is_remote):
            is_taken = parent.trace_flags.sampled
        elif trace_id in self._decided:
            self._decided.discard(trace_id)
            is_taken = True
        elif within_unrecorded.get() is not None:
            is_taken = False
        else:
            is_taken = self._rule.takes(trace_id)
        state = parent.trace_state if parent.is_valid else None
        if is_taken:
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, state)
        return SamplingResult(Decision.DROP, None, state)

    def get_description(self) -> str:
        """Say how it decides."""
        return f"Trivet({self._rule.described})"
