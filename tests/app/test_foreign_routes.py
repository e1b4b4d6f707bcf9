"""Routes of somebody else's kind, which match by themselves."""

from __future__ import annotations

from typing import Any

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.testclient import TestClient

from trivet import App


class Refusing(BaseRoute):
    """Fits everything partially, and says no itself."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        return Match.PARTIAL, {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("not so", status_code=405)(scope, receive, send)


def test_a_partial_match_answers_where_nothing_else_fits() -> None:
    app = App()
    app.router.routes.append(Refusing())

    @app.get("/there")
    def there() -> str:
        return "there"

    client = TestClient(app)

    assert client.get("/there").json() == "there"
    answer = client.get("/elsewhere")
    assert (answer.status_code, answer.text) == (405, "not so")
