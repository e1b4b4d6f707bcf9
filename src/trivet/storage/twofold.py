"""Files that are two things at once: an image that a careless program would run as a page.

What is looked for are marks that no honest file of the type has, at its two ends. This is a net and
no proof: what is served is safe because of how it is served (`media.py`), and an image is what it
looks like for sure only once it was written anew (`thumbnails.py`).
"""

from __future__ import annotations

import re

__all__ = ["hidden_in", "scripts_in"]

_MARKUP = re.compile(
    rb"<(script|!doctype\s+html|html|head|body|iframe|svg|\?php)\b|<\?php|<\?=", re.IGNORECASE
)
_ZIP_END = b"PK\x05\x06"
_ZIP_END_SIZE = 22

# In an SVG: what runs, what fetches, and what makes other text of it than is seen.
_ACTIVE = (
    ("a script", re.compile(r"<\s*([\w-]+:)?script\b", re.IGNORECASE)),
    ("an event handler", re.compile(r"[\s\"'/]on[a-z]+\s*=", re.IGNORECASE)),
    ("an address that runs", re.compile(r"(javascript|vbscript)\s*:|data\s*:\s*text", re.I)),
    ("a page within it", re.compile(r"<\s*([\w-]+:)?(foreignObject|iframe|embed|object)\b", re.I)),
    ("a declaration of entities", re.compile(r"<!(DOCTYPE|ENTITY)\b", re.IGNORECASE)),
    ("a style sheet of somebody else", re.compile(r"<\?xml-stylesheet|@import", re.IGNORECASE)),
    ("letters that are written as numbers", re.compile(r"&#", re.IGNORECASE)),
    ("an animation of an address", re.compile(r"attributeName\s*=\s*.?(xlink:)?href", re.I)),
)


def hidden_in(kind: str, head: bytes, tail: bytes) -> str | None:
    """Say what a file of a kind hides at its ends, or None."""
    if not kind.startswith(("image/", "audio/", "video/")) or kind == "image/svg+xml":
        return None
    if _MARKUP.search(head) or _MARKUP.search(tail):
        return "markup of a page"
    end = tail or head
    place = end.rfind(_ZIP_END)
    if place >= 0 and len(end) - place >= _ZIP_END_SIZE:
        comment = int.from_bytes(end[place + 20 : place + 22], "little")
        if place + _ZIP_END_SIZE + comment == len(end):
            return "a zip file"
    return None


def scripts_in(content: bytes) -> str | None:
    """Say what is active in an SVG, or None; its whole content is looked at, as UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "text that is not UTF-8"
    return next((what for what, mark in _ACTIVE if mark.search(text)), None)
