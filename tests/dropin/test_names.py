"""Every public name of FastAPI 0.165 is there, in the module in which FastAPI has it."""

from __future__ import annotations

import importlib

import pytest

# Module (below fastapi) -> its public names.
NAMES = {
    "": (
        "APIRouter BackgroundTasks Body Cookie Depends FastAPI File Form HTTPException Header Path"
        " Query Request Response Security UploadFile WebSocket WebSocketDisconnect"
        " WebSocketException status __version__"
    ),
    "applications": "FastAPI",
    "background": "BackgroundTasks",
    "cli": "main",
    "concurrency": (
        "asynccontextmanager contextmanager_in_threadpool iterate_in_threadpool"
        " run_in_threadpool run_until_first_complete"
    ),
    "datastructures": (
        "Address Default DefaultPlaceholder FormData Headers QueryParams State URL UploadFile"
    ),
    "dependencies.models": "Dependant",
    "dependencies.utils": (
        "get_dependant get_flat_params get_parameterless_sub_dependant get_stream_item_type"
        " get_typed_annotation get_typed_return_annotation get_typed_signature"
    ),
    "encoders": "jsonable_encoder",
    "exception_handlers": (
        "http_exception_handler request_validation_exception_handler"
        " websocket_request_validation_exception_handler"
    ),
    "exceptions": (
        "DependencyScopeError FastAPIDeprecationWarning FastAPIError HTTPException"
        " PydanticV1NotSupportedError RequestValidationError ResponseValidationError"
        " ValidationException WebSocketException WebSocketRequestValidationError"
    ),
    "logger": "logger",
    "middleware": "Middleware",
    "middleware.asyncexitstack": "AsyncExitStackMiddleware",
    "middleware.cors": "CORSMiddleware",
    "middleware.gzip": "GZipMiddleware",
    "middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "middleware.trustedhost": "TrustedHostMiddleware",
    "middleware.wsgi": "WSGIMiddleware",
    "openapi.constants": "METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE",
    "openapi.docs": (
        "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html"
        " swagger_ui_default_parameters"
    ),
    "openapi.models": (
        "APIKey APIKeyIn Components Contact Discriminator Encoding Example ExternalDocumentation"
        " HTTPBase HTTPBearer Header Info License Link MediaType OAuth2 OAuthFlow"
        " OAuthFlowAuthorizationCode OAuthFlowClientCredentials OAuthFlowImplicit"
        " OAuthFlowPassword OAuthFlows OpenAPI OpenIdConnect Operation Parameter ParameterBase"
        " ParameterInType PathItem Reference RequestBody Response Schema SchemaOrBool SchemaType"
        " SecurityBase SecurityScheme SecuritySchemeType Server ServerVariable Tag XML"
    ),
    "openapi.utils": "get_openapi",
    "param_functions": "Body Cookie Depends File Form Header Path Query Security",
    "params": "Body Cookie Depends File Form Header Param ParamTypes Path Query Security",
    "requests": "HTTPConnection Request",
    "responses": (
        "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse"
        " PlainTextResponse RedirectResponse Response StreamingResponse UJSONResponse"
    ),
    "routing": "APIRoute APIRouter APIWebSocketRoute Mount iter_route_contexts",
    "security": (
        "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic"
        " HTTPBasicCredentials HTTPBearer HTTPDigest OAuth2 OAuth2AuthorizationCodeBearer"
        " OAuth2PasswordBearer OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict"
        " OpenIdConnect SecurityScopes"
    ),
    "security.api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "security.base": "SecurityBase",
    "security.http": (
        "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest"
    ),
    "security.oauth2": (
        "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm"
        " OAuth2PasswordRequestFormStrict SecurityScopes"
    ),
    "security.open_id_connect_url": "OpenIdConnect",
    "security.utils": "get_authorization_scheme_param",
    "sse": "EventSourceResponse ServerSentEvent format_sse_event",
    "staticfiles": "StaticFiles",
    "telemetry": "TelemetryConfig TelemetryData get_telemetry_data",
    "templating": "Jinja2Templates",
    "testclient": "TestClient",
    "types": "DecoratedCallable IncEx UnionType",
    "utils": (
        "create_model_field deep_dict_update generate_unique_id get_path_param_names"
        " get_value_or_default is_body_allowed_for_status_code"
    ),
    "websockets": "WebSocket WebSocketDisconnect WebSocketState",
}


@pytest.mark.parametrize("module", NAMES, ids=lambda name: name or "fastapi")
def test_the_module_has_its_names(module: str) -> None:
    found = importlib.import_module(f"trivet.dropin.fastapi.{module}".rstrip("."))

    missing = [name for name in NAMES[module].split() if not hasattr(found, name)]

    assert missing == []
