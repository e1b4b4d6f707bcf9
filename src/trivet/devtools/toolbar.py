"""Where the toolbar is put into a page, and whether the page's policy lets its script run.

Pure functions over bytes and texts. The script is a file of this site's own: a policy with
``'self'`` allows it as it is, one with nonces by the nonce of the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trivet.app.debug_html import element

__all__ = ["NONE", "Way", "inserted", "is_page", "way_of"]

_END = re.compile(rb"</body\s*>", re.IGNORECASE)
_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_=-]+)'")

Way = str | None
"""How the script may be there: a nonce, or empty where it needs none; None where it may not."""
NONE: Way = None


def is_page(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Tell whether an answer with these headers is HTML whose bytes are plain."""
    found = {name.lower(): value for name, value in headers}
    kind = found.get(b"content-type", b"").partition(b";")[0].strip().lower()
    encoding = found.get(b"content-encoding", b"identity").strip().lower()
    return kind == b"text/html" and encoding == b"identity"


def way_of(policies: Sequence[str]) -> Way:
    """Say how a script of this site's own may be in a page with these policies: all must let it."""
    found: Way = ""
    for policy in policies:
        sources = _script_sources(policy)
        if sources is None:
            continue
        is_strict = "'strict-dynamic'" in sources
        if not is_strict and ("'self'" in sources or "*" in sources):
            continue
        nonce = _NONCE.search(policy) if any("'nonce-" in one for one in sources) else None
        if nonce is None or (found and found != nonce[1]):
            return NONE
        found = nonce[1]
    return found


def _script_sources(policy: str) -> list[str] | None:
    """Give the sources of scripts; None where the policy says nothing of them."""
    directives: dict[str, list[str]] = {}
    for part in policy.split(";"):
        words = part.split()
        if words:
            directives.setdefault(words[0].lower(), words[1:])
    for name in ("script-src-elem", "script-src", "default-src"):
        if name in directives:
            return directives[name]
    return None


def inserted(body: bytes, src: str, facts: dict[str, str], nonce: str) -> bytes | None:
    """Give a page with the toolbar before the end of its body; None where it has none."""
    ends = list(_END.finditer(body))
    if not ends:
        return None
    last = ends[-1]
    attributes: dict[str, str | bool] = {f"data-{name}": text for name, text in facts.items()}
    if nonce:
        attributes["nonce"] = nonce
    tag = element("script", src=src, defer=True, **attributes).encode()
    return body[: last.start()] + tag + body[last.start() :]
