"""Streams as the AI SDK's `useChat` reads them: its UI message stream, version 1."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from trivet.ai.tokens.generation import Generation
from trivet.ai.tokens.pieces import Piece, Reasoning, ToolCall
from trivet.ai.tokens.wire import DONE, event
from trivet.schema.encode import to_json

__all__ = ["UIMessageWire"]


class UIMessageWire:
    """One message; with `usage` its metadata tells the tokens at the end."""

    headers: Mapping[str, str] = {"x-vercel-ai-ui-message-stream": "v1"}

    def __init__(self, *, message_id: str | None = None, usage: bool = False) -> None:
        self._id = message_id or f"msg_{uuid.uuid4().hex}"
        self._usage = usage
        self._open: str | None = None  # the kind of part that is being written
        self._parts = 0
        self._before = b""

    def begin(self) -> bytes:
        return event({"type": "start", "messageId": self._id}) + event({"type": "start-step"})

    def piece(self, piece: Piece) -> bytes:
        if isinstance(piece, str):
            return self._written("text", piece)
        if isinstance(piece, Reasoning):
            return self._written("reasoning", piece.text)
        if isinstance(piece, ToolCall):
            named = {"toolCallId": piece.id, "toolName": piece.name}
            return (
                self._closed()
                + event({"type": "tool-input-start", **named})
                + event({"type": "tool-input-available", **named, "input": _input(piece.arguments)})
            )
        return b""

    def end(self, generation: Generation) -> bytes:
        finish: dict[str, object] = {
            "type": "finish",
            "finishReason": generation.ended.replace("_", "-"),
        }
        if self._usage:
            asked, said = generation.input_tokens, generation.output_tokens
            usage = {"inputTokens": asked, "outputTokens": said, "totalTokens": asked + said}
            finish["messageMetadata"] = {"usage": usage}
        return self._closed() + event({"type": "finish-step"}) + event(finish) + DONE

    def failed(self, message: str) -> bytes:
        return event({"type": "error", "errorText": message}) + DONE

    def _written(self, kind: str, text: str) -> bytes:
        opening = b""
        if self._open != kind:
            opening = self._closed()
            self._open = kind
            self._parts += 1
            opening += event({"type": f"{kind}-start", "id": self._part})
            start = {"type": f"{kind}-delta", "id": self._part}
            self._before = event(start).rstrip()[:-1] + b',"delta":'
        return opening + self._before + to_json(text) + b"}\n\n"

    def _closed(self) -> bytes:
        if self._open is None:
            return b""
        kind, self._open = self._open, None
        return event({"type": f"{kind}-end", "id": self._part})

    @property
    def _part(self) -> str:
        return f"part-{self._parts}"


def _input(arguments: str) -> object:
    try:
        found: object = json.loads(arguments or "{}")
    except ValueError:
        return arguments  # a model may write what is no JSON
    return found
