"""One answer of a model from its beginning to its end: what it was, how long it took, what it cost.

Facts have the names of OpenTelemetry's conventions for generative AI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

from trivet.ai.tokens.pieces import Finish, Piece, Reasoning, ToolCall, Usage
from trivet.watching import Happening

__all__ = ["Ended", "Generation", "OnEnd", "Price"]

Ended = Literal["stop", "length", "content_filter", "tool_calls", "cancelled", "error"]

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """What a million tokens cost, in a currency of yours."""

    input: float
    output: float


@dataclass(slots=True, eq=False)
class Generation:
    """What is known of one stream; complete once it has ended."""

    model: str
    began: float = field(default_factory=perf_counter)
    """In seconds, by `time.perf_counter`."""
    pieces: int = 0
    """How many pieces of text and of reasoning came."""
    first_piece: float | None = None
    """After how many seconds the first piece came; None where none did."""
    seconds: float = 0.0
    ended: Ended = "stop"
    usage: Usage | None = None
    """As the provider counted; None where it did not say."""
    cost: float | None = None
    """By the model's price; None where the price or the usage is not known."""
    error: BaseException | None = None
    is_over: bool = False

    @property
    def input_tokens(self) -> int:
        """Tokens that went in; 0 where the provider does not say."""
        return 0 if self.usage is None else self.usage.input_tokens

    @property
    def output_tokens(self) -> int:
        """Tokens that came out; the pieces, where the provider does not say."""
        return self.pieces if self.usage is None else self.usage.output_tokens

    def note(self, piece: Piece) -> None:
        """Take account of a piece that is about to be sent."""
        if type(piece) is str or isinstance(piece, Reasoning | ToolCall):
            if self.first_piece is None:
                self.first_piece = perf_counter() - self.began
            if isinstance(piece, ToolCall):
                self.ended = "tool_calls"
            else:
                self.pieces += 1
        elif isinstance(piece, Usage):
            self.usage = piece
        elif isinstance(piece, Finish):
            self.ended = piece.reason

    def end(self, price: Price | None) -> None:
        """Note that it is over."""
        self.is_over = True
        self.seconds = perf_counter() - self.began
        if price is not None and self.usage is not None:
            told = self.usage
            self.cost = (
                told.input_tokens * price.input + told.output_tokens * price.output
            ) / _MILLION

    def happening(self) -> Happening:
        """Give it as what watchers are told; it has not ended yet."""
        facts = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self.model}
        return Happening("generation", f"chat {self.model}", facts, began=self.began)

    def tell(self, happening: Happening) -> None:
        """Add to a happening what is known at the end."""
        facts = happening.facts
        if self.usage is not None:
            facts["gen_ai.usage.input_tokens"] = self.usage.input_tokens
            facts["gen_ai.usage.output_tokens"] = self.usage.output_tokens
        facts["gen_ai.response.finish_reasons"] = [self.ended]
        facts["trivet.pieces"] = self.pieces
        if self.first_piece is not None:
            # In seconds, as the metric of this name has it.
            facts["gen_ai.server.time_to_first_token"] = self.first_piece
        if self.cost is not None:
            facts["trivet.cost"] = self.cost
        happening.ended = self.began + self.seconds
        happening.error = self.error


OnEnd = Callable[[Generation], Awaitable[None] | None]
"""Is told of each stream that has ended, however it ended."""
