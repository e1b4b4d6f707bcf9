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

    def end(self) -> None:
        """End it, and tell the books, in the context in which it began: a span stands in that."""
        books = self._books
        self.generation.end(None if books is None else books.prices.get(self.generation.model))
        if books is not None:
            books.ends(self.generation, self._happening)

    async def tell(self) -> None:
        """Tell who is told of the end; never raises."""
        for one in self._told:
            try:
                waiting = one(self.generation)
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception:
                logger.exception("what is told of the end of a stream of tokens failed")
