"""Every exception of Trivet, in two branches.

Mistakes by the developer, raised while an application is being put together::

    TrivetError
      SetupError              what, where, why it cannot work, and what to write instead
        DeclarationError      a parameter, route or response that cannot be understood
        DependencyScopeError  a dependency that outlives what it depends on
        PydanticV1NotSupportedError  a model of Pydantic 1
        MissingExtraError     an optional package that is not installed

Answers to the client, raised while a request is served::

    HTTPException             a status and a detail
    WebSocketException        a close code and a reason
    ValidationException       a list of errors, each with its place
      RequestValidationError, WebSocketRequestValidationError, ResponseValidationError

This file imports nothing of Trivet.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException

__all__ = [
    "DeclarationError",
    "DependencyScopeError",
    "EndpointContext",
    "HTTPException",
    "MissingExtraError",
    "PydanticV1NotSupportedError",
    "RequestValidationError",
    "ResponseValidationError",
    "SetupError",
    "TrivetDeprecationWarning",
    "TrivetError",
    "ValidationException",
    "WebSocketException",
    "WebSocketRequestValidationError",
    "place_of",
]


# Errors of uploaded files that HTTP has a status of its own for (RFC 9110, 15.5.14 and 15.5.16).
_STATUS_OF_TYPE = {"file_too_large": 413, "file_type": 415}


class TrivetError(Exception):
    """The root of all errors that Trivet itself defines for developers."""


class SetupError(TrivetError, RuntimeError):
    """A mistake in how an application is put together, found before it serves.

    `code` is stable and listed in the documentation (``binding.ambiguous-body``); `what` says what
    was found, `where` is a file and line of the user's code, and `mend` is the line to write
    instead.
    """

    def __init__(
        self,
        what: str,
        *,
        code: str = "setup",
        where: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.code = code
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  at {self.where}")
        if self.mend:
            lines.append(f"  instead: {self.mend}")
        if self.code != "setup":
            lines.append(f"  [{self.code}]")
        return "\n".join(lines)


class DeclarationError(SetupError, AssertionError):
    """A declaration that cannot be understood.

    It is an `AssertionError` too, because that is what programs written for FastAPI catch.
    """


class DependencyScopeError(SetupError):
    """A request-scoped dependency asks for one that ends with the function."""


class MissingExtraError(SetupError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str, *, what: str) -> None:
        super().__init__(
            f"{what} needs the package {package!r}, which is not installed",
            code="setup.missing-extra",
            mend=f'pip install "trivet[{extra}]"',
        )


class PydanticV1NotSupportedError(SetupError):
    """A model of Pydantic 1, which is not supported; write it for Pydantic 2."""


class TrivetDeprecationWarning(UserWarning):
    """A use that still works and will not for ever; shown by default, as `UserWarning` is."""


class EndpointContext(TypedDict, total=False):
    """Where the function that served a request is written."""

    function: str
    path: str
    file: str
    line: int


class HTTPException(StarletteHTTPException):
    """An answer to the client, raised: a status, a detail of any JSON shape, and headers."""

    def __init__(
        self,
        status_code: int,
        detail: Any = None,  # any JSON value
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """A close code (RFC 6455, 7.4) and a reason, raised to end a WebSocket."""

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code=code, reason=reason)


class ValidationException(Exception):
    """Values that did not fit their declaration: a list of errors, each with place and reason."""

    def __init__(
        self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        context = endpoint_ctx or EndpointContext()
        self._errors = errors
        self.endpoint_ctx = endpoint_ctx
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def errors(self) -> Sequence[Any]:
        """Give the errors as Pydantic writes them: type, loc, msg, input and, if any, ctx."""
        return self._errors

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [f"  {error}" for error in self._errors]
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            lines.append(
                f'\n  File "{self.endpoint_file}", line {self.endpoint_line},'
                f" in {self.endpoint_function}"
            )
            if self.endpoint_path:
                lines.append(f"    {self.endpoint_path}")
        elif self.endpoint_path:
            lines.append(f"\n  Endpoint: {self.endpoint_path}")
        return "\n".join(lines).rstrip()


class RequestValidationError(ValidationException):
    """A request that does not fit; answered with `status_code`. `body` is what was received."""

    def __init__(
        self,
        errors: Sequence[Any],
        *,
        body: Any = None,
        endpoint_ctx: EndpointContext | None = None,
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body

    @property
    def status_code(self) -> int:
        """The status of the answer: 413 or 415 where all errors say so by their type, else 422."""
        types = [one.get("type") if isinstance(one, Mapping) else None for one in self._errors]
        found = {_STATUS_OF_TYPE.get(str(one), 422) for one in types}
        return found.pop() if len(found) == 1 else 422


class WebSocketRequestValidationError(ValidationException):
    """A WebSocket's opening request that does not fit; closed with 1008."""


class ResponseValidationError(ValidationException):
    """A handler gave a value that its declared response does not allow; `body` is that value."""

    def __init__(
        self,
        errors: Sequence[Any],
        *,
        body: Any = None,
        endpoint_ctx: EndpointContext | None = None,
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


def place_of(function: Callable[..., Any]) -> EndpointContext:
    """Say where `function` is written, as far as Python knows; empty where it does not."""
    found = EndpointContext()
    try:
        # Both of the function itself where it is wrapped: lines are looked for there in any case.
        file = inspect.getsourcefile(inspect.unwrap(function))
        line = inspect.getsourcelines(function)[1]
    except (OSError, TypeError):
        return found
    if file is not None:
        found["file"] = file
        found["line"] = line
    name = getattr(function, "__name__", None)
    if name is not None:
        found["function"] = name
    return found
