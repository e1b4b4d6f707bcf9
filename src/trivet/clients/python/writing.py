"""A description as one module of Python: imports, models, what is always the same, two classes.

What it writes is laid out as ruff lays it out, passes mypy's strict mode, and needs httpx2 and
Pydantic. The same description gives the same text.
"""

from __future__ import annotations

import re
from importlib import resources

from trivet.clients.description import Api
from trivet.clients.naming import Names, snake
from trivet.clients.python.declarations import written_declarations
from trivet.clients.python.layout import Group, docstring, laid_out, quoted
from trivet.clients.python.operations import method_names, written_operation
from trivet.clients.python.types import Types

__all__ = ["TAKEN", "write_python"]

# What a type of a document cannot be called: names of the runtime and of its imports.
TAKEN = (
    "Annotated", "Any", "ApiError", "AsyncClient", "AsyncGenerator", "AsyncIterator", "BadRequest",
    "BaseModel", "Callable", "Client", "ClientError", "ConfigDict", "Conflict", "Decimal", "Detail",
    "Event", "Exception", "Field", "File", "Forbidden", "Generator", "Generic", "IO", "IntEnum",
    "Iterator", "Literal", "Mapping", "Model", "None", "NotFound", "OpenModel", "Self", "Sequence",
    "ServerError", "StrEnum", "T", "TooManyRequests", "True", "False", "TypeAdapter", "TypeAlias",
    "TypeAliasType", "TypeError", "TypeVar", "UUID", "Unauthorized", "UnexpectedAnswer", "Union",
    "ValidationFailed", "ValueError", "KeyError", "NotImplemented",
)  # fmt: skip


def write_python(api: Api, command: str) -> str:
    """Give the module; `command` is what it says it was made by."""
    types = Types(api.declarations)
    body = [
        *_schemes(api),
        *_runtime(),
        *written_declarations(types),
        *_client(api, types, is_async=False),
        *_client(api, types, is_async=True),
    ]
    text = "\n".join(body)
    return "\n".join([*_head(api, command), *_imports(text), "", text, ""])


def _head(api: Api, command: str) -> list[str]:
    title = f"{api.title} {api.version}".strip()
    lines = docstring(f"A client of {title}.\n\nMade by `{command}`; make it anew, do not edit.", 0)
    return [*lines, "", "from __future__ import annotations", ""]


# Module → the names that may be needed of it; those that are not used are left out.
_MODULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "collections.abc",
        ("AsyncGenerator", "AsyncIterator", "Callable", "Generator", "Iterator", "Mapping",
         "Sequence"),
    ),
    ("dataclasses", ("dataclass",)),
    ("decimal", ("Decimal",)),
    ("enum", ("IntEnum", "StrEnum")),
    (
        "typing",
        ("IO", "Annotated", "Any", "Generic", "Literal", "Self", "TypeAlias", "TypeVar", "Union"),
    ),
    ("urllib.parse", ("quote",)),
    ("uuid", ("UUID",)),
)  # fmt: skip
_OUTSIDE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pydantic", ("BaseModel", "ConfigDict", "Field", "TypeAdapter")),
    ("pydantic_core", ("to_jsonable_python",)),
    ("typing_extensions", ("TypeAliasType",)),
)


def _imports(text: str) -> list[str]:
    words = set(re.findall(r"\w+", text))
    lines = ["import base64", "import codecs", "import contextlib"]
    lines += ["import datetime as dt"] if re.search(r"\bdt\.\w", text) else []
    lines += ["import functools", "import json", "import re"]
    for module, names in _MODULES:
        lines += _import(module, [name for name in names if name in words])
    lines += ["", "import httpx2"]
    for module, names in _OUTSIDE:
        lines += _import(module, [name for name in names if name in words])
    return lines


def _import(module: str, names: list[str]) -> list[str]:
    if not names:
        return []
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _schemes(api: Api) -> list[str]:
    head = "_SCHEMES: dict[str, tuple[str, str, str]] = "
    if not api.credentials:
        return [head + "{}"]
    lines = [head + "{"]
    for one in api.credentials:
        parts = tuple(map(quoted, (one.kind, one.place, one.field)))
        lines += laid_out(Group("(", parts, ")"), 1, f"{quoted(one.name)}: ", ",")
    return [*lines, "}"]


def _runtime() -> list[str]:
    text = resources.files("trivet.clients.python").joinpath("runtime.py.txt").read_text("utf-8")
    return text.rstrip("\n").split("\n")


def _client(api: Api, types: Types, *, is_async: bool) -> list[str]:
    name, parent = ("AsyncClient", "_Async") if is_async else ("Client", "_Sync")
    lines = ["", "", f"class {name}({parent}):"]
    lines += docstring(_client_text(api, is_async), 1)
    lines += ["", *_constructor(api, is_async)]
    names = method_names(api)
    for operation in api.operations:
        lines += ["", *written_operation(operation, names[operation.name], types, is_async)]
    return lines


def _client_text(api: Api, is_async: bool) -> str:
    how = "async with" if is_async else "with"
    return (
        f"{api.title}: one method for each operation.\n\n"
        f"Use it by `{how}`, or close it. `timeout` are seconds, for each wait; a `http` of your\n"
        "own is not closed. Answers that are none of the good ones are raised: `ApiError` and its\n"
        "like; what keeps an answer from coming is an `httpx2.HTTPError`."
    )


def _constructor(api: Api, is_async: bool) -> list[str]:
    kind = "httpx2.AsyncClient" if is_async else "httpx2.Client"
    known = {one.kind for one in api.credentials}
    taken = Names({"self", "base_url", "token", "basic", "headers", "timeout", "http"})
    keys = {one.name: taken.take(snake(one.name)) for one in api.credentials if one.kind == "key"}
    server = f" = {quoted(api.server)}" if api.server.startswith(("http://", "https://")) else ""
    arguments = ["self", f"base_url: str{server}", "*"]
    arguments += ["token: str | None = None"] if "bearer" in known else []
    arguments += ["basic: tuple[str, str] | None = None"] if "basic" in known else []
    arguments += [f"{name}: str | None = None" for name in keys.values()]
    arguments += [
        "headers: Mapping[str, str] | None = None",
        "timeout: float | None = 30.0",
        f"http: {kind} | None = None",
    ]
    lines = laid_out(Group("def __init__(", tuple(arguments), ")"), 1, after=" -> None:")
    table = Group("{", tuple(f"{quoted(key)}: {name}" for key, name in keys.items()), "}")
    given = (
        "token" if "bearer" in known else "None",
        "basic" if "basic" in known else "None",
        table,
    )
    lines += laid_out(Group("_Credentials(", given, ")"), 2, "credentials = ")
    lines.append("        super().__init__(base_url, credentials, headers, timeout)")
    lines.append("        self._owns_http = http is None")
    lines.append(f"        self._http = http or {kind}()")
    return [*lines, *(_ASYNC_WAYS if is_async else _WAYS)]


_WAYS = '''
    def close(self) -> None:
        """Close the connections, unless they are of a client that was given."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
'''.rstrip().split("\n")
_ASYNC_WAYS = '''
    async def aclose(self) -> None:
        """Close the connections, unless they are of a client that was given."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()
'''.rstrip().split("\n")
