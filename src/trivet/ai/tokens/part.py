"""What all streams of an application cost: ``streams = app.use(TokenStreams(prices={…}))``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trivet.ai.tokens.generation import Generation, OnEnd, Price
from trivet.ai.tokens.openai_wire import OpenAIWire
from trivet.ai.tokens.pieces import TokenSource
from trivet.ai.tokens.stream import TokenStream
from trivet.ai.tokens.ui_wire import UIMessageWire
from trivet.app.part import Part
from trivet.watching import Gauge, Happening, Reading, Watcher, begun, ended

__all__ = ["TokenStreams"]


class TokenStreams(Part):
    """Makes streams of tokens and accounts for them: prices by model, metrics, and `on_end`.

    `on_end` is called once for each stream that has ended, cancelled ones too, behind the last byte
    and outside of the request's unit of work; what it raises is logged.
    """

    name = "token-streams"
    prices: Mapping[str, Price]
    on_end: OnEnd | None

    def __init__(
        self, *, prices: Mapping[str, Price] | None = None, on_end: OnEnd | None = None
    ) -> None:
        self.prices = dict(prices or {})
        self.on_end = on_end
        self._watchers: tuple[Watcher, ...] = ()
        self._running = 0
        self._tokens: dict[tuple[str, str], int] = {}
        self._firsts: dict[str, tuple[float, int]] = {}  # seconds and streams, by model

    def openai(
        self,
        tokens: TokenSource,
        *,
        model: str,
        usage: bool = False,
        id: str | None = None,
        on_end: OnEnd | None = None,
    ) -> TokenStream:
        """Give a stream as `openai_stream` does, and account for it; its `on_end` comes first."""
        wire = OpenAIWire(model, usage=usage, id=id)
        return TokenStream(tokens, wire, model=model, books=self, on_end=on_end)

    def ui(
        self,
        tokens: TokenSource,
        *,
        model: str,
        usage: bool = False,
        message_id: str | None = None,
        on_end: OnEnd | None = None,
    ) -> TokenStream:
        """Give a stream as `ui_stream` does, and account for it; its `on_end` comes first."""
        wire = UIMessageWire(message_id=message_id, usage=usage)
        return TokenStream(tokens, wire, model=model, books=self, on_end=on_end)

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of each stream, as a happening of the kind ``generation``."""
        self._watchers = (*self._watchers, watcher)

    def gauges(self) -> Sequence[Gauge]:
        """Give how many streams run, their tokens, and the time to the first of them."""
        return (
            Gauge("trivet_token_streams_running", "Streams of tokens that run", self._read_running),
            Gauge("trivet_tokens_total", "Tokens by model", self._read_tokens, counts=True),
            Gauge(
                "trivet_first_token_seconds_total",
                "Seconds to the first token, of all streams",
                self._read_seconds,
                counts=True,
            ),
            Gauge(
                "trivet_first_tokens_total",
                "Streams that had a first token",
                self._read_firsts,
                counts=True,
            ),
        )

    async def _read_running(self) -> Sequence[Reading]:
        return [Reading(self._running)]

    async def _read_tokens(self) -> Sequence[Reading]:
        return [
            Reading(count, {"model": model, "type": kind})
            for (model, kind), count in self._tokens.items()
        ]

    async def _read_seconds(self) -> Sequence[Reading]:
        return [Reading(one[0], {"model": model}) for model, one in self._firsts.items()]

    async def _read_firsts(self) -> Sequence[Reading]:
        return [Reading(one[1], {"model": model}) for model, one in self._firsts.items()]

    def begins(self, generation: Generation) -> Happening | None:
        """Note that a stream begins."""
        self._running += 1
        if not self._watchers:
            return None
        return begun(self._watchers, generation.happening())

    def ends(self, generation: Generation, happening: Happening | None) -> None:
        """Note that a stream has ended."""
        self._running -= 1
        counted = {"input": generation.input_tokens, "output": generation.output_tokens}
        for kind, count in counted.items():
            key = generation.model, kind
            self._tokens[key] = self._tokens.get(key, 0) + count
        if generation.first_piece is not None:
            seconds, streams = self._firsts.get(generation.model, (0.0, 0))
            self._firsts[generation.model] = seconds + generation.first_piece, streams + 1
        if happening is not None:
            generation.tell(happening)
            ended(self._watchers, happening)
