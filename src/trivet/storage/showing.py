"""What a browser may show of files that others brought, and what it must save.

HTML, SVG and XML can carry scripts, and would run in the name of the site; so they are never shown,
and what nobody knows is not either.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote

__all__ = ["SAFE_INLINE", "disposition_of", "may_show"]

SAFE_INLINE = frozenset(
    {
        "audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "image/avif",
        "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain",
        "video/mp4", "video/ogg", "video/webm",
    }
)  # fmt: skip
_SCRIPTED = re.compile(r"(text/(html|xml|javascript|css)|.*[/+](xml|xhtml\+xml|javascript))")
_PLAIN = re.compile(r"[A-Za-z0-9 ._()-]+")


def may_show(content_type: str, allowed: Collection[str] = SAFE_INLINE) -> bool:
    """Tell whether a browser may show a type: it is among those `allowed`, and has no scripts."""
    plain = content_type.partition(";")[0].strip().lower()
    return plain in allowed and not _SCRIPTED.fullmatch(plain)


def disposition_of(
    content_type: str,
    filename: str | None = None,
    *,
    inline: bool = True,
    allowed: Collection[str] = SAFE_INLINE,
) -> str:
    """Give a Content-Disposition (RFC 6266): whether to show or save, and under which name."""
    how = "inline" if inline and may_show(content_type, allowed) else "attachment"
    if not filename:
        return how
    if _PLAIN.fullmatch(filename):
        return f'{how}; filename="{filename}"'
    return f"{how}; filename*=UTF-8''{quote(filename, safe='')}"
