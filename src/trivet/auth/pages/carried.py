"""Tokens of letters, taken out of the address: it is in histories, in logs, and on the screen.

The first request is answered by a redirect to the same page without the token, which a cookie of
this page alone carries on, for an hour. No session is made for it, and no server keeps it: programs
that open the links of letters leave nothing behind.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.http.cookies import delete_cookie, set_cookie
from trivet.http.mounts import mount_of

__all__ = ["Carried"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SECONDS = 3600
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Carried:
    """The token of one kind of letter, and the path to which its links go."""

    def __init__(self, purpose: str, path: str) -> None:
        self.path = path
        self._cookie = f"account-{purpose}"

    def taken(self, request: Request) -> Response | None:
        """Give the redirect that takes a token out of the address; None where it has none."""
        token = request.query_params.get("token")
        if token is None:
            return None
        here = mount_of(request.scope) + self.path
        response = RedirectResponse(here, 303, _HEADERS)
        kept = set_cookie(
            self._cookie,
            token if _TOKEN.fullmatch(token) else "none",
            max_age=_SECONDS,
            path=here,
            secure=request.url.scheme == "https",
            http_only=True,
        )
        response.raw_headers.append((b"set-cookie", kept))
        return response

    def read(self, request: Request) -> str:
        """Give the token that is carried, or the empty text."""
        found = request.cookies.get(self._cookie, "")
        return found if _TOKEN.fullmatch(found) else ""

    def dropped(self, request: Request, response: Response) -> Response:
        """Let an answer end the cookie: the token was used."""
        here = mount_of(request.scope) + self.path
        response.raw_headers.append((b"set-cookie", delete_cookie(self._cookie, path=here)))
        return response
