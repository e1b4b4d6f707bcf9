from __future__ import annotations

from collections.abc import AsyncIterator
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tests.openapi.documents import check, document_of
from trivet.binding.markers import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from trivet.http.sse import EventSourceResponse
from trivet.http.uploads import UploadFile
from trivet.routing.router import Router
from trivet.security import APIKeyHeader, OAuth2PasswordBearer


class Item(BaseModel):
    name: str
    price: Annotated[float, Field(gt=0)]


class Filters(BaseModel):
    model_config = {"extra": "forbid"}
    limit: int = 10
    order_by: str = Field("name", description="a column")


class Message(BaseModel):
    text: str


class Color(Enum):
    RED = "red"


NAMED = {"normal": {"summary": "A normal one", "value": {"name": "x", "price": 1}}}
api_key = APIKeyHeader(name="X-Key")
oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B"})


def operation_of(router: Router, method: str = "get") -> dict[str, Any]:
    document = check(document_of(router))
    [item] = document["paths"].values()
    found: dict[str, Any] = item[method]
    return found


def test_an_operation_without_anything_says_its_name_and_success() -> None:
    router = Router()

    @router.get("/read_it")
    def read_it() -> Any: ...

    assert operation_of(router) == {
        "summary": "Read It",
        "operationId": "read_it_read_it_get",
        "responses": {
            "200": {
                "description": "Successful Response",
                "content": {
                    "application/json": {"schema": {"title": "Response Read It Read It Get"}}
                },
            }
        },
    }


def test_texts_are_taken_from_options_and_docstring() -> None:
    router = Router()

    @router.get("/", summary="S", tags=["a", Color.RED], deprecated=True, operation_id="own")
    def read() -> None:
        """Tell everything.

        In two paragraphs.\f Not for readers of the document.
        """

    operation = operation_of(router)

    assert operation["summary"] == "S"
    assert operation["description"] == "Tell everything.\n\nIn two paragraphs."
    assert operation["tags"] == ["a", "red"]
    assert operation["deprecated"] is True
    assert operation["operationId"] == "own"


def test_parameters_come_by_place() -> None:
    router = Router()

    @router.get("/items/{id}")
    def read(
        c: Annotated[str, Cookie(description="a cookie")],
        x_token: Annotated[list[str], Header()],
        id: Annotated[int, Path(gt=0)],
        q: Annotated[str | None, Query(alias="query", deprecated=True)] = None,
        secret: Annotated[str, Query(include_in_schema=False)] = "",
    ) -> None: ...

    assert operation_of(router)["parameters"] == [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "exclusiveMinimum": 0, "title": "Id"},
        },
        {
            "name": "query",
            "in": "query",
            "required": False,
            "schema": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "deprecated": True,
                "title": "Query",
            },
            "deprecated": True,
        },
        {
            "name": "x-token",
            "in": "header",
            "required": True,
            "schema": {"type": "array", "items": {"type": "string"}, "title": "X-Token"},
        },
        {
            "name": "c",
            "in": "cookie",
            "required": True,
            "schema": {"type": "string", "description": "a cookie", "title": "C"},
            "description": "a cookie",
        },
    ]


def test_a_model_of_parameters_is_shown_as_its_fields() -> None:
    router = Router()

    @router.get("/")
    def read(
        filters: Annotated[Filters, Query()], headers: Annotated[Filters, Header()]
    ) -> None: ...

    parameters = operation_of(router)["parameters"]

    assert [(one["in"], one["name"]) for one in parameters] == [
        ("query", "limit"),
        ("query", "order_by"),
        ("header", "limit"),
        ("header", "order-by"),
    ]
    assert parameters[1]["description"] == "a column"


def test_fields_of_an_optional_model_of_parameters_are_not_required() -> None:
    class Needed(BaseModel):
        a: int

    def read(needed: Any = None) -> None: ...

    read.__annotations__["needed"] = Annotated[Needed | None, Query()]
    router = Router()
    router.get("/")(read)

    assert operation_of(router)["parameters"][0]["required"] is False


def test_of_two_equal_parameters_the_required_one_is_shown() -> None:
    router = Router()

    def strict(q: int) -> None: ...

    def lax(q: int = 1) -> None: ...

    @router.get("/", dependencies=[Depends(strict), Depends(lax)])
    def read() -> None: ...

    [parameter] = operation_of(router)["parameters"]

    assert parameter["required"] is True


def test_examples_are_shown_in_both_ways() -> None:
    router = Router()

    @router.post("/")
    def create(
        item: Annotated[Item, Body(openapi_examples=NAMED)],
        q: Annotated[str, Query(examples=["a"], openapi_examples={"b": {"value": "b"}})] = "",
    ) -> None: ...

    operation = operation_of(router, "post")

    assert operation["requestBody"]["content"]["application/json"]["examples"] == NAMED
    assert operation["parameters"][0]["examples"] == {"b": {"value": "b"}}
    assert operation["parameters"][0]["schema"]["examples"] == ["a"]


def test_a_body_is_required_unless_it_has_a_default() -> None:
    router = Router()

    @router.post("/required")
    def required(item: Item) -> None: ...

    @router.post("/optional")
    def optional(item: Item | None = None) -> None: ...

    paths = check(document_of(router))["paths"]

    assert paths["/required"]["post"]["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
    }
    assert "required" not in paths["/optional"]["post"]["requestBody"]


def test_several_bodies_are_shown_as_one_model() -> None:
    router = Router()

    @router.put("/")
    def change(item: Item, message: Message) -> None: ...

    document = check(document_of(router))
    body = document["components"]["schemas"]["Body_change__put"]

    assert body["required"] == ["item", "message"]
    assert body["properties"]["item"] == {"$ref": "#/components/schemas/Item"}


def test_forms_and_files_have_their_media_types() -> None:
    router = Router()

    @router.post("/form")
    def form(name: Annotated[str, Form()]) -> None: ...

    @router.post("/file")
    def file(data: Annotated[bytes, File()], more: list[UploadFile]) -> None: ...

    document = check(document_of(router))
    schemas = document["components"]["schemas"]

    assert list(document["paths"]["/form"]["post"]["requestBody"]["content"]) == [
        "application/x-www-form-urlencoded"
    ]
    assert list(document["paths"]["/file"]["post"]["requestBody"]["content"]) == [
        "multipart/form-data"
    ]
    assert schemas["Body_file_file_post"]["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "Data",
    }


def test_options_and_trace_show_no_body() -> None:
    router = Router()

    @router.options("/")
    def options(item: Item) -> None: ...

    assert "requestBody" not in operation_of(router, "options")


def test_a_response_class_decides_on_the_media_type() -> None:
    router = Router()

    @router.get("/html", response_class=HTMLResponse)
    def html() -> Any: ...

    @router.get("/there", response_class=RedirectResponse)
    def there() -> Any: ...

    @router.get("/raw", response_class=Response)
    def raw() -> Any: ...

    paths = check(document_of(router))["paths"]

    assert paths["/html"]["get"]["responses"]["200"]["content"] == {
        "text/html": {"schema": {"type": "string"}}
    }
    assert paths["/there"]["get"]["responses"] == {"307": {"description": "Successful Response"}}
    assert paths["/raw"]["get"]["responses"] == {"200": {"description": "Successful Response"}}


def test_a_status_without_a_body_shows_no_content() -> None:
    router = Router()

    @router.delete("/", status_code=204)
    def remove() -> None: ...

    assert operation_of(router, "delete")["responses"] == {
        "204": {"description": "Successful Response"}
    }


def test_additional_responses_are_merged_into_what_is_known() -> None:
    router = Router()

    @router.get(
        "/",
        response_model=Item,
        responses={
            200: {"content": {"image/png": {}}, "description": "JSON or an image"},
            404: {"model": Message},
            "5xx": {"model": Message},
            "default": {"description": "Anything else"},
            418: {},
            499: {},
        },
    )
    def read() -> Any: ...

    responses = operation_of(router)["responses"]
    message = {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}

    assert responses == {
        "200": {
            "description": "JSON or an image",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Item"}},
                "image/png": {},
            },
        },
        "404": {"description": "Not Found", "content": message},
        "5XX": {"description": "Server Error", "content": message},
        "default": {"description": "Anything else"},
        "418": {"description": "I'm a Teapot"},
        "499": {"description": "Additional Response"},
    }


def test_declared_responses_are_left_as_they_were() -> None:
    declared = {404: {"model": Message, "content": {"application/json": {"example": 1}}}}
    router = Router()

    @router.get("/", responses=declared)
    def read() -> None: ...

    document_of(router)

    assert declared == {404: {"model": Message, "content": {"application/json": {"example": 1}}}}


def test_a_status_that_is_none_is_refused() -> None:
    router = Router()

    @router.get("/a", responses={"hello": {"description": "?"}})
    def read() -> None: ...

    with pytest.raises(ValueError, match="'hello' in the responses of /a is no status"):
        document_of(router)


@pytest.mark.parametrize("status", ["422", "4XX", "default"])
def test_a_validation_error_of_ones_own_takes_the_place_of_ours(status: str) -> None:
    router = Router()

    @router.get("/", responses={status: {"description": "mine"}})
    def read(q: int) -> None: ...

    document = document_of(router)

    assert set(document["paths"]["/"]["get"]["responses"]) == {"200", status}
    assert "components" not in document


def test_what_takes_no_values_cannot_fail_to_fit() -> None:
    router = Router()

    @router.get("/")
    def read() -> None: ...

    assert set(operation_of(router)["responses"]) == {"200"}


def test_a_generator_is_shown_as_json_lines() -> None:
    router = Router()

    @router.get("/typed")
    async def typed() -> AsyncIterator[Item]:
        yield Item(name="x", price=1)

    @router.get("/untyped")
    async def untyped() -> Any:
        yield 1

    paths = check(document_of(router))["paths"]

    assert paths["/typed"]["get"]["responses"]["200"]["content"] == {
        "application/jsonl": {"itemSchema": {"$ref": "#/components/schemas/Item"}}
    }
    assert paths["/untyped"]["get"]["responses"]["200"]["content"] == {
        "application/jsonl": {"itemSchema": {}}
    }


def test_server_sent_events_are_shown_with_their_data() -> None:
    router = Router()

    @router.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Item]:
        yield Item(name="x", price=1)

    event = operation_of(router)["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]

    assert event["required"] == ["data"]
    assert event["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Item"},
    }
    assert set(event["properties"]) == {"data", "event", "id", "retry"}


def test_security_is_gathered_from_all_dependencies() -> None:
    router = Router()

    def user(token: Annotated[str, Security(oauth2, scopes=["a"])]) -> None: ...

    @router.get("/", dependencies=[Depends(api_key), Security(user, scopes=["b"])])
    def read(again: Annotated[str, Depends(oauth2)]) -> None: ...

    document = check(document_of(router))

    assert document["paths"]["/"]["get"]["security"] == [
        {"APIKeyHeader": []},
        {"OAuth2PasswordBearer": ["b", "a"]},
    ]
    assert document["components"]["securitySchemes"] == {
        "APIKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {"a": "A", "b": "B"}, "tokenUrl": "token"}},
        },
    }


def test_callbacks_are_shown_with_their_paths_and_models() -> None:
    hooks = Router()

    @hooks.post("{$request.body.url}/done", response_model=Message)
    def done(body: Item) -> Any: ...

    router = Router()

    @router.post("/", callbacks=hooks.routes)
    def start() -> None: ...

    document = check(document_of(router))
    callbacks = document["paths"]["/"]["post"]["callbacks"]

    assert list(callbacks["done"]) == ["{$request.body.url}/done"]
    assert list(callbacks["done"]["{$request.body.url}/done"]) == ["post"]
    # The callback's errors are shown too, although the route itself takes nothing.
    assert {"Item", "Message", "HTTPValidationError"} < set(document["components"]["schemas"])


def test_extra_is_merged_deeply() -> None:
    router = Router()
    extra = {
        "tags": ["more"],
        "x-own": {"a": 1},
        "responses": {"200": {"description": "other"}},
        "parameters": [{"name": "z", "in": "query", "schema": {}}],
    }

    @router.get("/", tags=["first"], openapi_extra=extra)
    def read(q: int) -> None: ...

    operation = operation_of(router)

    assert operation["tags"] == ["first", "more"]
    assert operation["x-own"] == {"a": 1}
    assert operation["responses"]["200"]["description"] == "other"
    assert "content" in operation["responses"]["200"]
    assert [one["name"] for one in operation["parameters"]] == ["q", "z"]
    assert extra["tags"] == ["more"]


def test_several_methods_are_shown_in_a_steady_order() -> None:
    router = Router()

    @router.api_route("/", methods=["POST", "GET", "PUT"])
    def any_of_them() -> None: ...

    document = document_of(router)

    assert list(document["paths"]["/"]) == ["get", "post", "put"]


def test_each_of_several_methods_has_an_id_of_its_own() -> None:
    router = Router()

    @router.api_route("/a", methods=["POST", "GET"])
    def thing() -> None: ...

    operations = document_of(router)["paths"]["/a"]

    assert operations["get"]["operationId"] == "thing_a_get"
    assert operations["post"]["operationId"] == "thing_a_post"


@pytest.mark.parametrize(
    "options", [{"operation_id": "own"}, {"generate_unique_id_function": lambda route: "own"}]
)
def test_one_id_of_the_user_s_for_several_methods_is_warned_of(options: dict[str, Any]) -> None:
    router = Router()

    @router.api_route("/a", methods=["POST", "GET"], **options)
    def thing() -> None: ...

    with pytest.warns(UserWarning, match="Duplicate Operation ID own for function thing"):
        operations = document_of(router)["paths"]["/a"]

    assert operations["get"]["operationId"] == operations["post"]["operationId"] == "own"


@pytest.mark.parametrize("methods", [["PUT", "DELETE", "PATCH"], ["PATCH", "PUT", "DELETE"]])
def test_unique_id_of_a_route_with_several_methods_is_steady(methods: list[str]) -> None:
    router = Router()

    @router.api_route("/a", methods=methods)
    def thing(one: Annotated[int, Body()], two: Annotated[int, Body()]) -> None: ...

    assert router.routes[0].unique_id == "thing_a_delete"  # type: ignore[attr-defined]
    assert "Body_thing_a_delete" in document_of(router)["components"]["schemas"]
