"""The methods of a client: one for each operation, in both classes."""

from __future__ import annotations

import re

from trivet.clients.description import (
    Answer,
    Api,
    Body,
    Operation,
    Parameter,
    Plain,
    Shape,
)
from trivet.clients.naming import Names
from trivet.clients.python.layout import Group, Text, docstring, flat, laid_out, quoted
from trivet.clients.python.types import Types, safe
from trivet.clients.schemas import one_of

__all__ = ["method_names", "written_operation"]

_STREAMS = ("events", "lines", "download")
_OF_CLIENT = frozenset({"aclose", "close", "credentials"})
_INSIDE = frozenset({"self", "call", "answer", "answers", "errors"})


def method_names(api: Api) -> dict[str, str]:
    """Give the name of each operation's method."""
    taken = Names(_OF_CLIENT)
    return {one.name: safe(one.name, taken) for one in api.operations}


def written_operation(operation: Operation, name: str, types: Types, is_async: bool) -> list[str]:
    """Give the lines of one method."""
    named = _Named(operation, types)
    stream = next((one for one in operation.answers if one.kind in _STREAMS), None)
    returns = _returns(operation, stream, types, is_async)
    word = "async def" if is_async and stream is None else "def"
    arguments = tuple(named.arguments())
    lines = laid_out(
        Group(f"    {word} {name}(".lstrip(), arguments, ")"), 1, after=f" -> {flat(returns)}:"
    )
    lines += docstring(_text(operation, named), 2)
    lines += named.call()
    return [*lines, *_ending(operation, stream, types, is_async)]


class _Named:
    """One operation with the names of its arguments."""

    def __init__(self, operation: Operation, types: Types) -> None:
        self._operation = operation
        self._types = types
        taken = Names(_INSIDE | {"body"} | types.declared.keys())
        self.names = {(one.place, one.name): safe(one.name, taken) for one in operation.parameters}

    def arguments(self) -> list[Text]:
        """Give the arguments: of the path and the body by place, the others by name."""
        given = self._operation.parameters
        body = self._operation.body
        found: list[Text] = ["self"]
        found += [self._argument(one) for one in given if one.place == "path"]
        if body is not None and body.is_required:
            found.append(self._typed("body", body.shape, is_required=True))
        others = [one for one in given if one.place != "path"]
        by_name = [self._argument(one) for one in others if one.is_required]
        by_name += [self._argument(one) for one in others if not one.is_required]
        if body is not None and not body.is_required:
            by_name.append(self._typed("body", body.shape, is_required=False))
        return [*found, "*", *by_name] if by_name else found

    def _argument(self, one: Parameter) -> Text:
        return self._typed(self.names[one.place, one.name], one.shape, one.is_required)

    def _typed(self, name: str, shape: Shape, is_required: bool) -> Text:
        if not is_required and shape != Plain("any"):
            shape = one_of((shape, Plain("null")))
        kind = self._types.text(shape)
        tail = "" if is_required else " = None"
        if isinstance(kind, str):
            return f"{name}: {kind}{tail}"
        return Group(f"{name}: {kind.head}", kind.items, kind.tail + tail, kind.has_comma)

    def call(self) -> list[str]:
        """Give the lines that put the request together."""
        operation = self._operation
        given: list[Text] = [quoted(operation.method), self._path()]
        if operation.security:
            names = [", ".join(quoted(name) for name in one) for one in operation.security]
            alternatives = [f"({one},)" if "," not in one else f"({one})" for one in names]
            given.append(Group("[", tuple(alternatives), "]"))
        lines = laid_out(Group("_Call(", tuple(given), ")"), 2, "call = ")
        for one in operation.parameters:
            if one.place != "path":
                lines += self._set(one)
        if operation.body is not None:
            lines += self._body(operation.body)
        return lines

    def _path(self) -> str:
        names = {one.name: one for one in self._operation.parameters if one.place == "path"}
        found = []
        for part in re.split(r"(\{[^{}]*\})", self._operation.path):
            one = names.get(part[1:-1]) if part.startswith("{") else None
            if one is None:
                found.append(quoted(part)[1:-1].replace("{", "{{").replace("}", "}}"))
            else:
                found.append("{_segment(" + self.names["path", one.name] + ")}")
        prefix = "f" if names else ""
        text = "".join(found)
        return f'{prefix}"{text}"' if prefix else quoted(self._operation.path)

    def _set(self, one: Parameter) -> list[str]:
        name = self.names[one.place, one.name]
        items: list[Text] = [quoted(one.name), name]
        if one.place == "query" and (one.style, one.explode) != ("form", True):
            items += [f"style={quoted(one.style)}", f"explode={one.explode}"]
        return laid_out(Group(f"call.{one.place}(", tuple(items), ")"), 2)

    def _body(self, body: Body) -> list[str]:
        items: list[Text] = ["body"]
        if body.kind == "json":
            items = [self._types.text(body.shape), "body"]
        usual = {"json": "application/json", "text": "text/plain"}.get(body.kind, "")
        if body.kind == "bytes" or (usual and body.media_type != usual):
            items.append(quoted(body.media_type))
        line = Group(f"call.{body.kind}(", tuple(items), ")")
        if body.is_required:
            return laid_out(line, 2)
        return ["        if body is not None:", *laid_out(line, 3)]


def _text(operation: Operation, named: _Named) -> str:
    described = operation.description.strip()
    text = described or operation.summary.strip() or f"{operation.method} {operation.path}"
    if operation.is_deprecated:
        text += "\n\nDeprecated."
    notes = [
        f"{named.names[one.place, one.name]}: {' '.join(one.description.split())}"
        for one in operation.parameters
        if one.description.strip()
    ]
    return "\n\n".join([text, "\n".join(notes)]) if notes else text


def _returns(operation: Operation, stream: Answer | None, types: Types, is_async: bool) -> Text:
    if stream is not None:
        outer = "AsyncIterator" if is_async else "Iterator"
        item = "bytes" if stream.kind == "download" else types.name(stream.shape)
        return f"{outer}[Event[{item}]]" if stream.kind == "events" else f"{outer}[{item}]"
    if operation.returned is not None:
        return operation.returned.name
    if not operation.answers:
        return "None"
    kinds = dict.fromkeys(_answer_type(one, types) for one in operation.answers)
    if "Any" in kinds:
        return "Any"
    return " | ".join(kinds)


def _answer_type(answer: Answer, types: Types) -> str:
    match answer.kind:
        case "json":
            return types.name(answer.shape)
        case "text" | "location":
            return "str"
        case "nothing":
            return "None"
    return "bytes"


def _reader(answer: Answer, types: Types) -> Text:
    if answer.kind == "json":
        return Group("_json(", (types.text(answer.shape),), ")")
    return f"_{answer.kind}"


def _ending(operation: Operation, stream: Answer | None, types: Types, is_async: bool) -> list[str]:
    given: list[Text] = ["call"]
    if stream is None:
        given.append(_table([(one.status, _reader(one, types)) for one in operation.answers]))
    elif stream.kind != "download":
        given.append(types.text(stream.shape))
    if operation.errors:
        given.append(_table([(one.status, types.text(one.shape)) for one in operation.errors]))
    if stream is not None:
        return laid_out(Group(f"self._{stream.kind}(", tuple(given), ")"), 2, "return ")
    returns = flat(_returns(operation, stream, types, is_async))
    wait = "await " if is_async else ""
    lines = laid_out(Group(f"{wait}self._answer(", tuple(given), ")"), 2, f"answer: {returns} = ")
    return [*lines, "        return answer"]


def _table(rows: list[tuple[str, Text]]) -> Text:
    items: list[Text] = []
    for status, value in rows:
        key = f"{quoted(status)}: "
        if isinstance(value, str):
            items.append(key + value)
        else:
            items.append(Group(key + value.head, value.items, value.tail, value.has_comma))
    return Group("{", tuple(items), "}")
