"""A handler whose value becomes a page: the same handler answers JSON to who asks for it.

The handler is wrapped in one that has two parameters more, the request and the response; what comes
of it is a `Response`, or the value as it is, which the route then encodes by its return type; this
only where the type says what is in it (`declared.py`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trivet.binding.instant import may_block
from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of, return_annotation, typed_signature
from trivet.concurrency import run_in_thread
from trivet.errors import DeclarationError, place_of
from trivet.templates.asking import fragment_asked, wants_json
from trivet.templates.declared import says_what_is_in_it
from trivet.templates.values import context_of

__all__ = ["paged"]

Handler = TypeVar("Handler", bound=Callable[..., Any])
_POLICY = "content-security-policy"
_REQUEST, _RESPONSE = "page_request", "page_response"


class Renderer(Protocol):
    """What makes the text of a page."""

    async def written(
        self, name: str, context: Mapping[str, Any], fragment: str | None = None
    ) -> str:
        """Give the text of a template, or of one of its blocks."""

    def policy(self, request: Request | None) -> str | None:
        """Give the Content-Security-Policy of a page that is ready, or None."""


def paged(
    renderer: Renderer, handler: Callable[..., Any], name: str, fragments: Sequence[str]
) -> Callable[..., Any]:
    """Give the handler with its values as pages; raises `DeclarationError`."""
    call = _called(handler)
    by_fragment = ["HX-Request", "HX-Target"] if fragments else []
    gives_json: dict[Any, bool] = {}  # by route: a handler may have several

    @functools.wraps(handler)
    async def page(**given: Any) -> Any:
        request: Request = given.pop(_REQUEST)
        response: Response = given.pop(_RESPONSE)
        value = await call(**given)
        route = request.scope.get("route")
        has_json = gives_json.get(route)
        if has_json is None:
            has_json = says_what_is_in_it(getattr(route, "response_model", None))
            gives_json[route] = has_json
        varies = ["Accept", *by_fragment] if has_json else by_fragment
        if isinstance(value, Response):
            _vary(value.headers, varies)
            return value
        _vary(response.headers, varies)
        if has_json and wants_json(request.headers.get("accept", "")):
            return value
        context = context_of(value, handler)
        context["request"] = request
        fragment = fragment_asked(request.headers, fragments) if fragments else None
        text = await renderer.written(name, context, fragment)
        declared = getattr(route, "status_code", None)
        shown = HTMLResponse(text, response.status_code or declared or 200)
        policy = renderer.policy(request)
        if policy is not None and _POLICY not in response.headers:
            shown.headers[_POLICY] = policy
        shown.raw_headers.extend(response.headers.raw)
        return shown

    signature = typed_signature(handler)
    given = return_annotation(handler)
    own = [
        inspect.Parameter(_REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request),
        inspect.Parameter(_RESPONSE, inspect.Parameter.KEYWORD_ONLY, annotation=Response),
    ]
    page.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *own],
        return_annotation=inspect.Signature.empty if given is None else given,
    )
    return page


def _called(handler: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Give what calls a handler of any kind, and waits for it."""
    kind = kind_of(handler)
    if kind.yields:
        place = place_of(handler)
        raise DeclarationError(
            "A handler that yields cannot be a page",
            code="templates.yields",
            where=f"{place['file']}:{place['line']}" if "file" in place else None,
            mend="return the values together, or return templates.stream(…)",
        )
    if kind is Kind.ASYNC:
        return handler
    if may_block(handler):
        return functools.partial(run_in_thread, handler)

    async def at_once(**given: Any) -> Any:
        return handler(**given)

    return at_once


def _vary(headers: MutableHeaders, names: Sequence[str]) -> None:
    there = {one.strip().lower() for one in headers.get("vary", "").split(",")}
    for name in names:
        if name.lower() not in there:
            headers.add_vary_header(name)
