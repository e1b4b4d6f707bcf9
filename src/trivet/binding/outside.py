"""Dependencies without a request: for commands, jobs, scripts and events.

The same plan and the same compiled code as in a request, as long as nothing in it reads one. What
`yield` dependencies opened is closed when the block ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from inspect import Parameter, Signature
from typing import Annotated, Any, get_args, get_origin

from trivet.binding.analyze import analyze
from trivet.binding.compile import Compilation, compile_plan
from trivet.binding.lifetimes import Lifetimes
from trivet.binding.params import Depends
from trivet.binding.plan import Call, Injected
from trivet.errors import SetupError, place_of

__all__ = ["Prepared", "is_dependency", "resolved"]


class Prepared:
    """A dependency that is compiled once, to be called outside a request again and again.

    Raises `SetupError` where something in its plan reads a request.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
    ) -> None:
        wanted: Any = Depends(function)

        async def give(value: Any = wanted) -> Any:
            return value

        self._compiled = compile_plan(
            _without_request(analyze(give, "")),
            Compilation(name="resolve", title="outside a request", overrides=overrides or {}),
        )

    @classmethod
    def of(
        cls,
        parameters: Iterable[Parameter],
        overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
    ) -> Prepared:
        """Give what resolves the dependencies among a function's parameters, as a dictionary."""

        def together(**values: Any) -> dict[str, Any]:
            return values

        together.__signature__ = Signature(  # type: ignore[attr-defined]
            [one.replace(kind=Parameter.KEYWORD_ONLY) for one in parameters]
        )
        return cls(together, overrides)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        """Call it and all that it depends on; what `yield` opened is closed with the block."""
        lifetimes = Lifetimes()
        arguments = (None, lifetimes) if self._compiled.has_lifetimes else (None,)
        try:
            yield await self._compiled.function(*arguments)
        except BaseException as error:
            await lifetimes.fail(error)
        else:
            await lifetimes.close()


def resolved(
    function: Callable[..., Any],
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
) -> AbstractAsyncContextManager[Any]:
    """Call a dependency, and all that it depends on, outside a request; gives its value.

    Raises `SetupError` where something in the plan reads a request.
    """
    return Prepared(function, overrides).opened()


def is_dependency(parameter: Parameter) -> bool:
    """Tell whether a parameter is given by a function that `Depends` names."""
    annotation = parameter.annotation
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return any(isinstance(mark, Depends) for mark in (*marks, parameter.default))


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
