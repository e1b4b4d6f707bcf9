"""`trivet tools`: the routes that models may call, as JSON for those who speak to models."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from trivet.ai.forms import anthropic_form, mcp_form, openai_form
from trivet.ai.toolbox import Toolbox
from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, LoadOptions

__all__ = ["Form", "tools"]


class Form(StrEnum):
    """For whom the tools are written."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    MCP = "mcp"


_WRITERS = {Form.OPENAI: openai_form, Form.ANTHROPIC: anthropic_form, Form.MCP: mcp_form}


def tools(
    options: LoadOptions,
    argument: AppArgument = None,
    form: Annotated[
        Form, typer.Option("--format", help="Whose JSON it is", show_default=True)
    ] = Form.OPENAI,
) -> None:
    """Write the tools of the application as a JSON array.

    They are those of its MCP servers where it has some, otherwise the routes marked by @tool.
    """
    app = open_app(options, argument)
    boxes = [
        box
        for part in app.parts.values()
        if isinstance(box := getattr(part, "toolbox", None), Toolbox)
    ]
    found = {name: tool for box in boxes or [Toolbox(app)] for name, tool in box.checked().items()}
    print(json.dumps([_WRITERS[form](one) for one in found.values()], indent=2))
