"""Pages for people: what an API answers, in colours, with links, filters and forms.

They are drawn on the server, and hold no script and no style of their own: both are files beside
the resource, so that the strictest Content-Security-Policy stands. What is shown is the answer
itself, byte for byte; whoever may not see something there does not see it here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trivet.concurrency import run_in_thread
from trivet.errors import HTTPException
from trivet.resources.access import Asking
from trivet.resources.plan import Plan
from trivet.routing.router import Router
from trivet.templates.environment import made_environment
from trivet.templates.present import rendering
from trivet.texts import LazyText, lazy

__all__ = ["Browsing", "add_assets"]

_HERE = Path(__file__).parent
_ASSETS = {"resources.css": "text/css; charset=utf-8", "resources.js": "text/javascript"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "vary": "Accept",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_WORDS = ("gettext", "locale", "dir")  # what the page needs of a part that translates
_MOST_INPUTS = 12  # filters that a page offers; the others are in the document


class Piece(NamedTuple):
    """A piece of JSON as it is shown: its text, its kind, and where it leads, if anywhere."""

    text: str
    kind: str
    link: str | None = None


class Input(NamedTuple):
    """One input of the filters: its name, what stands in it, and what may be chosen."""

    name: str
    value: str
    choices: Sequence[str] = ()


class Write(NamedTuple):
    """One way to write: the method, the body to begin with, and what the button says."""

    method: str
    body: str | None
    label: LazyText


class Browsing:
    """Draws the pages of one resource."""

    def __init__(self, plan: Plan, options: Any) -> None:
        self._plan = plan
        self._is_open: bool = options.open_writing
        self._app: Any = None  # whose parts' functions the page has
        self._environment: Any = None  # Jinja2's environment, which only `templates` knows

    def list_page(
        self, request: Request, asking: Asking, body: bytes, links: Mapping[str, str]
    ) -> Response:
        """Give the page of a list."""
        path = request.url.path.rstrip("/")
        writes = []
        offered = self._offered(asking)
        if self._plan.create is not None and "create" in offered:
            writes.append(Write("POST", _sample(self._plan.create), lazy("Create")))
        return self._page(
            request, body, path, links, inputs=list(self._inputs(request)), writes=writes
        )

    def row_page(self, request: Request, asking: Asking, body: bytes, tag: str | None) -> Response:
        """Give the page of one row."""
        plan = self._plan
        path = request.url.path.rstrip("/").rsplit("/", len(plan.keys))[0]
        value = json.loads(body)
        writes = []
        offered = self._offered(asking)
        if "replace" in offered:
            given = {name: value[name] for name in plan.writable if name in value}
            writes.append(Write("PUT", _indented(given), lazy("Replace")))
        if "delete" in offered:
            writes.append(Write("DELETE", None, lazy("Delete")))
        return self._page(request, body, path, {}, inputs=[], writes=writes, tag=tag)

    def _offered(self, asking: Asking) -> Collection[str]:
        """Give the operations that are worth a form: none where nobody may write."""
        is_closed = asking.permissions is None and not self._is_open
        return () if is_closed else self._plan.operations

    def _page(
        self,
        request: Request,
        body: bytes,
        path: str,
        links: Mapping[str, str],
        *,
        inputs: Sequence[Input],
        writes: Sequence[Write],
        tag: str | None = None,
    ) -> Response:
        app = request.scope.get("app")
        environment = self._environment_for(app)
        with rendering(request, environment):
            text = environment.get_template("resources/page.html").render(
                title=self._plan.model.__name__,
                site=getattr(app, "title", ""),
                method=request.method,
                address=_shown_address(request),
                path=path,
                is_list=bool(inputs) or path == request.url.path.rstrip("/"),
                pieces=list(_pieces(json.loads(body), self._link(path))),
                links=links,
                inputs=inputs,
                writes=writes,
                tag=tag,
            )
        return HTMLResponse(text, headers=_HEADERS)

    def _environment_for(self, app: Any) -> Any:
        """Give what the page is drawn by, with the functions for its words that parts have."""
        if self._environment is None or self._app is not app:
            functions: dict[str, Callable[..., Any]] = {}
            for part in getattr(app, "parts", {}).values():
                found = part.template_functions()
                functions.update({name: found[name] for name in _WORDS if name in found})
            self._environment = made_environment(
                [_HERE / "templates"], functions, {}, reloads=False, awaits=False
            )
            self._app = app  # parts do not change once an application answers
        return self._environment

    def _link(self, path: str) -> Any:
        keys = [column.name for column in self._plan.keys]

        def link(name: str, row: Mapping[str, Any]) -> str | None:
            if name == keys[-1] and all(key in row for key in keys):
                return "/".join([path, *(quote(str(row[key]), safe="") for key in keys)])
            return None

        return link

    def _inputs(self, request: Request) -> Iterator[Input]:
        given = request.query_params
        plan = self._plan
        if plan.search:
            yield Input("search", given.get("search", ""))
        offered = [
            one
            for one in plan.filters.values()
            if not one.parameter.endswith(("__in", "__gt", "__lt", "contains", "startswith"))
        ]
        for one in offered[:_MOST_INPUTS]:
            is_truth = one.parameter.endswith("__isnull") or "bool" in str(one.annotation)
            choices = ("", "true", "false") if is_truth else ()
            yield Input(one.parameter, given.get(one.parameter, ""), choices)
        order = plan.list_asked.model_json_schema()["properties"].get("order")
        if order is not None:
            choices = tuple(order["items"]["enum"])
            yield Input("order", given.get("order", ""), ("", *choices))


def _shown_address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _sample(model: Any) -> str:
    """Give a body to begin with: what must be given, as something of its kind."""
    found: dict[str, Any] = {}
    schema = model.model_json_schema()
    for name, one in schema.get("properties", {}).items():
        if name in schema.get("required", ()):
            found[name] = _EMPTY.get(one.get("type", ""), "")
    return _indented(found)


_EMPTY: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "object": {}, "array": []}


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _pieces(value: Any, link: Any, indent: int = 0, depth: int = 0) -> Iterator[Piece]:
    """Give JSON as pieces to be shown; `link` says where a value of the rows themselves leads."""
    gap = "  " * (indent + 1)
    if isinstance(value, dict) and value:
        yield Piece("{\n", "mark")
        for place, (name, one) in enumerate(value.items()):
            yield Piece(f"{gap}{json.dumps(name, ensure_ascii=False)}", "name")
            yield Piece(": ", "mark")
            leads = link(name, value) if depth <= 1 and not isinstance(one, dict | list) else None
            # Rows are in the list of a page, or are the page themselves; what is below is others'.
            below = depth + (0 if name == "items" and depth == 0 else 2)
            if leads is not None:
                yield Piece(json.dumps(one, ensure_ascii=False), _kind(one), leads)
            else:
                yield from _pieces(one, link, indent + 1, below)
            yield Piece(",\n" if place < len(value) - 1 else "\n", "mark")
        yield Piece("  " * indent + "}", "mark")
    elif isinstance(value, list) and value:
        yield Piece("[\n", "mark")
        for place, one in enumerate(value):
            yield Piece(gap, "mark")
            yield from _pieces(one, link, indent + 1, depth + 1)
            yield Piece(",\n" if place < len(value) - 1 else "\n", "mark")
        yield Piece("  " * indent + "]", "mark")
    else:
        is_address = isinstance(value, str) and value.startswith(("https://", "http://"))
        text = json.dumps(value, ensure_ascii=False)
        kind = "mark" if value in ({}, []) else _kind(value)
        yield Piece(text, kind, value if is_address else None)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "word"
    return "text" if isinstance(value, str) else "number"


def add_assets(router: Router) -> None:
    """Serve the style sheet and the script of the pages beside the resource."""

    async def asset(name: str) -> Response:
        kind = _ASSETS.get(name)
        if kind is None:
            raise HTTPException(404)
        content = await run_in_thread((_HERE / "assets" / name).read_bytes)
        return Response(content, headers={"cache-control": "max-age=3600"}, media_type=kind)

    router.add_api_route("/-/{name}", asset, methods=["GET"], include_in_schema=False)
