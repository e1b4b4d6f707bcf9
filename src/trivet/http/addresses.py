"""The address of a request, to lead somewhere beside it."""

from __future__ import annotations

import string
from urllib.parse import quote

from starlette.datastructures import URL

from trivet.http.exchange import Scope

__all__ = ["url_of"]

_ASCII = string.punctuation


def url_of(scope: Scope) -> URL:
    """Give the address; what is no ASCII in its query is escaped (RFC 3986, 2.1).

    Some servers hand on such bytes, and they need not be UTF-8.
    """
    query: bytes = scope.get("query_string", b"")
    if not query.isascii():
        scope = {**scope, "query_string": quote(query, safe=_ASCII).encode()}
    return URL(scope=scope)
