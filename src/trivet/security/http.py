"""HTTP authentication: Basic, Bearer, Digest, or any other scheme of the Authorization header.

The schemes find the credentials; whether they are the right ones is for the application to say.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from trivet.binding.scheme import SecurityScheme
from trivet.errors import HTTPException, SetupError
from trivet.security.authorization import authorization_of
from trivet.security.model import SchemeModel

__all__ = [
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
]


class HTTPBasicCredentials(BaseModel):
    """Name and password, as `HTTPBasic` found them."""

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """The two halves of an Authorization header: ``Bearer`` and what came behind it."""

    scheme: str
    credentials: str


class HTTPBase(SecurityScheme):
    """Take the credentials of any scheme of the Authorization header.

    `scheme` is its name in OpenAPI and in the challenge; other schemes are let through. Without
    credentials the request is answered with 401, or gets None where `auto_error` is False.
    """

    model: SchemeModel

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = SchemeModel({"type": "http", "scheme": scheme, "description": description})
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_authenticate_headers(self) -> dict[str, str]:
        """Make the challenge: what a client must bring."""
        return {"WWW-Authenticate": self.model["scheme"].title()}

    def make_not_authenticated_error(self) -> HTTPException:
        """Make the answer to a request without credentials; override it to answer otherwise."""
        return HTTPException(401, "Not authenticated", self.make_authenticate_headers())

    # Any: HTTPBasic gives another kind of credentials, and programs subclass each of these.
    async def __call__(self, request: HTTPConnection) -> Any:
        """Give the credentials of a request or WebSocket."""
        return self._credentials(request, None)

    def _credentials(
        self, request: HTTPConnection, only: str | None
    ) -> HTTPAuthorizationCredentials | None:
        scheme, credentials = authorization_of(request)
        if scheme and credentials and (only is None or scheme.lower() == only):
            return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)
        self._refuse()
        return None

    def _refuse(self) -> None:
        if self.auto_error:
            raise self.make_not_authenticated_error()


class HTTPBasic(HTTPBase):
    """Take name and password by HTTP Basic (RFC 7617).

    `realm` is what a browser shows when it asks. Without credentials the request is answered with
    401, or gets None where `auto_error` is False; credentials that cannot be read always get 401.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
        if realm is not None and not (realm.isascii() and realm.isprintable()):
            raise SetupError(
                f"HTTPBasic cannot use realm={realm!r}",
                code="security.realm",
                mend="write printable ASCII on one line",
            )
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        """Make the challenge, with the realm where there is one."""
        if not self.realm:
            return {"WWW-Authenticate": "Basic"}
        quoted = self.realm.replace("\\", "\\\\").replace('"', '\\"')
        return {"WWW-Authenticate": f'Basic realm="{quoted}"'}

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        """Give name and password of a request or WebSocket."""
        scheme, credentials = authorization_of(request)
        if scheme.lower() != "basic":
            self._refuse()
            return None
        try:
            username, colon, password = b64decode(credentials).decode("ascii").partition(":")
        except ValueError as error:  # neither Base64 nor ASCII
            raise self.make_not_authenticated_error() from error
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """Take a bearer token (RFC 6750).

    `bearerFormat` tells readers of the document what the token looks like, such as ``JWT``.
    Without one the request is answered with 401, or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,  # noqa: N803  OpenAPI's own word, and FastAPI's
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="bearer",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
        self.model = SchemeModel({**self.model, "bearerFormat": bearerFormat})

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Give the token of a request or WebSocket."""
        return self._credentials(request, "bearer")


class HTTPDigest(HTTPBase):
    """Take the credentials of HTTP Digest (RFC 7616), which the application has to check itself.

    Without them the request is answered with 401, or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Give the credentials of a request or WebSocket."""
        return self._credentials(request, "digest")
