"""What the document says of a resource beside schemas: its answers by status, and their headers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

__all__ = ["ITEM", "LIST", "WRITING", "answers", "matching"]

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


_TEXT = {"schema": {"type": "string"}}
_TAG = {"ETag": {**_TEXT, "description": "What to send as If-None-Match, or as If-Match"}}
_ADDRESS = {"Location": {**_TEXT, "description": "The address of the new row"}}


def answers(
    statuses: Collection[int], *, tagged: int | None = None, exports: bool = False
) -> dict[Any, Any]:
    """Give the answers of an operation by status; the one of the status `tagged` has an ETag."""
    found: dict[Any, Any] = {status: {"description": _TEXTS[status]} for status in sorted(statuses)}
    if tagged is not None:
        found[tagged] = {"headers": {**_TAG, **_ADDRESS} if tagged == 201 else dict(_TAG)}
    if exports:
        found.setdefault(200, {})["content"] = {"text/csv": _TEXT, "application/jsonl": _TEXT}
    return found


def matching(*, must: bool) -> dict[str, Any]:
    """Give what the document says of If-Match, which a write may have, or must have."""
    said = "The ETag of the row that the client has seen; 412 where it is another one by now"
    return {
        "parameters": [
            {"name": "If-Match", "in": "header", "required": must, "description": said, **_TEXT}
        ]
    }
