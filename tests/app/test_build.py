"""Building puts every declared route where requests find it, and leaves declarations alone."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.routing import Route as StarletteRoute

from trivet import App, Path, Request, Router
from trivet.app.build import other_slash
from trivet.routing.route import Route
from trivet.testing import TestClient


async def nothing() -> None:
    return None


@pytest.mark.parametrize(("path", "other"), [("/a", "/a/"), ("/a/", "/a"), ("/a//", "/a")])
def test_the_other_slash(path: str, other: str) -> None:
    assert other_slash(path) == other


def test_one_router_may_be_included_in_several_places() -> None:
    app, router = App(), Router()

    @router.get("/x")
    async def where(request: Request) -> str:
        return request.url.path

    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b", tags=["b"])
    client = TestClient(app)

    assert client.get("/a/x").json() == "/a/x"
    assert client.get("/b/x").json() == "/b/x"
    assert [route.path for route in router.routes] == ["/x"]  # type: ignore[attr-defined]


def test_routes_of_starlette_stand_beside_typed_ones() -> None:
    async def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.path_params} {request.method}")

    inner = [StarletteRoute("/{x:int}", plain, methods=["GET"])]
    app = App(openapi_url=None, routes=[Mount("/mount", routes=inner), StarletteRoute("/p", plain)])
    app.add_route("/s/{x:int}", plain)
    app.get("/{x}")(nothing)
    client = TestClient(app)

    assert client.get("/p").text == "{} GET"
    assert client.head("/p").status_code == 200
    assert client.get("/mount/3").text == "{'x': 3} GET"
    assert client.get("/mount/x").status_code == 404
    assert client.get("/s/" + "1" * 5000).status_code == 404
    assert client.get("/other").json() is None


def test_a_route_class_of_ones_own_wraps_its_handler() -> None:
    class Timed(Route):
        def get_route_handler(self) -> Any:
            inner = super().get_route_handler()

            async def wrapped(request: Request) -> Any:
                response = await inner(request)
                response.headers["x-wrapped"] = self.path_format
                return response

            return wrapped

    app, router = App(), Router(route_class=Timed)

    @router.post("/{x}")
    async def handler(x: int, data: dict[str, int]) -> dict[str, int]:
        return {**data, "x": x}

    app.include_router(router, prefix="/r")
    answer = TestClient(app).post("/r/1", json={"a": 2})

    assert answer.json() == {"a": 2, "x": 1}
    assert answer.headers["x-wrapped"] == "/{x}"


def test_what_nothing_serves_may_have_a_default_of_its_own() -> None:
    app = App(openapi_url=None)
    app.get("/a")(nothing)
    app.router.default = PlainTextResponse("default")

    client = TestClient(app)

    assert client.get("/none").text == "default"
    assert client.get("/a").json() is None


def test_a_path_parameter_of_a_mount_reaches_the_mounted_application() -> None:
    inner, outer = App(openapi_url=None), App(openapi_url=None)

    @inner.get("/{item}")
    async def show(item: int, tenant: Annotated[str, Path()]) -> list[Any]:
        return [tenant, item]

    outer.mount("/{tenant}/in", inner)

    assert TestClient(outer).get("/t/in/3").json() == ["t", 3]
