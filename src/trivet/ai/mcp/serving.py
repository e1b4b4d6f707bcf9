"""What the protocol asks, answered by the application: the one door of the `mcp` package.

Each answer is made for who asks: lists hold what they may use.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import HTTPConnection

from trivet.ai.arguments import ArgumentError, Asked
from trivet.ai.described import Tool
from trivet.ai.forms import mcp_form
from trivet.ai.inside import Caller, Reply, ReplyRefused
from trivet.ai.mcp.declared import Message, PromptFunction, ResourceFunction
from trivet.ai.private import Guard, PrivateRoute
from trivet.ai.toolbox import Toolbox, ToolResult, UnknownToolError
from trivet.errors import MissingExtraError

try:
    from mcp import types
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.shared.exceptions import MCPError
except ImportError as error:
    raise MissingExtraError("mcp", "ai", what="trivet.ai.mcp") from error

__all__ = ["Declarations", "manager_of"]


class Declarations:
    """All that a server offers."""

    def __init__(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox
        self.prompts: dict[str, PromptFunction] = {}
        self.resources: list[ResourceFunction] = []


def manager_of(offered: Declarations, instructions: str | None) -> StreamableHTTPSessionManager:
    """Give what speaks the protocol over HTTP; it keeps nothing from one request to the next.

    So every process may answer every request, in the revision of 2026-07-28, which is without
    sessions, and in those before it alike.
    """
    answering = _Answering(offered)
    app = offered.toolbox.app
    kinds: dict[str, Any] = {}  # Any: handlers, by the names that the server has for them
    if offered.prompts:
        kinds["on_list_prompts"] = answering.list_prompts
        kinds["on_get_prompt"] = answering.get_prompt
    if offered.resources:
        kinds["on_list_resources"] = answering.list_resources
        kinds["on_list_resource_templates"] = answering.list_templates
        kinds["on_read_resource"] = answering.read_resource
    server: Server[Any] = Server(
        app.title,
        version=app.version,
        instructions=instructions,
        get_tool_input_schema=answering.schema_of,
        on_list_tools=answering.list_tools,
        on_call_tool=answering.call_tool,
        **kinds,
    )
    # Whole answers: there is nothing that would be told before them.
    return StreamableHTTPSessionManager(server, stateless=True, json_response=True)


class _Answering:
    """The handlers; `context.request` is the request that carried the message."""

    def __init__(self, offered: Declarations) -> None:
        self._offered = offered
        self._toolbox = offered.toolbox

    # -- tools -----------------------------------------------------------------------------------

    def schema_of(self, name: str) -> Mapping[str, Any] | None:
        found = self._toolbox.checked().get(name)
        return None if found is None else found.input_schema

    async def list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        tools = await self._toolbox.permitted(context.request)
        return types.ListToolsResult(tools=[_tool(one) for one in tools])

    async def call_tool(self, context: Any, params: types.CallToolRequestParams) -> Any:
        try:
            result = await self._toolbox.call(
                params.name, params.arguments, request=context.request
            )
        except UnknownToolError:
            # Not those that are there: who asks may not know of all of them.
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}") from None
        return types.CallToolResult(
            content=[_content(result)],
            structured_content=_structured(result),
            is_error=result.is_error,
        )

    # -- prompts ---------------------------------------------------------------------------------

    async def list_prompts(self, context: Any, params: Any) -> types.ListPromptsResult:
        offered = await self._allowed(list(self._offered.prompts.values()), context.request)
        return types.ListPromptsResult(prompts=[_prompt(one) for one in offered])

    async def get_prompt(
        self, context: Any, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        found = self._offered.prompts.get(params.name)
        if found is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")
        try:
            asked = found.asked(params.arguments or {})
        except ArgumentError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        reply = await self._reply(found.private, asked, context.request)
        return types.GetPromptResult(
            description=found.description or None, messages=_messages(reply)
        )

    # -- resources -------------------------------------------------------------------------------

    async def list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        fixed = [one for one in self._offered.resources if not one.is_template]
        offered = await self._allowed(fixed, context.request)
        return types.ListResourcesResult(
            resources=[types.Resource(uri=one.address, **_about(one)) for one in offered]
        )

    async def list_templates(self, context: Any, params: Any) -> types.ListResourceTemplatesResult:
        templates = [one for one in self._offered.resources if one.is_template]
        offered = await self._allowed(templates, context.request)
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=one.address, **_about(one)) for one in offered
            ]
        )

    async def read_resource(
        self, context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        # One address is nearer than a template that it fits as well.
        for one in sorted(self._offered.resources, key=lambda known: known.is_template):
            asked = one.asked(params.uri)
            if asked is not None:
                reply = await self._reply(one.private, asked, context.request)
                return types.ReadResourceResult(contents=[_contents(params.uri, one, reply)])
        raise MCPError(types.INVALID_PARAMS, f"Unknown resource: {params.uri}")

    # -- both ------------------------------------------------------------------------------------

    async def _allowed(self, offered: Sequence[Any], request: HTTPConnection) -> list[Any]:
        # Any: prompts, resources; each with its guard
        caller = Caller(request, {})
        found = []
        for one in offered:
            guard: Guard | None = one.guard
            if guard is None or await guard.lets_in(self._toolbox.app, caller):
                found.append(one)
        return found

    async def _reply(self, private: PrivateRoute, asked: Asked, request: HTTPConnection) -> Reply:
        try:
            reply = await private.reply(
                self._toolbox.app, Caller(request, {}), asked, self._toolbox.limits
            )
        except ReplyRefused as refused:
            raise MCPError(types.INTERNAL_ERROR, str(refused)) from None
        if reply.status >= 500 or not reply.status:
            raise MCPError(types.INTERNAL_ERROR, "It failed")
        if reply.status >= 400:
            raise MCPError(types.INVALID_PARAMS, _refusal(reply))
        return reply


def _tool(tool: Tool) -> types.Tool:
    return types.Tool.model_validate(mcp_form(tool))


def _content(result: ToolResult) -> Any:  # Any: one of the protocol's kinds of content
    reply = result.reply
    if result.is_error or reply is None or result.value is not None:
        return types.TextContent(text=result.text)
    if not reply.body or reply.media_type.startswith("text/"):
        return types.TextContent(text=result.text)
    data = base64.b64encode(reply.body).decode()
    if reply.media_type.startswith("image/"):
        return types.ImageContent(data=data, mime_type=reply.media_type)
    if reply.media_type.startswith("audio/"):
        return types.AudioContent(data=data, mime_type=reply.media_type)
    if reply.media_type == "application/json":  # null
        return types.TextContent(text=result.text)
    blob = types.BlobResourceContents(
        uri="answer://body", mime_type=reply.media_type or None, blob=data
    )
    return types.EmbeddedResource(resource=blob)


def _structured(result: ToolResult) -> Any:  # Any: JSON
    # Before 2026-07-28 it had to be an object.
    return result.value if isinstance(result.value, dict) and not result.is_error else None


def _prompt(one: PromptFunction) -> types.Prompt:
    arguments = [
        types.PromptArgument(
            name=argument.name,
            description=argument.field.field_info.description,
            required=argument.is_required,
        )
        for argument in one.arguments
    ]
    return types.Prompt(
        name=one.name,
        title=one.title,
        description=one.description or None,
        arguments=arguments,
    )


def _messages(reply: Reply) -> list[types.PromptMessage]:
    found = json.loads(reply.body)
    said = found if isinstance(found, list) else [found]
    messages = []
    for one in said:
        message = Message("user", one) if isinstance(one, str) else Message(**one)
        content = types.TextContent(text=message.text)
        messages.append(types.PromptMessage(role=message.role, content=content))
    return messages


def _about(one: ResourceFunction) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "description": one.description or None,
        "mime_type": one.media_type,
    }


def _contents(
    address: str, one: ResourceFunction, reply: Reply
) -> types.TextResourceContents | types.BlobResourceContents:
    media_type = reply.media_type
    if media_type == "application/json":
        value = json.loads(reply.body) if reply.body else None
        text, media_type = (
            (value, "text/plain") if isinstance(value, str) else (reply.body.decode(), media_type)
        )
    elif media_type.startswith("text/"):
        text = reply.body.decode("utf-8", "replace")
    else:
        blob = base64.b64encode(reply.body).decode()
        kind = one.media_type or media_type or None
        return types.BlobResourceContents(uri=address, mime_type=kind, blob=blob)
    return types.TextResourceContents(
        uri=address, mime_type=one.media_type or media_type, text=text
    )


def _refusal(reply: Reply) -> str:
    """Give what the application says of a request that it refuses."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        return f"Refused ({reply.status})"
    detail = found.get("detail", found) if isinstance(found, dict) else found
    return detail if isinstance(detail, str) else json.dumps(detail)
