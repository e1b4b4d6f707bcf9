"""A page in pieces: sent while the rest of it is still being rendered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import anyio
from jinja2 import Template
from starlette.requests import Request

from trivet.templates.faults import faults_told
from trivet.templates.present import rendering

__all__ = ["pieces"]

_PIECE = 16 * 1024  # characters; less is not worth a write


async def pieces(template: Template, context: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    """Give the text of a page in pieces of about 16,000 characters; others run between them."""
    request: Request | None = context.get("request")
    gathered: list[str] = []
    size = 0
    async with aclosing(_steps(template, context)) as steps:
        while True:
            # Around each step, because other work of this task runs between them.
            with rendering(request, template.environment), faults_told(context):
                step = await anext(steps, None)
            if step is None:
                break
            gathered.append(step)
            size += len(step)
            if size >= _PIECE:
                yield "".join(gathered)
                gathered, size = [], 0
                await anyio.lowlevel.checkpoint()
    yield "".join(gathered)


async def _steps(template: Template, context: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    if template.environment.is_async:
        async for text in template.generate_async(context):
            yield text
    else:
        for text in template.generate(context):
            yield text
