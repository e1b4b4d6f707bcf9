"""Streams of tokens: ``from trivet.ai.tokens import openai_stream, ui_stream, TokenStreams``."""

from __future__ import annotations

from trivet.ai.tokens.generation import Generation, OnEnd, Price
from trivet.ai.tokens.part import TokenStreams
from trivet.ai.tokens.pieces import Finish, Piece, Reasoning, ToolCall, Usage
from trivet.ai.tokens.stream import TokenStream, openai_stream, ui_stream

__all__ = [
    "Finish",
    "Generation",
    "OnEnd",
    "Piece",
    "Price",
    "Reasoning",
    "TokenStream",
    "TokenStreams",
    "ToolCall",
    "Usage",
    "openai_stream",
    "ui_stream",
]
