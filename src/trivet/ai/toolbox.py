"""The tools of an application: which routes they are, who may call them, and how that is done."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection

from trivet.ai.arguments import ArgumentError, asked_of
from trivet.ai.described import Tool, described, place_in_code
from trivet.ai.forms import anthropic_form, openai_form
from trivet.ai.inside import Caller, Reply, ReplyLimits, ReplyRefused, exchanged, is_for
from trivet.ai.marking import mark_of
from trivet.app.application import App
from trivet.app.build import Built
from trivet.errors import SetupError, place_of
from trivet.routing.contexts import RouteContext, contexts
from trivet.routing.route import Route
from trivet.routing.router import Router

__all__ = ["Choice", "ToolResult", "Toolbox", "UnknownToolError"]

Choice = str | Router | Callable[..., Any]
"""A route's name, a router with all of its routes, or a handler."""


class UnknownToolError(LookupError):
    """There is no tool of this name."""


@dataclass(frozen=True)
class ToolResult:
    """What became of a call."""

    is_error: bool
    text: str
    """For the model: the answer's text, or what went wrong."""
    value: Any = None  # Any: JSON
    """The answer as JSON, where it is JSON."""
    reply: Reply | None = None
    """The answer itself; None where nothing was asked, as for arguments that do not fit."""


class Toolbox:
    """The routes of an application that models may call.

    `tools` chooses them: handlers, names of routes, routers (``resource(Post)`` is one). Without it
    they are those that are marked by `tool`. What is chosen is read when it is first needed;
    `checked` reads it at once. Raises `SetupError` then.
    """

    def __init__(
        self, app: App, tools: Sequence[Choice] | None = None, limits: ReplyLimits | None = None
    ) -> None:
        self.app = app
        self.limits = limits or ReplyLimits()
        self._chosen = None if tools is None else tuple(tools)
        self._built: Built | None = None
        self._tools: dict[str, Tool] = {}

    def checked(self) -> Mapping[str, Tool]:
        """Give all tools by name; raises `SetupError` for what is none."""
        built = self.app.built()
        if self._built is not built:
            self._tools = _by_name(_chosen(self.app, self._chosen))
            self._built = built
        return self._tools

    def tool(self, name: str) -> Tool:
        """Give one tool; raises `UnknownToolError`, which names those that are there."""
        tools = self.checked()
        if name not in tools:
            raise UnknownToolError(f"There is no tool {name!r}; there are: {', '.join(tools)}")
        return tools[name]

    async def permitted(
        self, request: HTTPConnection | None = None, *, headers: Mapping[str, str] | None = None
    ) -> list[Tool]:
        """Give the tools that somebody may call: who made a request, or whom headers tell.

        Asked are the dependencies by which a route knows who somebody is. What it decides for one
        row is not known before the call.
        """
        caller = Caller(request, headers or {})
        answers: dict[tuple[Any, ...], bool] = {}
        found = []
        for one in self.checked().values():
            if one.guard is not None and one.guard_key not in answers:
                answers[one.guard_key] = await one.guard.lets_in(self.app, caller)
            if answers.get(one.guard_key, True):
                found.append(one)
        return found

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | str | None = None,
        *,
        request: HTTPConnection | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ToolResult:
        """Call a tool as a request of whoever made `request`, or of whom `headers` tell.

        `arguments` may be JSON text, as models write it. What a route refuses, and arguments that
        do not fit, are results with `is_error`. Raises `UnknownToolError`.
        """
        found = self.tool(name)
        try:
            given = _parsed(arguments)
            asked = asked_of(found.route, found.arguments, given)
        except ArgumentError as error:
            return ToolResult(True, str(error))
        scope = Caller(request, headers or {}).scope(found.method, asked)
        if not is_for(self.app, scope, found.declared):
            return ToolResult(True, f"{asked.path} is something else than what {name!r} is about")
        try:
            reply = await exchanged(self.app, scope, asked.body, self.limits)
        except ReplyRefused as refused:
            return ToolResult(True, str(refused))
        return _result(reply)

    # -- for models ------------------------------------------------------------------------------

    def for_openai(self) -> list[dict[str, Any]]:
        """Give all tools as OpenAI's chat completions take them (``tools=``)."""
        return [openai_form(one) for one in self.checked().values()]

    def for_anthropic(self) -> list[dict[str, Any]]:
        """Give all tools as Anthropic's messages take them (``tools=``)."""
        return [anthropic_form(one) for one in self.checked().values()]


# -- which routes --------------------------------------------------------------------------------


def _typed(app: App) -> Iterator[RouteContext]:
    for one in contexts(app.routes):
        if isinstance(one.original_route, Route):
            yield one


def _chosen(app: App, chosen: Sequence[Choice] | None) -> Iterator[RouteContext]:
    everything = list(_typed(app))
    if chosen is None:
        yield from (one for one in everything if mark_of(one.effective.endpoint) is not None)
        return
    for choice in chosen:
        found = [one for one in everything if _is_chosen(one, choice)]
        if not found:
            raise _unknown(choice, everything)
        yield from found


def _is_chosen(context: RouteContext, choice: Choice) -> bool:
    if isinstance(choice, str):
        return context.name == choice
    if isinstance(choice, Router):
        own = {id(one.original_route) for one in contexts(choice.routes)}
        return id(context.original_route) in own and context.effective.include_in_schema
    return context.endpoint is choice


def _unknown(choice: Choice, everything: Sequence[RouteContext]) -> SetupError:
    names = sorted({str(one.name) for one in everything})
    if isinstance(choice, str):
        near = difflib.get_close_matches(choice, names, 1)
        return SetupError(
            f"no route is called {choice!r}; there are: {', '.join(names) or 'none'}",
            code="ai.unknown-tool",
            mend=f'tools=["{near[0]}"]' if near else "give the handler itself: tools=[read_book]",
        )
    place = {} if isinstance(choice, Router) else place_of(choice)
    return SetupError(
        f"{getattr(choice, '__name__', choice)!r} is chosen as a tool, and no route of the"
        " application is served by it",
        code="ai.unknown-tool",
        where=f"{place['file']}:{place['line']}" if "file" in place else None,
        mend="declare a route with it, or include its router, before the application starts",
    )


def _by_name(chosen: Iterator[RouteContext]) -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    places: dict[str, str] = {}
    known: set[tuple[int, str]] = set()
    for context in chosen:
        key = id(context.original_route), str(context.path)
        if key in known:  # chosen twice, by its name and by its router
            continue
        known.add(key)
        one = described(context)
        if one.name in found:
            raise SetupError(
                f"two tools are called {one.name!r}: {places[one.name]} and"
                f" {place_in_code(context)}",
                code="ai.tool-twice",
                mend=f'@tool(name="another_{one.name}")',
            )
        found[one.name] = one
        places[one.name] = place_in_code(context)
    return found


# -- what a call gives ---------------------------------------------------------------------------


def _parsed(arguments: Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as error:
            raise ArgumentError(f"The arguments are no JSON: {error}") from error
        if not isinstance(arguments, dict):
            raise ArgumentError("The arguments are no JSON object")
    return arguments or {}


def _result(reply: Reply) -> ToolResult:
    is_error = reply.status >= 400 or not reply.status
    media_type = reply.media_type
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            value = json.loads(reply.body) if reply.body else None
        except ValueError:
            value = None
        text = reply.body.decode("utf-8", "replace")
        if is_error:
            text = f"{reply.status}: {text}"
        return ToolResult(is_error, text, value, reply)
    if is_error:  # a page for people, of no use to a model
        return ToolResult(True, f"The tool failed with status {reply.status}", None, reply)
    if media_type.startswith("text/") or not reply.body:
        text = reply.body.decode("utf-8", "replace")
        return ToolResult(False, text or f"Done ({reply.status})", None, reply)
    return ToolResult(False, f"{len(reply.body)} bytes of {media_type}", None, reply)
