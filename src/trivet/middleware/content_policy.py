"""The Content-Security-Policy of a page: how it is written, its nonce, what a route changes.

A policy is a mapping of directives to sources. The source ``'nonce'``, which is none of the
standard's, stands for the nonce of the request that asked for one. Nonce and changes are kept in
the request's scope: they live as long as the request, and no other one sees them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from secrets import token_urlsafe

from starlette.requests import HTTPConnection, Request

from trivet.errors import SetupError
from trivet.http.exchange import Scope

__all__ = [
    "NONCE",
    "ContentPolicy",
    "WrongPolicy",
    "csp_nonce",
    "nonce_asked",
    "page_policy",
    "without_nonce",
    "written_policy",
]

NONCE = "'nonce'"
_DIRECTIVE = re.compile(r"[a-z][a-z0-9-]*")
_KEPT = "trivet.csp_nonce"  # in the scope itself: a server may share `state` among requests
_CHANGED = "trivet.content_policy"


class WrongPolicy(ValueError):
    """What was given is no policy: `given` is the part of it, `expected` what would be one."""

    def __init__(self, given: object, expected: str) -> None:
        super().__init__(f"{given!r}; write {expected}")
        self.given = given
        self.expected = expected


class ContentPolicy:
    """What one route's pages need more, or less: ``dependencies=[Depends(ContentPolicy({...}))]``

    Each directive takes the place of the application's own of this name, and None takes it away. It
    counts for pages of `Templates`. Raises SetupError for what browsers would ignore.
    """

    def __init__(self, directives: Mapping[str, str | None]) -> None:
        self.directives = dict(directives)
        try:
            written_policy({name: value or "" for name, value in directives.items()})
        except WrongPolicy as error:
            raise SetupError(
                f"ContentPolicy cannot use {error.given!r}",
                code="middleware.headers",
                mend=f"write {error.expected}",
            ) from None

    async def __call__(self, request: Request) -> None:
        """Note the changes for this request's page."""
        earlier = request.scope.get(_CHANGED, {})
        request.scope[_CHANGED] = {**earlier, **self.directives}


def csp_nonce(connection: HTTPConnection) -> str:
    """Give the nonce of this request, for ``<script nonce="…">``: the same text all through it.

    It is told in the answer by a `SecureHeaders` whose policy has the source ``'nonce'``. It must
    be asked for before the answer begins, and a page with one must not be kept for others.
    """
    scope = connection.scope
    if _KEPT not in scope:
        scope[_KEPT] = token_urlsafe(16)
    return str(scope[_KEPT])


def nonce_asked(scope: Scope) -> str | None:
    """Give the nonce that somebody asked for in this request, or None."""
    nonce: str | None = scope.get(_KEPT)
    return nonce


def page_policy(
    policy: Mapping[str, str] | None, connection: HTTPConnection | None = None
) -> str | None:
    """Give the policy of one page as the header has it, None for none.

    `policy` is the application's; what the route changes, and the nonce that was asked for, are in
    the connection. Ask when the page is ready.
    """
    if connection is None:
        return without_nonce(written_policy(policy) or "") or None
    changes = connection.scope.get(_CHANGED)
    if changes is not None:
        merged = {**(policy or {}), **changes}
        policy = {name: sources for name, sources in merged.items() if sources is not None}
    text = written_policy(policy)
    if not text:
        return None
    nonce = nonce_asked(connection.scope)
    return without_nonce(text) if nonce is None else text.replace(NONCE, f"'nonce-{nonce}'")


def without_nonce(policy: str) -> str:
    """Give a policy for a request that asked for no nonce.

    A directive that is left without sources allows nothing (CSP 3, 6.7.2.6).
    """
    return re.sub(f" *{NONCE}", "", policy)


def written_policy(given: Mapping[str, str] | str | None) -> str | None:
    """Give a policy as its header has it; raises WrongPolicy for what browsers would ignore."""
    if given is None or isinstance(given, str):
        _check_text(given or "")
        return given
    for directive, sources in given.items():
        _check_text(directive + sources)
        if not _DIRECTIVE.fullmatch(directive):
            raise WrongPolicy(directive, "a directive such as 'default-src'")
        if ";" in sources or "," in sources:
            raise WrongPolicy(sources, "sources with spaces between: \"'self' data:\"")
    return "; ".join(f"{directive} {sources}".strip() for directive, sources in given.items())


def _check_text(given: str) -> None:
    if not given.isascii() or (given and not given.isprintable()):
        raise WrongPolicy(given, "printable ASCII on one line")
