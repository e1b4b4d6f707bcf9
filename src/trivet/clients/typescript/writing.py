"""A description as one module of TypeScript: types, errors, and a client on `fetch`.

It needs nothing but a browser, Node 18, Deno or Bun, and passes `tsc --strict`. It is written here
and not by a generator from npm, because whoever runs Trivet need not have Node.
"""

from __future__ import annotations

import json
from importlib import resources

from trivet.clients.description import Api
from trivet.clients.naming import Names, camel
from trivet.clients.typescript.operations import method_names, written_operation
from trivet.clients.typescript.types import comment, key, written_declaration

__all__ = ["TAKEN", "write_typescript"]

# What a type of a document cannot be called: names of the runtime, of the language, of the web.
TAKEN = (
    "AbortController", "AbortSignal", "AnswerKind", "ApiError", "Array", "AsyncGenerator",
    "BadRequest", "Blob", "BodyInit", "Call", "CallOptions", "Client", "ClientError",
    "ClientOptions", "Conflict", "Connection", "Credentials", "DOMException", "Date", "ERRORS",
    "Error", "Forbidden", "FormData", "Function", "Generator", "Headers", "JSON", "Map", "Math",
    "NotFound", "Number", "Object", "Pair", "Promise", "Record", "RegExp", "RequestCredentials",
    "Response", "SCHEMES", "Secret", "ServerError", "ServerEvent", "Set", "String", "Style",
    "Symbol", "TextDecoder", "TextEncoder", "TooManyRequests", "URLSearchParams", "Uint8Array",
    "Unauthorized", "UnexpectedAnswer", "ValidationFailed",
)  # fmt: skip


def write_typescript(api: Api, command: str) -> str:
    """Give the module; `command` is what it says it was made by."""
    title = f"{api.title} {api.version}".strip()
    lines = comment(f"A client of {title}.\n\nMade by `{command}`; make it anew, do not edit.")
    lines.append("")
    for declared in api.declarations:
        lines += [*written_declaration(declared), ""]
    lines += _credentials(api)
    text = resources.files("trivet.clients.typescript").joinpath("runtime.ts.txt")
    lines += ["", *text.read_text("utf-8").rstrip("\n").split("\n"), "", *_client(api)]
    return "\n".join(lines) + "\n"


def _credentials(api: Api) -> list[str]:
    taken = Names({"headers", "timeout", "fetch", "cookies", "token", "basic"})
    options = {
        one.name: {"bearer": "token", "basic": "basic"}.get(one.kind) or taken.take(camel(one.name))
        for one in api.credentials
    }
    lines = ["/** What says who asks; sent only with operations that ask for it. */"]
    lines.append("export interface Credentials {")
    for name in dict.fromkeys(options.values()):
        is_basic = name == "basic"
        lines += ["  /** Sent as `Authorization: Bearer …`. */"] if name == "token" else []
        lines.append(f"  {name}?: {'[name: string, password: string]' if is_basic else 'Secret'};")
    lines += ["}", "", "interface Scheme {"]
    lines += [f"  {name}: string;" for name in ("kind", "place", "field", "option")]
    lines += ["}", "", "const SCHEMES: Record<string, Scheme> = {"]
    for one in api.credentials:
        parts = (one.kind, one.place, one.field, options[one.name])
        names = ("kind", "place", "field", "option")
        shown = ", ".join(f"{n}: {json.dumps(p)}" for n, p in zip(names, parts, strict=True))
        lines.append(f"  {key(one.name)}: {{ {shown} }},")
    return [*lines, "};"]


def _client(api: Api) -> list[str]:
    lines = comment(f"{api.title}: one method for each operation.")
    lines.append("export class Client extends Connection {")
    names = method_names(api)
    for number, operation in enumerate(api.operations):
        lines += [*([""] if number else []), *written_operation(operation, names[operation.name])]
    return [*lines, "}"]
