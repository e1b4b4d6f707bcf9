"""The token endpoints: RFC 6749 (3.2), RFC 7009 and the keys of RFC 7517, over `Granting`."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any
from urllib.parse import unquote_plus

from pydantic import BaseModel, SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from trivet.auth.bearer import BEARER
from trivet.auth.errors import TooManyAttempts
from trivet.auth.jwt.errors import GrantRefused
from trivet.auth.jwt.granting import Grant, Granting
from trivet.auth.jwt.keys import SigningKeys
from trivet.binding.markers import Form
from trivet.routing.router import Router
from trivet.security.authorization import authorization_of

__all__ = ["GrantAnswer", "RevokedForm", "TokenForm", "access_router"]

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_KEYS_FOR = "public, max-age=300"  # seconds: a new key is shown that long before it signs
_GRANTS = ("password", "refresh_token", "client_credentials")


class TokenForm(BaseModel):
    """The form of a token request: `OAuth2PasswordRequestForm`, and what the rest needs."""

    grant_type: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    refresh_token: SecretStr | None = None
    scope: str = ""
    client_id: str | None = None
    client_secret: SecretStr | None = None


class RevokedForm(BaseModel):
    """The form of RFC 7009."""

    token: SecretStr | None = None
    token_type_hint: str | None = None


class GrantAnswer(BaseModel):
    """What is given (RFC 6749, 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str | None = None
    scope: str


class Refusal(BaseModel):
    """Why nothing is given (RFC 6749, 5.2)."""

    error: str
    error_description: str


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": text}
    for status, text in ((400, "Refused"), (401, "The client is not known"), (429, "Too often"))
}


def access_router(granting: Granting, keys: SigningKeys, path: str, scheme: str = BEARER) -> Router:
    """Give the endpoints, under a path; `scheme` is how the tokens are shown."""
    router = Router(prefix=path, tags=["tokens"])

    @router.post("/token", response_model=GrantAnswer, responses=_REFUSALS)
    async def token(form: Annotated[TokenForm, Form()], request: Request) -> Response:
        """Give an access token: for a password, a refresh token, or a service's secret."""
        try:
            return _given(await _grant(granting, form, request), scheme.lower())
        except GrantRefused as refused:
            return _refused(refused)
        except TooManyAttempts as error:
            detail = str(error.detail)
            return _refused(
                GrantRefused("too_many_attempts", detail, status=429, headers=error.headers)
            )

    @router.post("/token/revoke", responses={400: _REFUSALS[400]})
    async def revoke(form: Annotated[RevokedForm, Form()], request: Request) -> Response:
        """End what a refresh token gives; the answer is the same for what is none."""
        if form.token is None:
            return _refused(GrantRefused("invalid_request", "`token` is missing"))
        await granting.revoke(request, form.token.get_secret_value())
        return Response(headers=_NO_STORE)

    if keys.are_public:

        @router.get("/jwks.json")
        async def jwks(response: Response) -> dict[str, Any]:
            """Give the keys by which access tokens are verified."""
            response.headers["Cache-Control"] = _KEYS_FOR
            return keys.jwks()

    return router


async def _grant(granting: Granting, form: TokenForm, request: Request) -> Grant:
    kind = form.grant_type or "password"  # as most clients mean it
    if kind == "password":
        return await granting.by_password(
            request,
            log_in=_needed(form.username, "username"),
            password=_needed(form.password, "password"),
            scope=form.scope,
            client=form.client_id or None,
        )
    if kind == "refresh_token":
        token = _needed(form.refresh_token, "refresh_token")
        return await granting.by_refresh_token(request, token=token, scope=form.scope)
    if kind == "client_credentials":
        client, secret, headers = _client(form, request)
        try:
            return await granting.by_service(
                request, client=client, secret=secret, scope=form.scope
            )
        except GrantRefused as refused:
            refused.headers |= headers if refused.status == 401 else {}
            raise
    raise GrantRefused("unsupported_grant_type", f"`grant_type` is one of {', '.join(_GRANTS)}")


def _client(form: TokenForm, request: Request) -> tuple[str, str, dict[str, str]]:
    """Give id and secret of a client, and what a refusal tells it (RFC 6749, 2.3.1 and 5.2)."""
    scheme, credentials = authorization_of(request)
    if scheme.lower() != "basic":
        secret = _needed(form.client_secret, "client_secret")
        return _needed(form.client_id, "client_id"), secret, {}
    challenge = {"WWW-Authenticate": 'Basic realm="token"'}
    if form.client_secret is not None:
        raise GrantRefused("invalid_request", "The client says twice who it is")
    try:
        client, _, secret = b64decode(credentials, validate=True).decode().partition(":")
    except ValueError as error:
        raise GrantRefused(
            "invalid_client", "The client cannot be read", status=401, headers=challenge
        ) from error
    return unquote_plus(client), unquote_plus(secret), challenge


def _needed(given: str | SecretStr | None, name: str) -> str:
    text = given.get_secret_value() if isinstance(given, SecretStr) else given
    if not text:
        raise GrantRefused("invalid_request", f"`{name}` is missing")
    return text


def _given(grant: Grant, token_type: str) -> Response:
    answer = GrantAnswer(
        access_token=grant.access_token,
        token_type=token_type,
        expires_in=int(grant.expires_in),
        refresh_token=grant.refresh_token,
        scope=grant.scope,
    )
    return JSONResponse(answer.model_dump(exclude_none=True), headers=_NO_STORE)


def _refused(refused: GrantRefused) -> Response:
    body = {"error": refused.code, "error_description": refused.detail}
    return JSONResponse(body, refused.status, {**refused.headers, **_NO_STORE})
