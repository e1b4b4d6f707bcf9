"""Routes as tools: what a model is shown, and what becomes of its calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
import pytest
from pydantic import BaseModel

from tests.ai.shop import KEY, make_shop
from trivet import App, Body, File, Form, Router
from trivet.ai import (
    ReplyLimits,
    Toolbox,
    ToolResult,
    UnknownToolError,
    tool,
    tools_for_anthropic,
    tools_for_openai,
)
from trivet.errors import SetupError
from trivet.middleware.hook import Hook


class Person(BaseModel):
    name: str


@pytest.fixture
def box() -> Toolbox:
    return Toolbox(make_shop())


def test_only_marked_routes_are_tools(box: Toolbox) -> None:
    assert list(box.checked()) == [
        "read_record",
        "list_records",
        "add_record",
        "remove_record",
        "broken",
    ]


def test_openai_is_shown_names_descriptions_and_schemas() -> None:
    shown = {one["function"]["name"]: one["function"] for one in tools_for_openai(make_shop())}

    assert shown["list_records"]["parameters"]["properties"]["words"].pop("default", None) is None
    assert shown["list_records"] == {
        "name": "list_records",
        "description": "List titles.",
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "words": {
                    "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
                    "description": "All of these",
                    "title": "Words",
                },
                "cheap": {"type": "boolean", "default": False, "title": "Cheap"},
            },
        },
    }


def test_anthropic_is_shown_a_body_as_one_argument() -> None:
    shown = {one["name"]: one for one in tools_for_anthropic(make_shop())}

    schema = shown["add_record"]["input_schema"]
    assert shown["add_record"]["description"] == "Put a record in."
    assert schema["properties"] == {"record": {"$ref": "#/$defs/Record"}}
    assert schema["required"] == ["record"]
    assert schema["$defs"]["Record"]["properties"]["price"]["description"] == "In euros"
    assert list(schema["$defs"]) == ["Record"]


async def test_a_call_goes_through_the_route(box: Toolbox) -> None:
    result = await box.call("read_record", {"number": 7})

    assert (result.is_error, result.value) == (False, {"title": "Aja", "price": 12.5, "number": 7})


async def test_arguments_may_be_the_text_that_a_model_wrote(box: Toolbox) -> None:
    result = await box.call("list_records", '{"words": ["a b", "&=é"], "cheap": true}')

    assert result.value == ["a b", "&=é", "True", "calm"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ({"id": 1}, "no argument 'id'; there are: number"),
        ({}, "'number' is missing"),
        ({"number": "1/2"}, "cannot be '1/2'"),
        ({"number": ".."}, "cannot be '..'"),
        ({"number": ""}, "cannot be ''"),
        ({"number": "\ud800"}, "surrogate"),
        ({"number": "x"}, "422"),
        ({"number": 404}, "There is no such record"),
    ],
)
async def test_what_does_not_fit_is_told_to_the_model(
    box: Toolbox, arguments: Any, told: str
) -> None:
    result = await box.call("read_record", arguments)

    assert result.is_error
    assert told in result.text


async def test_an_argument_cannot_lead_to_another_route(box: Toolbox) -> None:
    result = await box.call("read_record", {"number": "best"})

    assert result.is_error
    assert "no tool" not in result.text


async def test_a_body_is_validated_by_the_route(box: Toolbox) -> None:
    result = await box.call("add_record", {"record": {"title": "", "price": 1}}, headers=KEY)

    assert result.is_error
    assert "string_too_short" in result.text


async def test_the_caller_is_who_the_headers_say(box: Toolbox) -> None:
    record = {"record": {"title": "Aja", "price": 1}}

    nobody = await box.call("add_record", record)
    another = await box.call("add_record", record, headers={"authorization": "Bearer bad"})
    seller = await box.call("add_record", record, headers=KEY)

    assert nobody.is_error
    assert nobody.text.startswith("401")
    assert another.text.startswith("403")
    assert seller.value["title"] == "Aja by ann"


async def test_tools_that_somebody_may_not_call_are_not_offered(box: Toolbox) -> None:
    bad = {"authorization": "Bearer bad"}

    assert "add_record" not in [one.name for one in await box.permitted()]
    assert "remove_record" not in [one.name for one in await box.permitted(headers=bad)]
    assert len(await box.permitted(headers=KEY)) == 5


async def test_a_failure_shows_nothing_of_the_inside(
    box: Toolbox, caplog: pytest.LogCaptureFixture
) -> None:
    result = await box.call("broken")

    assert result.is_error
    assert "secret" not in result.text
    assert "secret words" in caplog.text


async def test_an_unknown_tool_is_named_with_those_that_are_there(box: Toolbox) -> None:
    with pytest.raises(UnknownToolError, match="no tool 'read'; there are: read_record"):
        await box.call("read")


async def test_hooks_see_the_calls() -> None:
    class Counting(Hook):
        seen = 0

        def before(self, exchange: Any) -> None:
            Counting.seen += 1

    app = make_shop()
    app.add_hook(Counting())

    await Toolbox(app).call("read_record", {"number": 1})

    assert Counting.seen == 1


async def test_an_override_is_one_for_tools_too(box: Toolbox) -> None:
    from tests.ai.shop import seller

    box.app.dependency_overrides[seller] = lambda: "bob"

    assert len(await box.permitted()) == 5
    result = await box.call("add_record", {"record": {"title": "Aja", "price": 1}})
    assert result.value["title"] == "Aja by bob"


async def test_an_answer_that_is_too_large_is_cut_off() -> None:
    app = App()

    @app.get("/large")
    @tool
    async def large() -> str:
        return "x" * 2000

    result = await Toolbox(app, limits=ReplyLimits(most_bytes=1000)).call("large")

    assert result == ToolResult(True, "The answer has more than 1000 bytes; ask for less")


async def test_an_answer_that_is_too_late_is_given_up() -> None:
    app = App()
    ended = []

    @app.get("/slow")
    @tool
    async def slow() -> str:
        try:
            await anyio.sleep(60)
        finally:
            ended.append(True)
        return ""

    result = await Toolbox(app, limits=ReplyLimits(seconds=0.01)).call("slow")

    assert result.is_error
    assert "within 0.01 seconds" in result.text
    assert ended == [True]


async def test_several_values_of_a_body_are_several_arguments() -> None:
    app = App()

    @app.put("/pairs/{key}")
    @tool
    async def pair(key: str, one: Person, two: Person, page: int = 1) -> list[str]:
        return [key, one.name, two.name, str(page)]

    result = await Toolbox(app).call(
        "pair", {"key": "a", "one": {"name": "b"}, "two": {"name": "c"}, "page": 2}
    )

    assert result.value == ["a", "b", "c", "2"]


async def test_a_mounted_prefix_and_a_router_are_chosen_as_a_whole() -> None:
    router = Router(prefix="/cats")

    @router.get("/{name}")
    async def cat(name: str) -> str:
        return name

    @router.get("/")
    async def cats() -> list[str]:
        return []

    app = App()
    app.include_router(router, prefix="/v1")
    box = Toolbox(app, [router, "cats"])

    assert list(box.checked()) == ["cat", "cats"]
    assert (await box.call("cat", {"name": "tom"})).value == "tom"


# -- mistakes are found when the application is put together --------------------------------------


def test_a_misspelt_tool_names_the_nearest() -> None:
    with pytest.raises(SetupError, match=r'tools=\["read_record"\]') as caught:
        Toolbox(make_shop(), ["read_recrd"]).checked()
    assert caught.value.code == "ai.unknown-tool"


def test_a_handler_without_a_route_is_no_tool() -> None:
    def lonely() -> None: ...

    with pytest.raises(SetupError, match="lonely") as caught:
        Toolbox(make_shop(), [lonely]).checked()
    assert caught.value.code == "ai.unknown-tool"
    assert "test_toolbox.py" in (caught.value.where or "")


def _refused(code: str, app: App) -> None:
    with pytest.raises(SetupError) as caught:
        Toolbox(app).checked()
    assert caught.value.code == code


def test_two_tools_of_one_name_are_refused() -> None:
    app = App()
    app.get("/a", name="same")(tool(lambda: 1))
    app.get("/b", name="same")(tool(lambda: 2))

    _refused("ai.tool-twice", app)


def test_a_name_that_models_do_not_take_is_refused() -> None:
    app = App()
    app.get("/a", name="not a name")(tool(lambda: 1))

    _refused("ai.tool-name", app)


def test_a_stream_is_no_tool() -> None:
    app = App()

    @app.get("/a")
    @tool
    async def stream() -> AsyncIterator[int]:
        yield 1

    _refused("ai.tool-stream", app)


@pytest.mark.parametrize("marker", [Form, File])
def test_a_form_is_no_tool(marker: Any) -> None:
    app = App()

    @app.post("/a")
    @tool
    async def form(name: bytes = marker()) -> None: ...

    _refused("ai.tool-form", app)


def test_one_name_in_two_places_is_refused() -> None:
    app = App()

    @app.put("/a/{id}")
    @tool
    async def both(id: int, other: Annotated[int, Body(alias="id", embed=True)]) -> None: ...

    _refused("ai.argument-twice", app)
