"""Who asks, in the document and over WebSockets, whatever the application knows them by."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from starlette.testclient import WebSocketDenialResponse

from tests.auth.tokens.people import PASSWORD, SECRET, Site, add_routes, bearer, make_tables
from tests.openapi.documents import check
from trivet import App, Depends, WebSocket
from trivet.auth import Auth, OptionalUser, current_user, requires
from trivet.auth.basic import BasicMeans
from trivet.auth.jwt import JwtTokens
from trivet.auth.tokens import ApiTokens
from trivet.db import Database
from trivet.testing import TestClient


def document(*kinds: str) -> dict[str, Any]:
    app = App()
    auth = app.use(Auth(Database("sqlite://")))
    add_routes(app)  # before anything is used that knows tokens
    if "tokens" in kinds:
        app.use(ApiTokens(auth, header="X-API-Key"))
    if "jwt" in kinds:
        app.use(JwtTokens(auth, secrets=SECRET))
    if "basic" in kinds:
        app.use(BasicMeans(auth))
    return check(json.loads(json.dumps(app.openapi())))


def asked(found: dict[str, Any], path: str) -> Any:
    return found["paths"][path]["get"].get("security")


def test_without_tokens_the_document_has_no_schemes() -> None:
    found = document()

    assert asked(found, "/who") is None
    assert "securitySchemes" not in found["components"]


def test_what_asks_who_somebody_is_shows_all_that_the_parts_know() -> None:
    found = document("tokens", "jwt", "basic")
    names = ["ApiToken", "ApiKey", "AccessToken", "Basic"]

    assert list(found["components"]["securitySchemes"]) == names
    assert asked(found, "/who") == [{name: []} for name in names]
    assert asked(found, "/maybe") == [*({name: []} for name in names), {}]
    assert asked(found, "/change") == [{name: ["post.change"]} for name in names]
    assert asked(found, "/scoped") == [{name: ["post.read"]} for name in names]
    assert asked(found, "/recent") == [{name: []} for name in names]


def test_a_flow_offers_the_scopes_that_operations_ask_for() -> None:
    found = document("jwt")
    flow = found["components"]["securitySchemes"]["AccessToken"]["flows"]["password"]

    assert flow["tokenUrl"] == "auth/token"
    assert sorted(flow["scopes"]) == ["post.change", "post.read"]
    assert document("jwt") == found


def test_a_means_is_asked_once_and_told_of_once() -> None:
    app = App()
    auth = app.use(Auth(Database("sqlite://")))
    tokens = app.use(ApiTokens(auth))
    app.use(JwtTokens(auth, secrets=SECRET))
    App().use(tokens)

    names = [one.name for one in auth.means]
    assert names == ["jwt", "token", "session"]
    assert auth.challenges() == ("Bearer",)


@pytest.mark.anyio
async def test_scopes_that_are_asked_for_are_permissions_for_sessions_too(site: Site) -> None:
    await site.person()
    given = {"log_in": "ann@example.org", "password": PASSWORD}
    async with site.client() as client:
        nobody = await client.get("/scoped")
        await client.post("/auth/sign-in", json=given)
        lacks = await client.get("/scoped")

    assert (nobody.status_code, lacks.status_code) == (401, 403)


def test_websockets_are_known_by_the_header_and_by_nothing_else(tmp_path: Any) -> None:
    site = Site(Database(f"sqlite:///{tmp_path}/site.db"))

    @site.app.websocket("/talk")
    async def talk(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_json(user and user.handle)
        await socket.close()

    @site.app.websocket("/session")
    async def session(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_json(user is not None)
        await socket.close()

    @site.app.websocket("/may", dependencies=[requires("post.change")])
    async def may(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json("may")
        await socket.close()

    @site.app.websocket("/own")
    async def own(socket: WebSocket, user: Annotated[Any, Depends(current_user)]) -> None:
        await socket.accept()

    async def people() -> tuple[str, str, str]:
        await make_tables(site.database)
        ann = await site.person(permissions=["post.change"])
        return ann.handle, await site.token(ann), await site.access(ann)

    def said(path: str, **options: Any) -> Any:
        with client.websocket_connect(path, **options) as socket:
            return socket.receive_json()

    with TestClient(site.app, headers={"Origin": "http://testserver"}) as client:
        assert client.portal is not None
        handle, token, access = client.portal.call(people)

        assert said("/talk", headers=bearer(token)) == handle
        assert said("/talk", headers=bearer(access)) == handle
        assert said(f"/talk?token={token}&access_token={access}") is None
        assert said("/talk", subprotocols=["bearer", access]) is None
        assert said("/may", headers=bearer(token)) == "may"
        given = {"log_in": "ann@example.org", "password": PASSWORD}
        assert client.post("/auth/sign-in", json=given).status_code == 200
        assert said("/session") is True
        client.cookies.clear()
        for headers in ({}, bearer(token[:-1]), bearer(access + "A")):
            with (
                pytest.raises(WebSocketDenialResponse) as raised,
                client.websocket_connect("/own", headers=headers),
            ):
                pass
            assert raised.value.status_code == 401
