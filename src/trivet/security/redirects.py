"""Redirects to where a request says: only ever to a path of this site.

``?next=`` after a login is written by whoever made the link. Browsers read more addresses as
another site's than a look at them tells: ``//evil.example``, ``/\\evil.example``, and both with
tabs and line breaks between, which they leave out (WHATWG URL, 4.4).
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from trivet.errors import SetupError

__all__ = ["redirect_back", "redirect_to", "safe_path"]

_LONGEST = 2048
# What may stand in a path, query and fragment as it is (RFC 3986); "%" because it is encoded.
_AS_IS = "/?#:@!$&'()*+,;=%[]~"
# How often a path is decoded to look for what is hidden in it; each proxy on the way may do it.
_DECODED = 3


def safe_path(target: str | None, default: str = "/") -> str:
    """Give `target` if it is a path of this site (with query and fragment), else `default`.

    Refused are whole addresses and what browsers read as such, two slashes in a row, backslashes
    and control characters (in the path also in encoded form), and more than 2,048 characters. What
    lies beyond ASCII comes back percent-encoded. Raises SetupError for a default that is no such
    path.
    """
    found = _checked(target)
    if found is not None:
        return found
    kept = _checked(default)
    if kept is None:
        raise SetupError(
            f"safe_path cannot fall back to default={default!r}",
            code="security.redirect",
            mend='write a path of this site, such as default="/"',
        )
    return kept


def redirect_to(
    target: str | None, *, default: str = "/", status_code: int = 303
) -> RedirectResponse:
    """Send the client to `target` if that is a path of this site, else to `default`."""
    return RedirectResponse(safe_path(target, default), status_code)


def redirect_back(
    connection: HTTPConnection, *, default: str = "/", status_code: int = 303
) -> RedirectResponse:
    """Send the client to the page of this site that it came from (Referer), else to `default`."""
    referer = connection.headers.get("referer", "")
    origin = f"{connection.url.scheme}://{connection.url.netloc}"
    path = referer[len(origin) :] if referer.startswith(origin + "/") else None
    return redirect_to(path, default=default, status_code=status_code)


def _checked(target: str | None) -> str | None:
    if not isinstance(target, str) or not target.startswith("/") or len(target) > _LONGEST:
        return None
    if "\\" in target or not target.isprintable():
        return None
    path = target.partition("?")[0].partition("#")[0]
    for _ in range(_DECODED):
        if "//" in path or "\\" in path or not path.isprintable():
            return None
        path = unquote(path, errors="replace")
    if "//" in path or "\\" in path:
        return None
    try:
        encoded = quote(target, safe=_AS_IS)
    except UnicodeEncodeError:  # half a pair of surrogates
        return None
    # What was just looked at character by character, once more as a parser of addresses sees it.
    parts = urlsplit(encoded)
    return None if parts.scheme or parts.netloc or len(encoded) > _LONGEST else encoded
