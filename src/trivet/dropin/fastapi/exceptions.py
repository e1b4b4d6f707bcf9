"""`fastapi.exceptions`."""

from __future__ import annotations

from trivet.errors import (
    DependencyScopeError,
    HTTPException,
    PydanticV1NotSupportedError,
    RequestValidationError,
    ResponseValidationError,
    ValidationException,
    WebSocketException,
    WebSocketRequestValidationError,
)
from trivet.errors import SetupError as FastAPIError
from trivet.errors import TrivetDeprecationWarning as FastAPIDeprecationWarning

__all__ = [
    "DependencyScopeError",
    "FastAPIDeprecationWarning",
    "FastAPIError",
    "HTTPException",
    "PydanticV1NotSupportedError",
    "RequestValidationError",
    "ResponseValidationError",
    "ValidationException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]
