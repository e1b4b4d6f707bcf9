"""Dependencies without a request: for commands, jobs, scripts and events.

The same plan and the same compiled code as in a request, as long as nothing in it reads one. What
`yield` dependencies opened is closed when the block ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from trivet.binding.analyze import analyze
from trivet.binding.compile import Compilation, compile_plan
from trivet.binding.lifetimes import Lifetimes
from trivet.binding.params import Depends
from trivet.binding.plan import Call, Injected
from trivet.errors import SetupError, place_of

__all__ = ["resolved"]


@asynccontextmanager
async def resolved(
    function: Callable[..., Any],
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
) -> AsyncIterator[Any]:
    """Call a dependency, and all that it depends on, outside a request; gives its value.

    Raises `SetupError` where something in the plan reads a request.
    """
    wanted: Any = Depends(function)

    async def give(value: Any = wanted) -> Any:
        return value

    compiled = compile_plan(
        _without_request(analyze(give, "")),
        Compilation(name="resolve", title="outside a request", overrides=overrides or {}),
    )
    lifetimes = Lifetimes()
    arguments = (None, lifetimes) if compiled.has_lifetimes else (None,)
    try:
        yield await compiled.function(*arguments)
    except BaseException as error:
        await lifetimes.fail(error)
    else:
        await lifetimes.close()


def _without_request(plan: Call) -> Call:
    """Give `plan` back, or say which function in it needs a request."""
    for call in plan.walk():
        fields = [*call.path, *call.query, *call.header, *call.cookie, *call.body]
        names = [field.name for field in fields]
        names += [name for name, kind in call.injected.items() if kind is not Injected.SCOPES]
        if names:
            place = place_of(call.function)
            raise SetupError(
                f"{getattr(call.function, '__name__', call.function)!r} reads {names[0]!r} from a"
                " request, and there is none here",
                code="binding.needs-request",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend="split off the part that needs no request, and depend on that",
            )
    return plan
