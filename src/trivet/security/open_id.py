"""OpenID Connect: described to clients, and its Authorization header found."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from trivet.binding.scheme import SecurityScheme
from trivet.errors import HTTPException
from trivet.security.model import SchemeModel

__all__ = ["OpenIdConnect"]


class OpenIdConnect(SecurityScheme):
    """Take the Authorization header of a client that signed in by OpenID Connect.

    `openIdConnectUrl` is where clients discover the provider; nothing is fetched from it, and the
    whole header is given as it came, for the application to check. Without one the request is
    answered with 401, or gets None where `auto_error` is False.
    """

    model: SchemeModel

    def __init__(
        self,
        *,
        openIdConnectUrl: str,  # noqa: N803  OpenAPI's own word, and FastAPI's
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = SchemeModel(
            {
                "type": "openIdConnect",
                "openIdConnectUrl": openIdConnectUrl,
                "description": description,
            }
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """Make the answer to a request without the header; override it to answer otherwise."""
        return HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the whole Authorization header of a request or WebSocket."""
        authorization = request.headers.get("authorization")
        if authorization:
            return authorization
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None
