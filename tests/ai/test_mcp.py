"""The MCP server, spoken to by the official client over a real socket, in both eras."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.ai.shop import KEY, Stored, make_shop, seller
from trivet import Depends, HTTPException, Response
from trivet.ai import tool
from trivet.ai.mcp import MCP, Message, OAuthResource
from trivet.checks import Level
from trivet.errors import SetupError
from trivet.testing import LiveServer, TestClient

Era = Literal["legacy", "auto"]


def make_server() -> tuple[Any, MCP]:
    app = make_shop()
    mcp = app.use(MCP(instructions="Ask for records."))

    @app.get("/cover")
    @tool
    async def cover() -> Response:
        return Response(b"\x89PNG", media_type="image/png")

    @mcp.prompt
    async def review(record: str, stars: int = 5) -> str:
        """Ask for a review."""
        return f"Review {record} with {stars} stars"

    @mcp.prompt(name="sell")
    async def sell_prompt(who: Annotated[str, Depends(seller)]) -> list[Message]:
        return [Message("user", f"I am {who}"), Message("assistant", "Hello")]

    @mcp.resource("records://{number}")
    async def record(number: int) -> Stored:
        """One record."""
        if number == 404:
            raise HTTPException(404, "There is no such record")
        return Stored(title="Aja", price=1, number=number)

    @mcp.resource("records://all", media_type="text/markdown")
    async def records() -> str:
        return "# All"

    @mcp.resource("records://cover")
    async def picture(who: Annotated[str, Depends(seller)]) -> Response:
        return Response(b"\x89PNG", media_type="image/png")

    return app, mcp


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app, _ = make_server()
    with LiveServer(app) as server:
        yield f"{server.url}/mcp"


@pytest.fixture(params=["legacy", "auto"])
def era(request: pytest.FixtureRequest) -> Era:
    found: Era = request.param
    return found


@asynccontextmanager
async def speaking(
    address: str, era: Era, headers: dict[str, str] | None = None
) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(address, http_client=http)
        async with Client(transport, mode=era) as client:
            yield client


async def test_tools_are_listed_with_their_hints(address: str, era: Era) -> None:
    async with speaking(address, era, KEY) as client:
        listed = {one.name: one for one in (await client.list_tools()).tools}
        about, version = client.server_info, client.protocol_version
        instructions = client.instructions

    assert (about.name, instructions) == ("Records", "Ask for records.")
    assert version == ("2025-11-25" if era == "legacy" else "2026-07-28")
    reading, removing = listed["read_record"].annotations, listed["remove_record"].annotations
    assert reading is not None
    assert removing is not None
    assert (reading.read_only_hint, reading.destructive_hint) == (True, False)
    assert (removing.read_only_hint, removing.destructive_hint) == (False, True)
    assert removing.idempotent_hint
    schema = listed["read_record"].output_schema
    assert schema is not None
    assert schema["required"] == ["title", "price", "number"]


async def test_a_tool_is_called_as_who_asks(address: str, era: Era) -> None:
    record = {"record": {"title": "Aja", "price": 2}}
    async with speaking(address, era, KEY) as client:
        read = await client.call_tool("read_record", {"number": 3})
        added = await client.call_tool("add_record", record)
    async with speaking(address, era) as client:
        refused = await client.call_tool("add_record", record)
        names = [one.name for one in (await client.list_tools()).tools]

    assert read.structured_content == {"title": "Aja", "price": 12.5, "number": 3}
    assert added.structured_content["title"] == "Aja by ann"
    assert refused.is_error
    assert names == ["read_record", "list_records", "broken", "cover"]


async def test_answers_have_the_content_that_they_are(address: str, era: Era) -> None:
    async with speaking(address, era, KEY) as client:
        image = (await client.call_tool("cover")).content[0]
        listed = await client.call_tool("list_records", {"words": ["x"]})
        removed = await client.call_tool("remove_record", {"number": 1})
        unfit = await client.call_tool("read_record", {"number": "x"})

    assert (image.type, getattr(image, "mime_type", "")) == ("image", "image/png")
    assert getattr(listed.content[0], "text", "") == '["x","False","calm"]'
    assert not removed.is_error
    assert unfit.is_error
    assert "int_parsing" in getattr(unfit.content[0], "text", "")


async def test_an_unknown_tool_is_an_error_that_names_no_others(address: str, era: Era) -> None:
    async with speaking(address, era) as client:
        with pytest.raises(MCPError, match=r"^Unknown tool: remove$"):
            await client.call_tool("remove", {})


async def test_prompts_have_typed_arguments_and_dependencies(address: str, era: Era) -> None:
    async with speaking(address, era, KEY) as client:
        offered = {one.name: one for one in (await client.list_prompts()).prompts}
        review = await client.get_prompt("review", {"record": "Aja", "stars": "3"})
        sell = await client.get_prompt("sell", {})
        with pytest.raises(MCPError, match="int_parsing"):
            await client.get_prompt("review", {"record": "Aja", "stars": "many"})

    assert offered["review"].description == "Ask for a review."
    assert [(one.name, one.required) for one in offered["review"].arguments or ()] == [
        ("record", True),
        ("stars", False),
    ]
    assert getattr(review.messages[0].content, "text", "") == "Review Aja with 3 stars"
    assert [one.role for one in sell.messages] == ["user", "assistant"]


async def test_resources_are_addresses_and_templates(address: str, era: Era) -> None:
    async with speaking(address, era, KEY) as client:
        fixed = [one.uri for one in (await client.list_resources()).resources]
        templates = (await client.list_resource_templates()).resource_templates
        one = (await client.read_resource("records://7")).contents[0]
        everything = (await client.read_resource("records://all")).contents[0]
        picture = (await client.read_resource("records://cover")).contents[0]
        for unknown in ("records://404", "records://a/b", "other://7"):
            with pytest.raises(MCPError, match=r"no such record|Unknown resource"):
                await client.read_resource(unknown)

    assert fixed == ["records://all", "records://cover"]
    assert [one.uri_template for one in templates] == ["records://{number}"]
    assert getattr(one, "text", "") == '{"title":"Aja","price":1.0,"number":7}'
    assert (everything.mime_type, getattr(everything, "text", "")) == ("text/markdown", "# All")
    assert (picture.mime_type, getattr(picture, "blob", "")) == ("image/png", "iVBORw==")


async def test_what_somebody_may_not_have_is_neither_listed_nor_given(
    address: str, era: Era
) -> None:
    async with speaking(address, era) as client:
        prompts = [one.name for one in (await client.list_prompts()).prompts]
        resources = [one.uri for one in (await client.list_resources()).resources]
        with pytest.raises(MCPError, match="Not authenticated"):
            await client.get_prompt("sell", {})
        with pytest.raises(MCPError, match="Not authenticated"):
            await client.read_resource("records://cover")

    assert (prompts, resources) == (["review"], ["records://all"])


# -- who may speak at all ------------------------------------------------------------------------

DISCOVER = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/list",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/list",
}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("testserver", None, 200),
        ("testserver", "https://chat.example", 200),
        ("testserver", "https://evil.example", 403),
        ("evil.example", "http://evil.example", 403),  # its name was rebound to this address
        ("127.0.0.1:8000", "http://localhost:6274", 200),
        ("evil.example", "http://localhost:6274", 403),
        ("testserver", "http://localhost:6274", 403),
        ("testserver", "null", 403),
        ("testserver", "http://[", 403),
    ],
)
def test_pages_of_other_origins_are_refused(host: str, origin: str | None, status: int) -> None:
    app = make_shop()
    app.use(MCP(origins=["https://chat.example"]))
    given = {**HEADERS, "host": host, **({"origin": origin} if origin else {})}

    answer = TestClient(app).post("/mcp", json=DISCOVER, headers=given)

    assert answer.status_code == status, answer.text


def test_it_answers_without_a_lifespan_too() -> None:
    """As inside a mount, whose lifespan nobody opens."""
    app, _ = make_server()

    answer = TestClient(app).post("/mcp", json=DISCOVER, headers=HEADERS)

    assert "read_record" in [one["name"] for one in answer.json()["result"]["tools"]]


def test_only_messages_are_posted() -> None:
    client = TestClient(make_server()[0])

    assert client.get("/mcp").status_code == 405
    assert client.post("/mcp", content=b"{", headers=HEADERS).status_code == 400
    assert client.post("/mcp", content=b"[" * 100_000, headers=HEADERS).status_code == 400
    assert client.post("/mcp", content=b"x" * 5_000_000, headers=HEADERS).status_code == 413


def test_a_refusal_says_where_tokens_are_to_be_had() -> None:
    app = make_shop()
    oauth = OAuthResource(["https://id.example"], scopes=["records"])
    app.use(MCP(dependencies=[Depends(seller)], oauth=oauth))
    client = TestClient(app, base_url="https://api.example")

    refused = client.post("/mcp", json=DISCOVER, headers=HEADERS)
    metadata = client.get("/.well-known/oauth-protected-resource/mcp")
    served = client.post("/mcp", json=DISCOVER, headers={**HEADERS, **KEY})

    assert refused.status_code == 401
    assert refused.headers.get_list("www-authenticate") == [
        'Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource/mcp",'
        ' scope="records"'
    ]
    assert metadata.json() == {
        "resource": "https://api.example/mcp",
        "authorization_servers": ["https://id.example"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Records",
        "scopes_supported": ["records"],
    }
    assert served.status_code == 200


def test_the_address_of_the_resource_may_be_fixed() -> None:
    app = make_shop()
    oauth = OAuthResource(["https://id.example"], address="https://public.example/api/mcp")
    app.use(MCP(dependencies=[Depends(seller)], oauth=oauth))
    client = TestClient(app)

    refused = client.post("/mcp", json=DISCOVER, headers=HEADERS)
    metadata = client.get("/.well-known/oauth-protected-resource/mcp").json()

    told = "https://public.example/.well-known/oauth-protected-resource/api/mcp"
    assert refused.headers["www-authenticate"] == f'Bearer resource_metadata="{told}"'
    assert metadata["resource"] == "https://public.example/api/mcp"


# -- mistakes ------------------------------------------------------------------------------------


def test_a_misspelt_tool_keeps_the_application_from_starting() -> None:
    app = make_shop()
    app.use(MCP(tools=["lst_records"]))

    with pytest.raises(SetupError, match="list_records"), TestClient(app):
        pass


def test_checks_tell_of_tools_that_anybody_may_use_to_change_something() -> None:
    app = make_shop()
    mcp = app.use(MCP())

    @app.post("/open")
    @tool
    async def open_to_all() -> None: ...

    found = mcp.deploy_checks(app)

    assert [(one.level, one.code) for one in found] == [(Level.WARNING, "ai.open-tool")]
    assert "open_to_all" in found[0].message
    assert app.use(MCP("/other", dependencies=[Depends(seller)])).deploy_checks(app) == ()


def _declared(mcp: MCP, code: str, declare: Any) -> None:
    with pytest.raises(SetupError) as caught:
        declare(mcp)
    assert caught.value.code == code


def test_what_cannot_be_offered_is_refused_where_it_is_declared() -> None:
    _, mcp = make_server()

    async def of_model(record: Stored) -> str:
        return ""

    async def of_number(number: int) -> str:
        return ""

    _declared(mcp, "ai.prompt-argument", lambda mcp: mcp.prompt(of_model))
    _declared(mcp, "ai.resource-address", lambda mcp: mcp.resource("no address")(of_number))
    _declared(mcp, "ai.resource-parameter", lambda mcp: mcp.resource("records://one")(of_number))
    _declared(MCP(), "ai.mcp-not-used", lambda mcp: mcp.prompt(of_number))
    _declared(mcp, "ai.mcp-path", lambda mcp: MCP("mcp/"))
