"""Who may: a function with parameters and dependencies like a handler's, asked for each client.

It is read when the channel is declared, and compiled as a handler is; its parameters are those of
the channel's name, what the opening request brought, and whatever it depends on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import HTTPConnection

from trivet.binding.analyze import analyze
from trivet.binding.compile import Compilation, Compiled, compile_plan
from trivet.binding.lifetimes import Lifetimes
from trivet.binding.plan import Call
from trivet.errors import SetupError, TrivetError, place_of
from trivet.realtime.closing import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, RefusedError
from trivet.routing.around import Around, failed, joined
from trivet.schema.field import Field

__all__ = ["Asked", "Permission"]

_CODES = {401: UNAUTHORIZED, 404: NOT_FOUND, 403: FORBIDDEN}


class Asked:
    """The opening request of a client, in the shape from which compiled functions read."""

    __slots__ = ("body", "headers", "params", "query", "request", "scope")

    def __init__(self, connection: HTTPConnection, params: tuple[str, ...]) -> None:
        self.request = connection
        self.scope = connection.scope
        self.headers = connection.scope["headers"]
        self.query = connection.scope.get("query_string", b"")
        self.params = params
        self.body = b""


class Permission:
    """One function that says who may; raises `SetupError` for one that cannot be asked."""

    def __init__(self, function: Callable[..., Any], pattern: str) -> None:
        self.function = function
        self.plan: Call = analyze(function, pattern)
        for call in self.plan.walk():
            for field in call.body:
                raise SetupError(
                    f"{field.name!r} would be read from a body, and who subscribes sends none",
                    code="realtime.permission-body",
                    where=_where(function),
                    mend=f"take it from the channel's name, {{{field.name}}}, or from a dependency",
                )
        self._pattern = pattern
        self._compiled: tuple[Any, Compiled] | None = None

    def fields(self) -> Mapping[str, Field]:
        """Give what the function says about the parameters of the name."""
        return {field.alias: field for call in self.plan.walk() for field in call.path}

    async def ask(
        self, connection: HTTPConnection, texts: Sequence[str], names: Sequence[str]
    ) -> Any:
        """Give what the function says about a client; raises `RefusedError`.

        It runs in a task of its own, with a unit of work of its own where there is a database.
        """
        app: Any = connection.scope.get("app")
        compiled = self._for(app, names)
        asked = Asked(connection, tuple(texts))
        around = joined(getattr(app, "arounds", ())) or Around()
        return await asyncio.create_task(_asked(compiled, asked, around))

    def _for(self, app: Any, names: Sequence[str]) -> Compiled:
        overrides = dict(getattr(app, "dependency_overrides", None) or {})
        if self._compiled is None or self._compiled[0] != overrides:
            compiled = compile_plan(
                self.plan,
                Compilation(
                    name="permission",
                    title=f"CHANNEL {self._pattern}",
                    path_values={name: (place, None) for place, name in enumerate(names)},
                    overrides=overrides,
                    has_no_body=True,
                    invalid=_invalid,
                ),
            )
            self._compiled = (overrides, compiled)
        return self._compiled[1]


async def _asked(compiled: Compiled, asked: Asked, around: Around) -> Any:
    opened = around.begin(None)
    try:
        answer = await _run(compiled, asked)
        await around.finish(opened, 200 if answer else 403)
    except BaseException as error:
        await failed(around, opened, error)
        refused = _refused(error)
        if refused is error:
            raise
        raise refused from error
    await around.leave(opened, None)
    return answer


async def _run(compiled: Compiled, asked: Asked) -> Any:
    lifetimes = Lifetimes()
    answer: Any = None
    try:
        given = (asked, lifetimes) if compiled.has_lifetimes else (asked,)
        answer = await compiled.function(*given)
    except BaseException as error:
        await lifetimes.fail(error)
    else:
        await lifetimes.close()
    return answer


def _refused(error: BaseException) -> BaseException:
    """Give what a client is told for an error that is an answer; others as they are."""
    if isinstance(error, HTTPException):
        return RefusedError(_CODES.get(error.status_code, FORBIDDEN), str(error.detail))
    if isinstance(error, WebSocketException):
        return RefusedError(FORBIDDEN, error.reason or "not allowed")
    if isinstance(error, TrivetError) and isinstance(error, LookupError):
        return RefusedError(NOT_FOUND, "not found")  # a row that is not there
    return error


def _invalid(errors: list[Any], body: Any, asked: Any) -> RefusedError:
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"])
    return RefusedError(FORBIDDEN, f"{place}: {first['msg']}")


def _where(function: Callable[..., Any]) -> str | None:
    place = place_of(function)
    return f"{place['file']}:{place['line']}" if "file" in place else None
