"""OAuth 2 (RFC 6749): flows that the document shows, tokens that come by Bearer, and login forms.

The schemes find the token; whether it is good is for the application to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from trivet.binding.markers import Form
from trivet.binding.scheme import SecurityScheme
from trivet.errors import HTTPException, SetupError
from trivet.security.authorization import authorization_of
from trivet.security.model import SchemeModel

__all__ = [
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
]

# What each flow must tell (OpenAPI 3.1, OAuth Flow Object).
_NEEDED = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}


class OAuth2PasswordRequestForm:
    """The form of OAuth 2's password flow, as a dependency: ``Annotated[…, Depends()]``.

    The field `scope` holds several scopes with spaces between; `scopes` is the list of them. This
    form takes a missing `grant_type` for "password", as most clients mean it.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same form with `grant_type` required, to the letter of RFC 6749, 4.3.2."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityScheme):
    """Take the Authorization header of a client that signed in by any OAuth 2 flow.

    `flows` is OpenAPI's OAuth Flows Object: ``{"password": {"tokenUrl": "token", "scopes": {}}}``.
    The whole header is given as it came. Without one the request is answered with 401, or gets
    None where `auto_error` is False. Raises SetupError for a flow that OpenAPI does not know.
    """

    model: SchemeModel

    def __init__(
        self,
        *,
        flows: Mapping[str, Any] | BaseModel | None = None,  # Any: JSON
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = SchemeModel(
            {"type": "oauth2", "flows": _flows(flows), "description": description}
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """Make the answer to a request without credentials; override it to answer otherwise.

        OAuth 2 names no challenge of its own; Bearer is what nearly all of its tokens are.
        """
        return HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the whole Authorization header of a request or WebSocket."""
        return self._given(request.headers.get("authorization") or None)

    def _token(self, request: HTTPConnection) -> str | None:
        scheme, token = authorization_of(request)
        return self._given(token if scheme.lower() == "bearer" else None)

    def _given(self, credentials: str | None) -> str | None:
        if credentials is None and self.auto_error:
            raise self.make_not_authenticated_error()
        return credentials


class OAuth2PasswordBearer(OAuth2):
    """Take a bearer token that was bought with name and password at `tokenUrl`.

    `scopes` maps each scope to its description. Without a token the request is answered with 401,
    or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        tokenUrl: str,  # noqa: N803  OpenAPI's own word, and FastAPI's
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,  # noqa: N803
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes}
        super().__init__(
            flows={"password": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the token of a request or WebSocket."""
        return self._token(request)


class OAuth2AuthorizationCodeBearer(OAuth2):
    """Take a bearer token that was given at `tokenUrl` for a code from `authorizationUrl`.

    `scopes` maps each scope to its description. Without a token the request is answered with 401,
    or gets None where `auto_error` is False.
    """

    def __init__(
        self,
        authorizationUrl: str,  # noqa: N803  OpenAPI's own word, and FastAPI's
        tokenUrl: str,  # noqa: N803
        refreshUrl: str | None = None,  # noqa: N803
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes,
        }
        super().__init__(
            flows={"authorizationCode": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Give the token of a request or WebSocket."""
        return self._token(request)


def _flows(given: Mapping[str, Any] | BaseModel | None) -> SchemeModel:
    """Write the flows as OpenAPI has them: scopes always there, nothing that is None."""
    if isinstance(given, BaseModel):
        given = given.model_dump(by_alias=True, exclude_none=True)
    flows: dict[str, Any] = {}
    for name, flow in (given or {}).items():
        if flow is None:
            continue
        if name.startswith("x-"):  # an extension, anything that its author wants
            flows[name] = flow
            continue
        if name not in _NEEDED:
            raise _wrong(f"has no flow {name!r}", f"one of {list(_NEEDED)}")
        fields = flow.model_dump(by_alias=True) if isinstance(flow, BaseModel) else dict(flow)
        for key in _NEEDED[name]:
            if not isinstance(fields.get(key), str):
                raise _wrong(f"misses {key!r} in the flow {name!r}", f'"{key}": "…"')
        flows[name] = SchemeModel({**fields, "scopes": fields.get("scopes") or {}})
    return SchemeModel(flows)


def _wrong(what: str, expected: str) -> SetupError:
    return SetupError(f"OAuth2 {what}", code="security.oauth2-flow", mend=f"write {expected}")
