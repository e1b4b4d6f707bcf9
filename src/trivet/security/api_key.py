"""API keys: one secret word in a header, a query parameter or a cookie.

The schemes find the key; whether it is the right one is for the application to say.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import HTTPConnection

from trivet.binding.scheme import SecurityScheme
from trivet.errors import HTTPException
from trivet.security.model import SchemeModel

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


class APIKeyBase(SecurityScheme):
    """What the three places of an API key have in common; use one of the three."""

    model: SchemeModel

    def __init__(
        self,
        location: Literal["query", "header", "cookie"],
        name: str,
        description: str | None,
        scheme_name: str | None,
        auto_error: bool,
    ) -> None:
        self.model = SchemeModel(
            {"type": "apiKey", "in": location, "name": name, "description": description}
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """Make the answer to a request without key; override it to answer otherwise.

        A 401 must name a challenge (RFC 9110, 15.5.2). None is registered for API keys, so this
        one is our own, the same as FastAPI's.
        """
        return HTTPException(401, "Not authenticated", {"WWW-Authenticate": "APIKey"})

    def check_api_key(self, api_key: str | None) -> str | None:
        """Give the key if there is one; without, raise unless `auto_error` is False."""
        if api_key:
            return api_key
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class APIKeyQuery(APIKeyBase):
    """Take an API key from the query parameter `name`.

    Without one the request is answered with 401, or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("query", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the key of a request or WebSocket."""
        return self.check_api_key(request.query_params.get(self.model["name"]))


class APIKeyHeader(APIKeyBase):
    """Take an API key from the header `name`.

    Without one the request is answered with 401, or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("header", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the key of a request or WebSocket."""
        return self.check_api_key(request.headers.get(self.model["name"]))


class APIKeyCookie(APIKeyBase):
    """Take an API key from the cookie `name`.

    Without one the request is answered with 401, or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("cookie", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the key of a request or WebSocket."""
        return self.check_api_key(request.cookies.get(self.model["name"]))
