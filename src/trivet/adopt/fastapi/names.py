"""Where FastAPI's names are in Trivet: the same objects, by module and name.

What stands in no table is imported from the drop-in, which has every module and name of FastAPI's.
A test compares each line with the drop-in.
"""

from __future__ import annotations

__all__ = ["DROPIN", "NATIVE", "RENAMED", "home_of"]

DROPIN = "trivet.dropin.fastapi"

_MARKERS = ("Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security")
_RESPONSES = (
    "EventSourceResponse", "FileResponse", "HTMLResponse", "JSONResponse", "PlainTextResponse",
    "RedirectResponse", "Response", "StreamingResponse",
)  # fmt: skip
_ERRORS = (
    "DependencyScopeError", "RequestValidationError", "ResponseValidationError",
    "ValidationException", "WebSocketRequestValidationError",
)  # fmt: skip
_SECURITY = (
    "APIKeyCookie", "APIKeyHeader", "APIKeyQuery", "HTTPAuthorizationCredentials", "HTTPBasic",
    "HTTPBasicCredentials", "HTTPBearer", "HTTPDigest", "OAuth2", "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer", "OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict",
    "OpenIdConnect", "SecurityScopes",
)  # fmt: skip
_ROOT = (
    *_MARKERS, "BackgroundTasks", "HTTPException", "Request", "Response", "UploadFile",
    "WebSocket", "WebSocketDisconnect", "WebSocketException", "status",
)  # fmt: skip

NATIVE: dict[tuple[str, str], str] = {
    **{("fastapi", name): "trivet" for name in _ROOT},
    **{("fastapi.param_functions", name): "trivet" for name in _MARKERS},
    **{("fastapi.responses", name): "trivet" for name in _RESPONSES},
    ("fastapi.responses", "ORJSONResponse"): "trivet.http.responses",
    ("fastapi.responses", "UJSONResponse"): "trivet.http.responses",
    **{("fastapi.exceptions", name): "trivet.errors" for name in _ERRORS},
    ("fastapi.exceptions", "HTTPException"): "trivet",
    ("fastapi.exceptions", "WebSocketException"): "trivet",
    **{("fastapi.security", name): "trivet.security" for name in _SECURITY},
    ("fastapi.background", "BackgroundTasks"): "trivet",
    ("fastapi.datastructures", "UploadFile"): "trivet",
    ("fastapi.encoders", "jsonable_encoder"): "trivet.schema.encode",
    ("fastapi.openapi.utils", "get_openapi"): "trivet.openapi.document",
    ("fastapi.requests", "Request"): "trivet",
    ("fastapi.sse", "EventSourceResponse"): "trivet",
    ("fastapi.sse", "ServerSentEvent"): "trivet.http.sse",
    ("fastapi.sse", "format_sse_event"): "trivet.http.sse",
    ("fastapi.testclient", "TestClient"): "trivet.testing",
    ("fastapi.websockets", "WebSocket"): "trivet",
    ("fastapi.websockets", "WebSocketDisconnect"): "trivet",
}
"""(FastAPI's module, name) → the module of ours that has the same object by the same name."""

RENAMED: dict[str, tuple[str, str]] = {
    "FastAPI": ("trivet", "App"),
    "APIRouter": ("trivet", "Router"),
    "APIRoute": ("trivet.routing.route", "Route"),
}
"""What has another name here, and defaults of its own."""

_RENAMED_AT = {
    ("fastapi", "FastAPI"), ("fastapi.applications", "FastAPI"), ("fastapi", "APIRouter"),
    ("fastapi.routing", "APIRouter"), ("fastapi.routing", "APIRoute"),
}  # fmt: skip


def home_of(module: str, name: str, kept: frozenset[str]) -> tuple[str, str]:
    """Give the module and the name by which something of FastAPI's is imported here.

    Names in `kept` stay FastAPI's own, from the drop-in.
    """
    if (module, name) in _RENAMED_AT and name not in kept:
        return RENAMED[name]
    native = NATIVE.get((module, name))
    if native is not None:
        return native, name
    return DROPIN + module.removeprefix("fastapi"), name
