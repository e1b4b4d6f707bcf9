"""Whoever started it: access by a key that is printed with the address, and known to nobody else.

For an admin on a database that has no accounts, on one's own machine: ``trivet admin``.
"""

from __future__ import annotations

from collections.abc import Collection
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.admin.visits import Visit
from trivet.auth.errors import NotSignedIn
from trivet.db import Query

__all__ = ["ByKey"]

_COOKIE = "trivet_admin_key"
_READING = frozenset({"view", "export"})


class _May:
    """Lets everything be seen, and changed where that was asked for; `fixed` are only read."""

    def __init__(self, fixed: Collection[Any] | None) -> None:
        self._fixed = fixed

    async def __call__(self, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether it may be done."""
        if action in _READING:
            return True
        model = what if isinstance(what, type) else type(what)
        return self._fixed is not None and model not in self._fixed

    async def reachable(self, action: str, query: Query[Any]) -> Query[Any]:
        """Give all rows: whoever may do it with one, may with all."""
        return query

    async def where_field(self, action: str, model: Any, field: str) -> ColumnElement[bool] | bool:
        """Give all rows."""
        return True


class ByKey:
    """Let in who knows the key; `writes` is needed for anything that changes a row."""

    def __init__(self, *, writes: bool = False) -> None:
        self.key = token_urlsafe(24)
        self.writes = writes
        self.fixed: Collection[Any] = ()
        """Models that are only read, whatever was asked for: those of views."""
        self._notices: list[tuple[str, str]] = []

    async def visit(self, request: Request) -> Visit:
        """Give the visit; raises `NotSignedIn` for who does not know the key."""
        if not compare_digest(request.cookies.get(_COOKIE, "").encode(), self.key.encode()):
            raise NotSignedIn
        return Visit(request, _May(self.fixed if self.writes else None))

    def enter(self, given: str, url: str) -> Response:
        """Answer who comes with the key: it is kept in a cookie, and leaves the address."""
        if not compare_digest(given.encode(), self.key.encode()):
            raise NotSignedIn
        answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        answer.set_cookie(_COOKIE, self.key, httponly=True, samesite="strict")
        return answer

    async def again(
        self, handle: str, scopes: frozenset[str] | None, impersonator: str
    ) -> Visit | None:
        """Give nothing: there are no accounts whose work could go on."""
        return None

    async def tell(self, request: Request, text: str, level: str) -> None:
        """Keep a notice: there is one visitor."""
        self._notices.append((text, level))

    async def notices(self, request: Request) -> list[tuple[str, str]]:
        """Take the notices."""
        found, self._notices = self._notices, []
        return found

    def account_urls(self, request: Request) -> tuple[str, str]:
        """Give nothing: there are no accounts."""
        return "", ""
