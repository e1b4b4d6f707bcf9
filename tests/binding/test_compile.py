"""The compiled endpoint does what the slow interpreter of its plan does, on generated cases."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import assume, event, given
from starlette.requests import Request
from starlette.responses import Response

from tests.binding.cases import PATH, Case, cases
from tests.binding.interpreter import Interpreter
from trivet import App
from trivet.errors import DependencyScopeError
from trivet.schema.encode import jsonable_encoder

Calls = list[tuple[str, dict[str, Any]]]


class Log:
    """What was called with what, in order."""

    def __init__(self) -> None:
        self.calls: Calls = []

    def record(self, name: str, given: dict[str, Any]) -> Any:
        shown = {key: _comparable(value) for key, value in sorted(given.items())}
        self.calls.append((name, shown))
        if isinstance(given.get("response"), Response):
            given["response"].headers.append("x-seen", name)
        return {"from": name, "call": len(self.calls), "given": repr(shown)}


def _comparable(value: Any) -> Any:
    if isinstance(value, Request):
        return ("request", value.url.path)
    if isinstance(value, Response):
        return "response"
    if hasattr(value, "scope_str"):
        return ("scopes", tuple(value.scopes))
    if hasattr(value, "filename"):
        return ("upload", value.filename, value.size)
    return _typed(value)


def _typed(value: Any) -> Any:
    """Give the value with its type, since 1, 1.0 and True are equal."""
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return type(value).__name__, value


def _scope(case: Case, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": case.target,
        "raw_path": case.target.encode(),
        "root_path": "",
        "query_string": case.query,
        "headers": [(b"host", b"testserver"), *case.headers],
        "server": ("testserver", 80),
        "client": ("testclient", 5000),
        "path_params": params,
    }


async def _receive_once(body: bytes) -> Any:
    return {"type": "http.request", "body": body, "more_body": False}


async def _compiled(app: App, case: Case) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = _scope(case, {})
    await app(scope, lambda: _receive_once(case.body), send)
    assert sent[0]["type"] == "http.response.start"
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], [h for h in sent[0]["headers"] if h[0] == b"x-seen"], body


async def _interpreted(
    app: App, case: Case, overrides: Any
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    (route,) = [one for one in app.routes if getattr(one, "path", None) == PATH]
    first, second, *rest = case.target.removeprefix("/things/").split("/")
    params = {"a": first, "b": int(second), "c": "/".join(rest)}
    request = Request(_scope(case, params), lambda: _receive_once(case.body))
    response = Response()
    interpreter = Interpreter(request, overrides, response)
    outcome = await interpreter.run(route.plan)  # type: ignore[attr-defined]
    if outcome.errors is None:
        await interpreter.close("function")
        status, content = 200, outcome.value
    else:
        await _unwound(interpreter)
        status, content = 422, {"detail": outcome.errors}
    await interpreter.close("request")
    await request.close()
    body = json.dumps(jsonable_encoder(content), ensure_ascii=False, separators=(",", ":"))
    headers = [header for header in response.headers.raw if header[0] == b"x-seen"]
    return status, headers if status == 200 else [], body.encode()


async def _unwound(interpreter: Interpreter) -> None:
    """Throw the refusal into what is open, as it is thrown when an endpoint raises."""
    for wanted in ("function", "request"):
        for generator, lifetime in reversed(interpreter.opened):
            if lifetime != wanted:
                continue
            throw = getattr(generator, "athrow", None) or generator.throw
            with pytest.raises(ZeroDivisionError):
                await throw(ZeroDivisionError())  # a plain generator raises before it is awaited
    interpreter.opened.clear()


@given(cases())
def test_compiled_endpoint_agrees_with_the_interpreter(case: Case) -> None:
    log = Log()
    handler, overrides = case.build(log.record)
    app = App(openapi_url=None)
    try:
        app.post(PATH)(handler)
        app.dependency_overrides.update(overrides)
        app.built()
    except DependencyScopeError:
        assume(False)

    answer = asyncio.run(_compiled(app, case))
    calls, log.calls = log.calls, []
    expected = asyncio.run(_interpreted(app, case, overrides))

    event(f"status {expected[0]}")
    assert calls == log.calls
    assert answer == expected
