"""What speaks to models: routes as tools, streams of tokens, and what model servers need.

``from trivet.ai import tool, Toolbox``; the MCP server is in `trivet.ai.mcp`, streams of tokens in
`trivet.ai.tokens`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trivet.ai.described import Tool
from trivet.ai.inside import Reply, ReplyLimits
from trivet.ai.marking import tool
from trivet.ai.toolbox import Choice, Toolbox, ToolResult, UnknownToolError
from trivet.app.application import App

__all__ = [
    "Reply",
    "ReplyLimits",
    "Tool",
    "ToolResult",
    "Toolbox",
    "UnknownToolError",
    "tool",
    "tools_for_anthropic",
    "tools_for_openai",
]


def tools_for_openai(app: App, tools: Sequence[Choice] | None = None) -> list[dict[str, Any]]:
    """Give an application's tools as OpenAI's chat completions take them; see `Toolbox`."""
    return Toolbox(app, tools).for_openai()


def tools_for_anthropic(app: App, tools: Sequence[Choice] | None = None) -> list[dict[str, Any]]:
    """Give an application's tools as Anthropic's messages take them; see `Toolbox`."""
    return Toolbox(app, tools).for_anthropic()
