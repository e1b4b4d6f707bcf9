"""What the document says of a resource's answers beside the good ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from trivet.resources.plan import Plan

__all__ = ["ITEM", "LIST", "WRITING", "answers"]

_ANY = frozenset({400, 401, 403, 404, 414})
LIST = ITEM = _ANY | {304}
WRITING = _ANY | {409, 412, 413, 428}

_TEXTS = {
    304: "What the client has is what there is",
    400: "The request cannot be read",
    401: "Nobody is known, and somebody must be",
    403: "Who asks may not do this",
    404: "There is no such row, or none that may be seen",
    409: "Another row stands in the way, or somebody else was faster",
    412: "The row was changed since the client has seen it",
    413: "The body is too large",
    414: "The address is too long",
    415: "The body is of another type",
    428: "If-Match must say which row the client has seen",
}


def answers(plan: Plan, statuses: Collection[int], *, exports: bool = False) -> dict[Any, Any]:
    """Give the answers of an operation by status."""
    found: dict[Any, Any] = {status: {"description": _TEXTS[status]} for status in sorted(statuses)}
    if exports:
        text = {"schema": {"type": "string"}}
        found[200] = {"content": {"text/csv": text, "application/jsonl": text}}
    return found
