"""Every scheme in requests and WebSockets: what it takes, what it refuses, what it says of itself.

The expected values are those of FastAPI 0.165, so that clients and documents stay the same.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from trivet import security
from trivet.binding.scheme import SecurityScheme
from trivet.errors import HTTPException, SetupError
from trivet.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBase,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
)

PASSWORD_FLOW = {"password": {"tokenUrl": "token"}}


def connection(
    kind: str = "http", query: str = "", headers: dict[str, str] | None = None
) -> HTTPConnection:
    raw = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    scope = {"type": kind, "path": "/", "query_string": query.encode(), "headers": raw}

    async def receive() -> Any:
        raise AssertionError("a scheme reads nothing but the head")

    async def send(message: Any) -> None:
        raise AssertionError("a scheme sends nothing")

    return Request(scope) if kind == "http" else WebSocket(scope, receive, send)


def credentials(scheme: Any, given: HTTPConnection) -> Any:
    found = asyncio.run(scheme(given))
    return found.model_dump() if isinstance(found, BaseModel) else found


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode("latin-1")).decode()


def bearing(value: str) -> dict[str, Any]:
    return {"headers": {"Authorization": value}}


# scheme, a request that brings credentials, what they are, the challenge without them
ACCEPTED = [
    (APIKeyQuery(name="key"), {"query": "key=secret"}, "secret", "APIKey"),
    (APIKeyHeader(name="X-Key"), {"headers": {"x-key": "secret"}}, "secret", "APIKey"),
    (APIKeyCookie(name="key"), {"headers": {"Cookie": "a=1; key=secret"}}, "secret", "APIKey"),
    (
        HTTPBase(scheme="Other"),
        bearing("Any  thing else "),
        {"scheme": "Any", "credentials": "thing else"},
        "Other",
    ),
    (
        HTTPBasic(),
        bearing(basic("john:se:cret")),
        {"username": "john", "password": "se:cret"},
        "Basic",
    ),
    (
        HTTPBasic(realm="simple"),
        bearing(basic("john:")),
        {"username": "john", "password": ""},
        'Basic realm="simple"',
    ),
    (HTTPBearer(), bearing("bearer t"), {"scheme": "bearer", "credentials": "t"}, "Bearer"),
    (HTTPDigest(), bearing("Digest t"), {"scheme": "Digest", "credentials": "t"}, "Digest"),
    (OAuth2(flows=PASSWORD_FLOW), bearing("Bearer t"), "Bearer t", "Bearer"),
    (OAuth2PasswordBearer("token"), bearing("BEARER  t"), "t", "Bearer"),
    (OAuth2PasswordBearer("token"), bearing("Bearer"), "", "Bearer"),
    (OAuth2AuthorizationCodeBearer("authorize", "token"), bearing("Bearer t"), "t", "Bearer"),
    (OpenIdConnect(openIdConnectUrl="/openid"), bearing("Bearer t"), "Bearer t", "Bearer"),
]
NAMES = [f"{type(row[0]).__name__}-{number}" for number, row in enumerate(ACCEPTED)]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("scheme", "request_", "expected", "challenge"), ACCEPTED, ids=NAMES)
def test_credentials_are_found(
    scheme: Any, request_: dict[str, Any], expected: Any, challenge: str, kind: str
) -> None:
    assert credentials(scheme, connection(kind, **request_)) == expected


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("scheme", "request_", "expected", "challenge"), ACCEPTED, ids=NAMES)
def test_a_request_without_them_is_refused_with_a_challenge(
    scheme: Any, request_: dict[str, Any], expected: Any, challenge: str, kind: str
) -> None:
    with pytest.raises(HTTPException) as caught:
        credentials(scheme, connection(kind))

    assert caught.value.status_code == 401
    assert caught.value.detail == "Not authenticated"
    assert caught.value.headers == {"WWW-Authenticate": challenge}


# another way to write each scheme, with auto_error, and a request that brings the wrong thing
OPTIONAL = [
    (APIKeyQuery, {"name": "key"}, {"query": "key="}),
    (APIKeyHeader, {"name": "key"}, {"headers": {"key": ""}}),
    (APIKeyCookie, {"name": "key"}, {"headers": {"Cookie": "other=1"}}),
    (HTTPBase, {"scheme": "Other"}, bearing("Other")),
    (HTTPBasic, {}, bearing("Bearer t")),
    (HTTPBearer, {}, bearing("Basic t")),
    (HTTPBearer, {}, bearing("Bearer")),
    (HTTPDigest, {}, bearing("Bearer t")),
    (OAuth2, {}, bearing("")),
    (OAuth2PasswordBearer, {"tokenUrl": "token"}, bearing("Basic t")),
    (
        OAuth2AuthorizationCodeBearer,
        {"tokenUrl": "token", "authorizationUrl": "authorize"},
        bearing("Digest t"),
    ),
    (OpenIdConnect, {"openIdConnectUrl": "/openid"}, bearing("")),
]


@pytest.mark.parametrize(("kind", "arguments", "request_"), OPTIONAL)
def test_what_is_wrong_counts_as_missing(
    kind: Any, arguments: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert credentials(kind(**arguments, auto_error=False), connection(**request_)) is None
    with pytest.raises(HTTPException):
        credentials(kind(**arguments), connection(**request_))


@pytest.mark.parametrize("auto_error", [True, False])
@pytest.mark.parametrize(
    "value", ["Basic notabase64token", basic("no colon"), "Basic", basic("jörg:x"), "Basic é"]
)
def test_basic_credentials_that_cannot_be_read_are_always_refused(
    value: str, auto_error: bool
) -> None:
    with pytest.raises(HTTPException) as caught:
        credentials(HTTPBasic(auto_error=auto_error), connection(**bearing(value)))

    assert caught.value.status_code == 401


def test_a_realm_cannot_end_its_own_quotes() -> None:
    scheme = HTTPBasic(realm='a"b\\c')

    assert scheme.make_authenticate_headers() == {"WWW-Authenticate": r'Basic realm="a\"b\\c"'}
    with pytest.raises(SetupError, match="printable ASCII"):
        HTTPBasic(realm="a\r\nb")


MODELS = [
    (APIKeyQuery(name="key"), {"type": "apiKey", "in": "query", "name": "key"}),
    (
        APIKeyHeader(name="key", description="A key"),
        {"type": "apiKey", "in": "header", "name": "key", "description": "A key"},
    ),
    (APIKeyCookie(name="key"), {"type": "apiKey", "in": "cookie", "name": "key"}),
    (HTTPBase(scheme="Other"), {"type": "http", "scheme": "Other"}),
    (HTTPBasic(realm="x"), {"type": "http", "scheme": "basic"}),
    (HTTPBearer(), {"type": "http", "scheme": "bearer"}),
    (
        HTTPBearer(bearerFormat="JWT", description="A token"),
        {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token"},
    ),
    (HTTPDigest(), {"type": "http", "scheme": "digest"}),
    (OAuth2(), {"type": "oauth2", "flows": {}}),
    (
        OAuth2(flows={"implicit": {"authorizationUrl": "a", "scopes": {"read": "Read"}}}),
        {
            "type": "oauth2",
            "flows": {"implicit": {"authorizationUrl": "a", "scopes": {"read": "Read"}}},
        },
    ),
    (
        OAuth2PasswordBearer("token", refreshUrl="refresh", description="Sign in"),
        {
            "type": "oauth2",
            "flows": {"password": {"tokenUrl": "token", "refreshUrl": "refresh", "scopes": {}}},
            "description": "Sign in",
        },
    ),
    (
        OAuth2AuthorizationCodeBearer("authorize", "token", scopes={"read": "Read"}),
        {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "authorize",
                    "tokenUrl": "token",
                    "scopes": {"read": "Read"},
                }
            },
        },
    ),
    (
        OpenIdConnect(openIdConnectUrl="/openid"),
        {"type": "openIdConnect", "openIdConnectUrl": "/openid"},
    ),
]


@pytest.mark.parametrize(("scheme", "model"), MODELS)
def test_a_scheme_describes_itself_in_openapis_words(
    scheme: SecurityScheme, model: dict[str, Any]
) -> None:
    assert scheme.model == model
    assert scheme.scheme_name == type(scheme).__name__


@pytest.mark.parametrize(("kind", "arguments", "request_"), OPTIONAL)
def test_a_scheme_can_have_a_name_of_its_own(
    kind: Any, arguments: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert kind(**arguments, scheme_name="own").scheme_name == "own"


def test_a_model_is_read_by_attribute_too() -> None:
    model = APIKeyHeader(name="key").model

    assert (model.name, model.in_, model.type_) == ("key", "header", "apiKey")
    assert model.description is None


def test_flows_can_be_a_model_of_their_own() -> None:
    class Flow(BaseModel):
        tokenUrl: str  # noqa: N815
        refreshUrl: str | None = None  # noqa: N815

    class Flows(BaseModel):
        password: Flow
        implicit: None = None

    expected = {"password": {"tokenUrl": "t", "scopes": {}}}

    assert OAuth2(flows=Flows(password=Flow(tokenUrl="t"))).model["flows"] == expected
    assert OAuth2(flows={"password": Flow(tokenUrl="t")}).model["flows"] == expected


def test_extensions_of_the_flows_are_kept() -> None:
    flows = {**PASSWORD_FLOW, "x-note": "internal"}

    assert OAuth2(flows=flows).model["flows"]["x-note"] == "internal"


@pytest.mark.parametrize(
    ("flows", "mend"),
    [({"code": {}}, "authorizationCode"), ({"password": {"scopes": {}}}, "tokenUrl")],
)
def test_a_flow_that_openapi_does_not_know_is_refused(flows: dict[str, Any], mend: str) -> None:
    with pytest.raises(SetupError, match=mend):
        OAuth2(flows=flows)


def test_a_subclass_can_answer_in_its_own_way() -> None:
    class Forbidding(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "Go away")

    scheme = Forbidding()

    assert scheme.scheme_name == "Forbidding"
    with pytest.raises(HTTPException, match="Go away"):
        credentials(scheme, connection())


def test_the_public_names_are_sorted_and_there() -> None:
    assert security.__all__ == sorted(security.__all__)
    assert all(hasattr(security, name) for name in security.__all__)
