"""What is kept of a stream that runs, and told when it has ended, however it ended."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Protocol

from trivet.ai.tokens.generation import Generation, OnEnd, Price
from trivet.watching import Happening

__all__ = ["Account", "Books"]

logger = logging.getLogger("trivet.ai")


class Books(Protocol):
    """Where streams are accounted for; `TokenStreams` is one."""

    prices: Mapping[str, Price]
    on_end: OnEnd | None

    def begins(self, generation: Generation) -> Happening | None:
        """Note that a stream begins."""

    def ends(self, generation: Generation, happening: Happening | None) -> None:
        """Note that a stream has ended."""


class Account:
    """What is kept of one stream: told to the books, if there are some, and to its own function."""

    def __init__(self, generation: Generation, books: Books | None, on_end: OnEnd | None) -> None:
        self.generation = generation
        self._books = books
        told = (on_end, None if books is None else books.on_end)
        self._told = [one for one in told if one is not None]
        self._happening = None if books is None else books.begins(generation)

    async def close(self) -> None:
        """End it; never raises."""
        generation = self.generation
        books = self._books
        generation.end(None if books is None else books.prices.get(generation.model))
        if books is not None:
            books.ends(generation, self._happening)
        for one in self._told:
            try:
                waiting = one(generation)
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception:
                logger.exception("what is told of the end of a stream of tokens failed")
