"""Entity tags of rows, and what conditional requests ask of them.

The tag of a row is that of its whole representation, whatever of it was asked for or may be seen:
what a client was shown is what it may insist on when it writes. It is taken from the version of a
`Versioned` model, and from the shown values of any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import Headers

from trivet.errors import HTTPException
from trivet.http.conditional import entity_tag, verdict
from trivet.resources.plan import Plan

__all__ = ["check_match", "is_known", "tag_of"]


def tag_of(plan: Plan, row: Mapping[str, Any], unseen: Collection[str] = ()) -> str:
    """Give the tag of a row as plain data; `unseen` fields of it are those that are left out."""
    if plan.version is not None and not unseen:
        return entity_tag(plan.model.__name__, plan.key_of(row), row[plan.version])
    return entity_tag(plan.reader.encoded_one(row), *sorted(unseen))


def is_known(headers: Headers, tag: str) -> bool:
    """Tell whether a client has what has this tag already (304)."""
    return "if-none-match" in headers and verdict(headers, tag, None) == 304


def check_match(headers: Headers, tag: str, *, must: bool) -> None:
    """Raise 412 for a client that has seen another row; 428 where it must say, and does not."""
    if "if-match" not in headers and "if-none-match" not in headers:
        if must:
            raise HTTPException(428, "Send If-Match with the ETag of what you have seen")
        return
    if verdict(headers, tag, None, reads=False) == 412:
        raise HTTPException(
            412, "This was changed since you have seen it; read it again", {"ETag": tag}
        )
