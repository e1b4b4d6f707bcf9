"""What all streams of an application cost, as a part: ``app.use(TokenStreams(prices={…}))``."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping, Sequence

from trivet.ai.tokens.generation import Generation, OnEnd, Price
from trivet.app.part import Part
from trivet.watching import Gauge, Happening, Reading, Watcher

__all__ = ["Account", "TokenStreams"]

logger = logging.getLogger("trivet.ai")


class TokenStreams(Part):
    """Accounts for streams of tokens: prices by model, a function that is told of each, metrics.

    `on_end` is called once for each stream that has ended, cancelled ones too, behind the last byte
    and outside of the request's unit of work; what it raises is logged.
    """

    name = "token-streams"

    def __init__(
        self, *, prices: Mapping[str, Price] | None = None, on_end: OnEnd | None = None
    ) -> None:
        self.prices = dict(prices or {})
        self.on_end = on_end
        self._watchers: tuple[Watcher, ...] = ()
        self._running = 0
        self._tokens: dict[tuple[str, str], int] = {}

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of each stream, as a happening of the kind ``generation``."""
        self._watchers = (*self._watchers, watcher)

    def gauges(self) -> Sequence[Gauge]:
        """Give how many streams run, and how many tokens went in and came out."""
        return (
            Gauge("trivet_token_streams_running", "Streams of tokens that run", self._read_running),
            Gauge("trivet_tokens_total", "Tokens by model", self._read_tokens, counts=True),
        )

    async def _read_running(self) -> Sequence[Reading]:
        return [Reading(self._running)]

    async def _read_tokens(self) -> Sequence[Reading]:
        return [
            Reading(count, {"model": model, "type": kind})
            for (model, kind), count in self._tokens.items()
        ]

    def begins(self, generation: Generation) -> Happening | None:
        """Note that a stream begins."""
        self._running += 1
        if not self._watchers:
            return None
        happening = generation.happening()
        for one in self._watchers:
            one.begins(happening)
        return happening

    def ends(self, generation: Generation, happening: Happening | None) -> None:
        """Note that a stream has ended."""
        self._running -= 1
        counted = {"input": generation.input_tokens, "output": generation.output_tokens}
        for kind, count in counted.items():
            key = generation.model, kind
            self._tokens[key] = self._tokens.get(key, 0) + count
        if happening is not None:
            generation.tell(happening)
            for one in self._watchers:
                one.ends(happening)


class Account:
    """What is kept of one stream: told to the part, if there is one, and to its own function."""

    def __init__(self, generation: Generation, part: TokenStreams | None, on_end: OnEnd | None):
        self.generation = generation
        self._part = part
        self._told = [one for one in (on_end, part.on_end if part else None) if one is not None]
        self._happening = None if part is None else part.begins(generation)

    async def close(self) -> None:
        """End it; never raises."""
        generation = self.generation
        prices = {} if self._part is None else self._part.prices
        generation.end(prices.get(generation.model))
        if self._part is not None:
            self._part.ends(generation, self._happening)
        for one in self._told:
            try:
                waiting = one(generation)
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception:
                logger.exception("what is told of the end of a stream of tokens failed")
