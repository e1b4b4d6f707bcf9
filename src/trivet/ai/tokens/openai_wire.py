"""Streams as OpenAI's chat completions are: chunks of a completion, and ``[DONE]``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from trivet.ai.tokens.generation import Generation
from trivet.ai.tokens.pieces import Piece, Reasoning, ToolCall
from trivet.ai.tokens.wire import DONE, event
from trivet.schema.encode import to_json

__all__ = ["OpenAIWire"]


class OpenAIWire:
    """One completion; with `usage` its last chunk tells the tokens (``stream_options``)."""

    headers: Mapping[str, str] = {}

    def __init__(self, model: str, *, usage: bool = False, id: str | None = None) -> None:
        self._head: dict[str, Any] = {  # Any: JSON
            "id": id or f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._usage = usage
        self._calls = 0
        # All text chunks are alike but for their text (benchmarks: slow-tokens).
        mark = b'"@"'
        self._before, _, self._after = self._delta({"content": "@"}).partition(mark)

    def begin(self) -> bytes:
        return self._delta({"role": "assistant", "content": ""})

    def piece(self, piece: Piece) -> bytes:
        if type(piece) is str:
            return self._before + to_json(piece) + self._after
        if isinstance(piece, Reasoning):
            return self._delta({"reasoning_content": piece.text})
        if isinstance(piece, ToolCall):
            index, self._calls = self._calls, self._calls + 1
            function = {"name": piece.name, "arguments": piece.arguments}
            call = {"index": index, "id": piece.id, "type": "function", "function": function}
            return self._delta({"tool_calls": [call]})
        return b""

    def end(self, generation: Generation) -> bytes:
        last = self._delta({}, generation.ended)
        if self._usage:
            asked, said = generation.input_tokens, generation.output_tokens
            usage = {
                "prompt_tokens": asked,
                "completion_tokens": said,
                "total_tokens": asked + said,
            }
            last += event({**self._head, "choices": [], "usage": usage})
        return last + DONE

    def failed(self, message: str) -> bytes:
        error = {"message": message, "type": "server_error", "param": None, "code": None}
        return event({"error": error})

    def _delta(self, delta: Mapping[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return event({**self._head, "choices": [choice]})


def _usage(generation: Generation) -> dict[str, int]:
    asked, said = generation.input_tokens, generation.output_tokens
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
