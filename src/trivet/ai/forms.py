"""A tool as JSON, in the forms in which models and their clients take it."""

from __future__ import annotations

from typing import Any

from trivet.ai.described import Tool

__all__ = ["anthropic_form", "mcp_form", "openai_form"]


def openai_form(tool: Tool) -> dict[str, Any]:  # Any: JSON, here and below
    """Give a tool as OpenAI's chat completions take it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": function}


def anthropic_form(tool: Tool) -> dict[str, Any]:
    """Give a tool as Anthropic's messages take it."""
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.input_schema,
    }


def mcp_form(tool: Tool) -> dict[str, Any]:
    """Give a tool as a client of the Model Context Protocol sees it."""
    hints = {
        "readOnlyHint": tool.reads_only,
        "destructiveHint": tool.destroys,
        "idempotentHint": tool.is_idempotent,
    }
    found = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description or None,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": {name: value for name, value in hints.items() if value is not None},
    }
    return {name: value for name, value in found.items() if value is not None}
