"""Controllers: methods as routes, and a constructor as their dependency."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from trivet.app.application import App
from trivet.binding.markers import Depends, Header
from trivet.errors import DeclarationError, HTTPException
from trivet.routing import controller
from trivet.routing.controller import Controller, get, post, route, websocket


class Pet(BaseModel):
    name: str
    age: int = 0


class Shelf:
    def __init__(self) -> None:
        self.pets = {1: Pet(name="Rex", age=3)}


def get_shelf() -> Any:
    opened.append("open")
    yield shelf
    opened.append("close")


opened: list[str] = []
made: list[str] = []
shelf = Shelf()


class Pets(Controller, prefix="/pets", tags=["pets"]):
    """Pets on a shelf."""

    def __init__(
        self,
        request: Request,
        shelf: Annotated[Shelf, Depends(get_shelf)],
        x_user: Annotated[str, Header()] = "nobody",
    ) -> None:
        made.append(request.url.path)
        self.shelf = shelf
        self.user = x_user

    @get("/")
    def all(self, limit: int = 10) -> list[Pet]:
        return list(self.shelf.pets.values())[:limit]

    @get("/{id}")
    async def one(self, id: int) -> Pet:
        """Give one pet."""
        if id not in self.shelf.pets:
            raise HTTPException(404)
        return self.shelf.pets[id]

    @post("/", status_code=201)
    async def add(self, pet: Pet) -> dict[str, str]:
        return {"added": pet.name, "by": self.user}

    @route("/both", ["PUT", "PATCH"], include_in_schema=False)
    @staticmethod
    async def both(request: Request) -> str:
        return request.method


@pytest.fixture
def client() -> TestClient:
    opened.clear()
    made.clear()
    app = App()
    app.include_router(Pets.router())
    return TestClient(app)


def test_methods_answer_with_what_the_constructor_was_given(client: TestClient) -> None:
    assert client.get("/pets/1").json() == {"name": "Rex", "age": 3}
    assert client.get("/pets/?limit=0").json() == []
    added = client.post("/pets/", json={"name": "Tom"}, headers={"x-user": "ann"})
    assert (added.status_code, added.json()) == (201, {"added": "Tom", "by": "ann"})
    assert opened == ["open", "close"] * 3


def test_methods_are_validated_and_refused_like_functions(client: TestClient) -> None:
    assert client.get("/pets/x").json()["detail"][0]["loc"] == ["path", "id"]
    assert client.post("/pets/", json={}).status_code == 422
    assert client.get("/pets/7").status_code == 404


def test_static_methods_are_routes_without_a_controller(client: TestClient) -> None:
    assert client.put("/pets/both").json() == "PUT"
    assert client.patch("/pets/both").json() == "PATCH"
    assert made == []


def test_websockets_get_the_controller_too() -> None:
    class Rooms(Controller):
        def __init__(self, x_user: Annotated[str, Header()]) -> None:
            self.user = x_user

        @websocket("/ws/{room}")
        async def socket(self, socket: WebSocket, room: str) -> None:
            await socket.accept()
            await socket.send_text(f"{room} {self.user}")
            await socket.close()

    app = App()
    app.include_router(Rooms.router())

    with TestClient(app).websocket_connect("/ws/a", headers={"x-user": "ann"}) as socket:
        assert socket.receive_text() == "a ann"


def test_the_controller_is_made_once_for_each_request() -> None:
    made_here: list[int] = []

    class Once(Controller):
        def __init__(self) -> None:
            made_here.append(1)

        @get("/")
        async def ask(self, other: Any = None) -> bool:
            return other is None or other is self

    async def dependency(once: Any = Depends(Once)) -> Any:  # noqa: B008
        return once

    app = App()
    app.include_router(Once.router(), dependencies=[Depends(dependency)])
    client = TestClient(app)

    assert client.get("/").json() is True
    assert len(made_here) == 1
    client.get("/")
    assert len(made_here) == 2


def test_the_document_describes_methods_as_functions(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    one = paths["/pets/{id}"]["get"]
    assert one["tags"] == ["pets"]
    assert one["description"] == "Give one pet."
    assert [p["name"] for p in one["parameters"]] == ["id", "x-user"]
    assert paths["/pets/"]["post"]["responses"]["201"]


def test_routes_are_found_by_the_names_of_methods(client: TestClient) -> None:
    app: Any = client.app

    assert app.url_path_for("one", id=3) == "/pets/3"


def test_subclasses_inherit_routes_change_methods_and_take_routes_away() -> None:
    class Basic(Controller, prefix="/basic"):
        greeting = "hello"

        @get("/")
        async def greet(self) -> str:
            return self.greeting

        @get("/name")
        async def name(self) -> str:
            return "basic"

        @get("/secret")
        async def secret(self) -> str:
            return "secret"

    class Other(Basic, prefix="/other"):
        greeting = "good day"
        secret = None  # type: ignore[assignment]

        async def name(self) -> str:
            return "other, not " + await super().name()

    app = App()
    app.include_router(Basic.router())
    app.include_router(Other.router())
    client = TestClient(app)

    assert client.get("/basic/").json() == "hello"
    assert client.get("/other/").json() == "good day"
    assert client.get("/other/name").json() == "other, not basic"
    assert client.get("/other/secret").status_code == 404
    assert client.get("/basic/secret").json() == "secret"


def test_decorated_methods_keep_their_parameters() -> None:
    def doubled(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return 2 * await function(*args, **kwargs)

        return wrapper

    class Numbers(Controller):
        @get("/inside/{value}")
        @doubled
        async def inside(self, value: int) -> int:
            return value

        @doubled
        @get("/outside/{value}")
        async def outside(self, value: int) -> int:
            return value

    app = App()
    app.include_router(Numbers.router())

    assert TestClient(app).get("/inside/4").json() == 8
    assert TestClient(app).get("/outside/5").json() == 10


def test_one_method_may_answer_at_several_paths_in_the_order_of_reading() -> None:
    class Many(Controller):
        @get("/a")
        @get("/b")
        async def both(self) -> str:
            return "x"

    assert [getattr(one, "path", "") for one in Many.router().routes] == ["/a", "/b"]


def test_mistakes_are_told_with_the_mend() -> None:
    with pytest.raises(DeclarationError, match="which is no method"):
        get("/")(property(lambda self: 1))  # type: ignore[type-var]
    with pytest.raises(DeclarationError, match="rename it"):

        class Taken(Controller):
            def router(self) -> None:  # type: ignore[override]
                ...

    class Selfless(Controller):
        @get("/")
        def nothing() -> None:  # type: ignore[misc]
            ...

    with pytest.raises(DeclarationError, match="without `self`"):
        Selfless.router()

    class OfTheClass(Controller):
        @classmethod
        def both(cls) -> None: ...

    vars(OfTheClass)["both"].__func__.__dict__["__trivet_routes__"] = (
        controller._Declared("/", ("GET",)),
    )
    with pytest.raises(DeclarationError, match="classmethod"):
        OfTheClass.router()


def test_every_verb_has_its_decorator() -> None:
    verbs = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    for verb in verbs:

        async def method(self: Any) -> None: ...

        kind = type("Kind", (Controller,), {"method": getattr(controller, verb)("/")(method)})
        assert kind.router().routes[0].methods == {verb.upper()}
