"""The methods of a client in TypeScript: one for each operation, its values in one object."""

from __future__ import annotations

import json
import re

from trivet.clients.description import Answer, Api, Operation, Parameter, Plain
from trivet.clients.naming import Names, camel
from trivet.clients.typescript.types import comment, key, type_of

__all__ = ["method_names", "written_operation"]

_WIDTH = 80
_STREAMS = ("events", "lines", "download")
_OF_CLIENT = frozenset({"baseUrl", "constructor"})  # its own names begin with $


def method_names(api: Api) -> dict[str, str]:
    """Give the name of each operation's method."""
    taken = Names(_OF_CLIENT)
    return {one.name: taken.take(camel(one.name, "call")) for one in api.operations}


def written_operation(operation: Operation, name: str) -> list[str]:
    """Give the lines of one method."""
    stream = next((one for one in operation.answers if one.kind in _STREAMS), None)
    names = _names(operation)
    fields = _fields(operation, names)
    is_optional = all(is_given for _, is_given, _ in fields)
    lines = comment(_text(operation), 1)
    if fields:
        mark = " = {}" if is_optional else ""
        lines += [f"  {name}(", "    given: {"]
        for line, _, described in fields:
            lines += [*comment(described, 3), f"      {line};"]
        lines += [f"    }}{mark},", "    options?: CallOptions,"]
        lines.append(f"  ): {_returns(operation, stream)} {{")
    else:
        lines.append(f"  {name}(options?: CallOptions): {_returns(operation, stream)} {{")
    lines += [*_call(operation, names), *_ending(operation, stream), "  }"]
    return lines


def _names(operation: Operation) -> dict[tuple[str, str], str]:
    taken = Names({"body"})
    return {(one.place, one.name): taken.take(one.name) for one in operation.parameters}


def _fields(operation: Operation, names: dict[tuple[str, str], str]) -> list[tuple[str, bool, str]]:
    """Give each value: its declaration, whether it may be left out, and what it is."""
    found = []
    for one in operation.parameters:
        mark = "" if one.is_required else "?"
        name = key(names[one.place, one.name])
        described = " ".join(one.description.split())
        found.append((f"{name}{mark}: {type_of(one.shape)}", not one.is_required, described))
    body = operation.body
    if body is not None:
        mark = "" if body.is_required else "?"
        # Bytes and texts go to fetch as they are.
        kind = "BodyInit" if body.kind == "bytes" else type_of(body.shape)
        found.append((f"body{mark}: {kind}", not body.is_required, ""))
    return found


def _call(operation: Operation, names: dict[tuple[str, str], str]) -> list[str]:
    lines = ["    const call: Call = {", f"      method: {json.dumps(operation.method)},"]
    lines.append(f"      path: {_path(operation, names)},")
    for place, field in (("query", "query"), ("header", "headers"), ("cookie", "cookies")):
        given = [one for one in operation.parameters if one.place == place]
        if given:
            pairs = [_pair(one, names) for one in given]
            line = f"      {field}: [{', '.join(pairs)}],"
            is_long = len(line) > _WIDTH
            several = [f"      {field}: [", *(f"        {one}," for one in pairs), "      ],"]
            lines += several if is_long else [line]
    body = operation.body
    if body is not None:
        lines += ["      body: given.body,", f"      kind: {json.dumps(body.kind)},"]
        if body.kind not in ("form", "multipart"):
            lines.append(f"      mediaType: {json.dumps(body.media_type)},")
    if operation.security:
        lines.append(f"      security: {json.dumps([list(one) for one in operation.security])},")
    return [*lines, "    };"]


def _pair(one: Parameter, names: dict[tuple[str, str], str]) -> str:
    value = _given(names[one.place, one.name])
    style = one.style
    if style == "form" and not one.explode:
        style = "list"
    if style in ("form", "simple"):
        return f"[{json.dumps(one.name)}, {value}]"
    return f"[{json.dumps(one.name)}, {value}, {json.dumps(style)}]"


def _given(name: str) -> str:
    quoted = key(name)
    return f"given[{quoted}]" if quoted.startswith('"') else f"given.{name}"


def _path(operation: Operation, names: dict[tuple[str, str], str]) -> str:
    known = {one.name for one in operation.parameters if one.place == "path"}
    if not known:
        return json.dumps(operation.path)
    found = []
    for part in re.split(r"(\{[^{}]*\})", operation.path):
        name = part[1:-1]
        if part.startswith("{") and name in known:
            found.append("${this.$segment(" + _given(names["path", name]) + ")}")
        else:
            found.append(re.sub(r"([`\\]|\$\{)", r"\\\1", part))
    return f"`{''.join(found)}`"


def _text(operation: Operation) -> str:
    text = operation.description.strip() or operation.summary.strip()
    text = text or f"{operation.method} {operation.path}"
    return f"{text}\n\n@deprecated" if operation.is_deprecated else text


def _returns(operation: Operation, stream: Answer | None) -> str:
    if stream is not None:
        item = "Uint8Array" if stream.kind == "download" else type_of(stream.shape)
        return f"AsyncGenerator<{f'ServerEvent<{item}>' if stream.kind == 'events' else item}>"
    return f"Promise<{_answer_types(operation)}>"


def _answer_types(operation: Operation) -> str:
    if operation.returned is not None:
        return operation.returned.name
    kinds = dict.fromkeys(_answer_type(one) for one in operation.answers)
    return "unknown" if "unknown" in kinds else " | ".join(kinds) or "void"


def _answer_type(answer: Answer) -> str:
    names = {"text": "string", "location": "string", "nothing": "void", "bytes": "Uint8Array"}
    return names.get(answer.kind) or type_of(answer.shape)


def _ending(operation: Operation, stream: Answer | None) -> list[str]:
    if stream is None:
        kinds = ", ".join(f"{key(one.status)}: {json.dumps(one.kind)}" for one in operation.answers)
        kind = f"Promise<{_answer_types(operation)}>"
        return [f"    return this.$answer(call, {{ {kinds} }}, options) as {kind};"]
    if stream.kind == "events":
        is_text = stream.shape == Plain("string")
        item, is_json = type_of(stream.shape), "false" if is_text else "true"
        return [f"    return this.$events<{item}>(call, {is_json}, options);"]
    if stream.kind == "lines":
        return [f"    return this.$lines<{type_of(stream.shape)}>(call, options);"]
    return ["    return this.$download(call, options);"]
