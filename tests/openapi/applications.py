"""Applications of any kind, generated: for what must hold whatever is declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from typing_extensions import TypedDict

from trivet.binding.markers import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from trivet.http.sse import EventSourceResponse
from trivet.http.uploads import UploadFile
from trivet.openapi.error_shape import FASTAPI, PROBLEM_DETAILS
from trivet.routing.router import Router
from trivet.security import HTTPBearer, OAuth2PasswordBearer, OpenIdConnect


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(BaseModel):
    size: Annotated[int, Field(ge=0, examples=[1])] = 0
    price: Decimal = Decimal(1)


class Tree(BaseModel):
    leaves: list[Leaf] = []
    parent: Tree | None = None
    color: Color = Color.RED


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]
    day: date | None = None


@dataclass
class Point:
    x: int
    y: float = 0.0


class Row(TypedDict, total=False):
    id: int
    data: bytes


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
BODIES = [Tree, Leaf, Point, Row, Pet, list[Tree], dict[str, Leaf], int | None, Any, Color]
SCALARS = [int, str, bool, date, Decimal, Color, int | None, list[str], set[int], float]
SCHEMES = [
    HTTPBearer(),
    OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B"}),
    OpenIdConnect(openIdConnectUrl="https://example.com/.well-known"),
]

texts = st.text(max_size=8)
names = st.sampled_from(["a", "b_c", "x_token", "q", "item"])


@st.composite
def parameters(draw: st.DrawFn, in_path: list[str]) -> list[inspect.Parameter]:
    found: dict[str, Any] = {name: Annotated[int, Path(description="d")] for name in in_path}
    for name in draw(st.lists(names, unique=True, max_size=3)):
        marker = draw(st.sampled_from([Query, Header, Cookie]))
        options: dict[str, Any] = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "description": texts,
                    "deprecated": st.booleans(),
                    "examples": st.lists(st.none() | st.integers(), max_size=2),
                    "openapi_examples": st.just({"one": {"value": None, "summary": "s"}}),
                    "include_in_schema": st.booleans(),
                },
            )
        )
        kinds = SCALARS if marker is not Cookie else SCALARS[:7]
        found[name] = Annotated[draw(st.sampled_from(kinds)), marker(**options)]
    if draw(st.booleans()):
        found["secured"] = Annotated[
            Any, Security(draw(st.sampled_from(SCHEMES)), scopes=draw(st.sampled_from([["a"], []])))
        ]
    match draw(st.sampled_from(["none", "json", "several", "form", "file"])):
        case "json":
            found["body"] = Annotated[draw(st.sampled_from(BODIES)), Body()]
        case "several":
            found["first"] = Annotated[draw(st.sampled_from(BODIES)), Body()]
            found["second"] = Annotated[draw(st.sampled_from(BODIES)), Body()]
        case "form":
            found["text"] = Annotated[str, Form()]
            found["leaf"] = Annotated[Leaf, Form()]
        case "file":
            found["upload"] = UploadFile | None
            found["more"] = Annotated[list[bytes], File()]
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, annotation in found.items()
    ]


def handler(signature: inspect.Signature, yields: bool) -> Callable[..., Any]:
    async def answer(**_: Any) -> Any: ...

    async def stream(**_: Any) -> Any:
        yield None

    made: Any = stream if yields else answer
    made.__signature__ = signature
    return made  # type: ignore[no-any-return]


@st.composite
def routers(draw: st.DrawFn, deep: bool = True) -> Router:
    router = Router(
        dependencies=[Depends(draw(st.sampled_from(SCHEMES)))] if draw(st.booleans()) else [],
        tags=draw(st.sampled_from([[], ["all"], [Color.RED]])),
        responses=draw(st.sampled_from([{}, {403: {"model": Leaf}}])),
    )
    for number in range(draw(st.integers(0, 3))):
        in_path = draw(st.lists(st.sampled_from(["id", "other"]), unique=True, max_size=2))
        path = f"/{number}" + "".join(f"/{{{name}}}" for name in in_path)
        yields = draw(st.booleans())
        options: dict[str, Any] = draw(
            st.fixed_dictionaries(
                {"response_model": st.sampled_from([None, *BODIES])},
                optional={
                    "summary": texts,
                    "description": texts,
                    "deprecated": st.booleans(),
                    "status_code": st.sampled_from([200, 201]),
                    "response_class": st.sampled_from(
                        [JSONResponse, HTMLResponse, PlainTextResponse, EventSourceResponse]
                    ),
                    "responses": st.sampled_from(
                        [
                            {404: {"model": Tree}},
                            {"default": {"description": "d"}},
                            {"4XX": {"model": Pet, "headers": {"X-A": {"schema": {}}}}},
                            {200: {"content": {"image/png": {}}}},
                        ]
                    ),
                    "openapi_extra": st.just(
                        {"x-own": [None], "externalDocs": {"url": "http://a.b"}}
                    ),
                },
            )
        )
        if deep and draw(st.booleans()):
            options["callbacks"] = draw(routers(deep=False)).routes
        signature = inspect.Signature(draw(parameters(in_path)))
        method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
        name = f"{'outer' if deep else 'inner'}_{number}"
        router.add_api_route(
            path, handler(signature, yields), methods=[method], name=name, **options
        )
    return router


def tenant_of(tenant: int) -> None: ...


documents = st.fixed_dictionaries(
    {},
    optional={
        "separate_input_output_schemas": st.booleans(),
        "description": texts,
        "servers": st.just([{"url": "/v1"}]),
        "tags": st.just([{"name": "all", "description": None}]),
        "error_shape": st.sampled_from([FASTAPI, PROBLEM_DETAILS]),
    },
)
