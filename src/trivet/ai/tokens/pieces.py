"""What a model gives, piece by piece: text mostly, and what stands beside it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Finish", "FinishReason", "Piece", "Reasoning", "TokenSource", "ToolCall", "Usage"]

FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Text that the model thinks, and does not say."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to be called; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """How many tokens went in and came out, as the provider has counted them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Why the model ended; ``stop`` where nobody says."""

    reason: FinishReason


Piece = str | Reasoning | ToolCall | Usage | Finish
TokenSource = AsyncIterable[Piece] | Iterable[Piece]
"""What gives the pieces; a blocking iterable is asked on a worker thread."""
