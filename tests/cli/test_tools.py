"""`trivet tools` writes what models may call, for each kind of reader."""

from __future__ import annotations

import json

import pytest

from tests.cli.typed import Trivet, Write

SHOP = '''
from trivet import App
from trivet.ai import tool

app = App()

@app.get("/records/{number}")
@tool
async def read_record(number: int) -> dict[str, str]:
    """Read one record."""
    return {}

@app.delete("/records/{number}")
async def remove_record(number: int) -> None: ...
'''
CHOSEN = """
from trivet.ai.mcp import MCP
app.use(MCP(tools=[remove_record]))
"""
SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "integer", "title": "Number"}},
    "required": ["number"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (
            "openai",
            {
                "type": "function",
                "function": {
                    "name": "read_record",
                    "description": "Read one record.",
                    "parameters": SCHEMA,
                },
            },
        ),
        (
            "anthropic",
            {"name": "read_record", "description": "Read one record.", "input_schema": SCHEMA},
        ),
    ],
)
def test_marked_routes_are_written(
    trivet: Trivet, write: Write, form: str, written: object
) -> None:
    write({"main.py": SHOP})

    done = trivet("tools", "--format", form)

    assert done.code == 0, done.err
    assert json.loads(done.out) == [written]


def test_those_of_an_mcp_server_are_written_where_there_is_one(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": SHOP + CHOSEN})

    (found,) = json.loads(trivet("tools", "--format", "mcp").out)

    assert found["name"] == "remove_record"
    assert found["inputSchema"] == SCHEMA
    assert found["annotations"] == {
        "readOnlyHint": False,
        "destructiveHint": True,
        "idempotentHint": True,
    }


def test_a_mistake_ends_with_its_code(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP + CHOSEN.replace("[remove_record]", '["remove_recrd"]')})

    done = trivet("tools")

    assert done.code == 3
    assert "ai.unknown-tool" in done.err
    assert 'tools=["remove_record"]' in done.err
