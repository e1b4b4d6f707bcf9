"""A server of the Model Context Protocol: ``from trivet.ai.mcp import MCP``."""

from __future__ import annotations

from trivet.ai.mcp.declared import Message
from trivet.ai.mcp.part import MCP
from trivet.ai.mcp.protected import OAuthResource

__all__ = ["MCP", "Message", "OAuthResource"]
