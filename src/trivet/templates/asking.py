"""What a client asks for, read from its headers: a page, JSON, or a piece of a page.

Pure functions over headers. Every answer that depends on one of them says so in Vary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trivet.http.accept import weight_of

__all__ = ["fragment_asked", "wants_json"]


def wants_json(accept: str) -> bool:
    """Tell whether an Accept header (RFC 9110, 12.5.1) prefers JSON to a page.

    Of equal weights the one that is named wins over a range, and a page over JSON, so that
    `*/*` and no header at all give the page.
    """
    if "json" not in accept.lower():
        return False
    return _wanted(accept, "application/json") > _wanted(accept, "text/html")


def _wanted(accept: str, media_type: str) -> tuple[float, int]:
    """Give the weight of a media type, and how exactly it is named: 3, 2, 1, or 0 for not."""
    exactness = {media_type: 3, media_type.split("/")[0] + "/*": 2, "*/*": 1}
    best = (0, 0.0)
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name in exactness:
            best = max(best, (exactness[name], weight_of(parameters)))
    return best[1], best[0] if best[1] else 0


def fragment_asked(headers: Mapping[str, str], fragments: Sequence[str]) -> str | None:
    """Give which of `fragments` an HTMX request is for, by the id of its target; None for the page.

    Links that HTMX has boosted, and a history that it restores, need the whole page.
    """
    if headers.get("hx-request") != "true":
        return None
    if "hx-boosted" in headers or "hx-history-restore-request" in headers:
        return None
    target = headers.get("hx-target")
    return target if target in fragments else None
