"""ASGI middleware of the user's around an application."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from trivet import App, Depends


class Counting:
    """Counts the requests that come through it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.count = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.count += scope["type"] == "http"
        scope["count"] = self.count
        await self.app(scope, receive, send)


def test_middleware_keeps_its_state_when_the_application_is_built_again() -> None:
    app = App()
    app.add_middleware(Counting)
    seen = []

    def name() -> str:
        return "original"

    @app.get("/")
    def read(name: str = Depends(name)) -> str:
        return name

    @app.before_request
    def look(request: Any) -> None:
        seen.append(request.scope["count"])

    client = TestClient(app)
    client.get("/")
    app.dependency_overrides[name] = lambda: "other"
    answer = client.get("/")

    assert answer.json() == "other"
    assert seen == [1, 2]
