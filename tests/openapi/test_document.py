from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, computed_field
from starlette.requests import Request
from starlette.responses import Response

from tests.openapi.documents import check, document_of
from trivet.binding.markers import Header, Query
from trivet.errors import SetupError
from trivet.openapi.document import get_openapi
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.routing.contexts import contexts
from trivet.routing.router import Router


class Author(BaseModel):
    name: str
    age: int = 0


class Post(BaseModel):
    title: str
    author: Author


class Price(BaseModel):
    amount: Decimal  # comes as a number or a text, goes as a text


class Opaque:
    pass


def test_no_route_gives_the_smallest_document() -> None:
    assert document_of(Router()) == {
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "paths": {},
    }


def test_everything_about_the_api_is_shown() -> None:
    document = document_of(
        Router(),
        openapi_version="3.1.1",
        summary="Short",
        description="Long",
        terms_of_service="https://example.com/terms",
        contact={"name": "Ann", "url": "https://example.com", "email": "ann@example.com"},
        license_info={"name": "MIT", "identifier": "MIT", "url": None},
        servers=[{"url": "/v1", "description": None}],
        tags=[{"name": "a", "externalDocs": {"url": "https://example.com/a"}}],
        external_docs={"url": "https://example.com"},
    )

    assert document == {
        "openapi": "3.1.1",
        "info": {
            "title": "Test",
            "version": "1",
            "summary": "Short",
            "description": "Long",
            "termsOfService": "https://example.com/terms",
            "contact": {
                "name": "Ann",
                "url": "https://example.com/",
                "email": "ann@example.com",
            },
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/v1"}],
        "paths": {},
        "tags": [{"name": "a", "externalDocs": {"url": "https://example.com/a"}}],
        "externalDocs": {"url": "https://example.com/"},
    }
    check({**document, "openapi": "3.1.0"})


def test_an_address_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(SetupError, match=r"info\.contact\.url is 'nowhere'") as caught:
        document_of(Router(), contact={"url": "nowhere"})

    assert caught.value.code == "openapi.url"


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="has no option 'sumary'"):
        get_openapi(title="Test", version="1", routes=[], sumary="typo")  # type: ignore[call-arg]


def test_methods_of_one_path_share_its_item() -> None:
    router = Router()

    @router.get("/posts/{id:int}")
    def read(id: int) -> None: ...

    @router.delete("/posts/{id}")
    def remove(id: int) -> None: ...

    paths = check(document_of(router))["paths"]

    assert {path: set(item) for path, item in paths.items()} == {"/posts/{id}": {"get", "delete"}}


def test_included_routes_are_shown_as_they_are_served() -> None:
    inner = Router(prefix="/inner", tags=["inner"])

    @inner.get("/it")
    def it() -> None: ...

    outer = Router(prefix="/outer")
    outer.include_router(inner, prefix="/more", tags=["more"], deprecated=True)

    paths = check(document_of(outer))["paths"]

    assert list(paths) == ["/outer/more/inner/it"]
    assert paths["/outer/more/inner/it"]["get"]["tags"] == ["more", "inner"]
    assert paths["/outer/more/inner/it"]["get"]["deprecated"] is True


def test_contexts_are_accepted_like_routes() -> None:
    inner = Router()

    @inner.get("/a")
    def a() -> None: ...

    @inner.get("/b")
    def b() -> None: ...

    outer = Router()
    outer.include_router(inner, prefix="/x")
    chosen = [context for context in contexts(outer.routes) if context.name == "b"]

    assert list(document_of(outer, routes=chosen)["paths"]) == ["/x/b"]


def test_routes_without_types_are_not_shown() -> None:
    router = Router()

    async def plain(request: Request) -> Response:
        return Response()

    router.add_route("/plain", plain)
    router.mount("/mounted", Router())

    @router.websocket("/socket")
    async def socket() -> None: ...

    @router.get("/hidden", include_in_schema=False)
    def hidden(post: Post) -> None: ...

    document = document_of(router)

    assert document["paths"] == {}
    assert "components" not in document


def test_webhooks_have_a_place_of_their_own() -> None:
    hooks = Router()

    @hooks.post("new-post")
    def new_post(body: Post) -> None: ...

    document = check(document_of(Router(), webhooks=hooks.routes))

    assert document["paths"] == {}
    assert list(document["webhooks"]) == ["new-post"]
    assert "Post" in document["components"]["schemas"]


def test_a_model_that_differs_in_requests_and_answers_has_two_schemas() -> None:
    router = Router()

    @router.post("/prices")
    def create(price: Price) -> Price: ...

    document = check(document_of(router))

    assert {"Price-Input", "Price-Output"} < set(document["components"]["schemas"])


def test_without_separate_schemas_requests_and_answers_share_one() -> None:
    router = Router()

    @router.post("/prices")
    def create(price: Price) -> Price: ...

    document = check(document_of(router, separate_input_output_schemas=False))

    assert set(document["components"]["schemas"]) == {
        "Price",
        "HTTPValidationError",
        "ValidationError",
    }


def test_computed_fields_are_shown_in_answers_even_without_separate_schemas() -> None:
    class Square(BaseModel):
        side: int

        @computed_field  # type: ignore[prop-decorator]
        @property
        def area(self) -> int:
            return self.side**2

    router = Router()

    def create(square: Square) -> Square: ...

    create.__annotations__ = {"square": Square, "return": Square}
    router.post("/squares")(create)

    schemas = document_of(router, separate_input_output_schemas=False)["components"]["schemas"]

    assert set(schemas["Square-Output"]["properties"]) == {"side", "area"}
    assert set(schemas["Square-Input"]["properties"]) == {"side"}


def test_components_are_sorted_by_name() -> None:
    router = Router()

    @router.post("/posts")
    def create(post: Post) -> None: ...

    names = list(document_of(router)["components"]["schemas"])

    assert names == sorted(names)
    assert names == ["Author", "HTTPValidationError", "Post", "ValidationError"]


def test_a_type_without_a_schema_is_refused_with_the_route_that_has_it() -> None:
    class Holder(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        it: Opaque

    router = Router()

    def fine(q: int) -> None: ...

    def broken(holder: Holder) -> None: ...

    broken.__annotations__["holder"] = Holder
    router.get("/fine")(fine)
    router.post("/broken/{id}")(broken)

    with pytest.raises(SetupError, match="has no JSON Schema") as caught:
        document_of(router)

    assert caught.value.code == "schema.no-json-schema"
    assert caught.value.where is not None
    assert "test_document.py:" in caught.value.where
    assert "(POST /broken/{id})" in caught.value.where
    assert "Holder" in str(caught.value)


def test_a_type_that_was_never_defined_is_refused_with_the_route_that_names_it() -> None:
    router = Router()

    @router.post("/")
    def broken(body: list[Nowhere]) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(SetupError, match="Nowhere") as caught:
        document_of(router)

    assert caught.value.where is not None
    assert "(POST /)" in caught.value.where


def test_an_operation_id_that_two_operations_have_is_warned_of() -> None:
    router = Router()

    @router.get("/a", operation_id="same")
    def first() -> None: ...

    @router.get("/b", operation_id="same")
    def second() -> None: ...

    with pytest.warns(UserWarning, match="Duplicate Operation ID same for function second at "):
        document_of(router)


def test_none_is_left_out_everywhere() -> None:
    router = Router()

    @router.get(
        "/",
        responses={200: {"headers": {"X-A": {"schema": {"type": "string"}, "description": None}}}},
        openapi_extra={"x-extra": {"a": None, "b": [None, {"c": None}]}},
    )
    def read(q: Annotated[str | None, Query(examples=[None])] = None) -> None: ...

    operation = check(document_of(router))["paths"]["/"]["get"]

    assert operation["responses"]["200"]["headers"] == {"X-A": {"schema": {"type": "string"}}}
    assert operation["x-extra"] == {"b": [None, {}]}
    assert operation["parameters"][0]["schema"]["examples"] == [None]
    assert "default" not in operation["parameters"][0]["schema"]


def test_the_shape_of_errors_can_be_another() -> None:
    router = Router()

    @router.get("/")
    def read(x_token: Annotated[str, Header()]) -> None: ...

    document = check(document_of(router, error_shape=PROBLEM_DETAILS))

    assert document["paths"]["/"]["get"]["responses"]["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ValidationProblem"}}
    }
    assert set(document["components"]["schemas"]) == {"ValidationProblem", "ValueProblem"}


def test_the_same_routes_give_the_same_document() -> None:
    router = Router()

    @router.post("/posts", responses={404: {"model": Author}})
    def create(post: Post, q: int = 1) -> list[Author]: ...

    assert get_openapi(title="T", version="1", routes=router.routes) == get_openapi(
        title="T", version="1", routes=router.routes
    )
