"""What a route reads of a request, as its plan declares it: what a kept answer depends on.

Whatever is read and not declared could make one visitor's answer another one's. So what cannot be
known is refused when the route is built, until its author says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trivet.binding import params
from trivet.binding.plan import Call, Injected, extras_of, param_model
from trivet.errors import SetupError, place_of
from trivet.routing.state import RouteState
from trivet.schema.field import names_of

__all__ = ["PLACEHOLDER", "Reads", "check_reads", "reads_of"]

_WHOLE = frozenset({Injected.REQUEST, Injected.CONNECTION})
_READING = frozenset({"GET", "HEAD"})
PLACEHOLDER = re.compile(r"\{(\w*)\}")  # in a tag: a parameter of the path


@dataclass(frozen=True, slots=True)
class Reads:
    """What an answer depends on: names as they are on the wire; `query` None is all of it."""

    query: frozenset[str] | None
    headers: tuple[str, ...]
    cookies: tuple[str, ...]


def check_reads(route: RouteState, what: str) -> None:
    """Raise `SetupError` unless a route only answers GET and HEAD, from memory."""
    if not set(route.methods) <= _READING:
        raise _refused(
            route,
            f"{what} stands on a route for {', '.join(sorted(route.methods))}, and only what GET"
            " and HEAD answer may be answered again",
            code="cache.method",
            mend="put it on a route of its own for GET",
        )
    if route.plan.kind.yields:
        raise _refused(
            route,
            f"{what} stands on a route that streams, of which there is never a whole answer",
            code="cache.stream",
            mend="return the whole value, or leave it out",
        )


def reads_of(
    route: RouteState, vary: tuple[str, ...] | None, tags: tuple[str, ...], *, is_private: bool
) -> Reads:
    """Give what a route reads; raises `SetupError` where its plan and its author do not say."""
    check_reads(route, "@cache.route")
    _check_tags(route, tags)
    if route.plan.body_fields():
        raise _refused(
            route,
            "@cache.route stands on a route that reads a body, of which the address says nothing",
            code="cache.body",
            mend="take the values from the query",
        )
    if not is_private:
        for call in route.plan.walk():
            if call.scheme is not None:
                raise _refused(
                    route,
                    "@cache.route stands on a route with a security scheme: its answer may be for"
                    " the one who asks alone, and who is not let in would get it too",
                    code="cache.private",
                    mend="@cache.route(per=lambda request: …), which gives whose answer it is; or"
                    " cache what the handler computes: @cached",
                )
        if vary is None and (whole := next(_readers_of_all(route.plan), None)):
            raise _refused(
                route,
                f"@cache.route cannot know what {_name(whole)} reads, which is given the whole"
                " request",
                code="cache.whole-request",
                mend='@cache.route(vary=["Accept-Language"]) names the headers, vary=[] says that'
                " there are none; better, declare what is read: Annotated[str, Header()]",
            )
    return _declared(route, vary or ())


def _declared(route: RouteState, vary: tuple[str, ...]) -> Reads:
    query: set[str] = set()
    headers = {name.strip().lower(): None for name in vary}  # each once, in order
    if route.when is not None:
        headers[route.when.name.lower()] = None
    cookies: dict[str, None] = {}
    for place, field, _ in route.plan.parameters():
        if place is params.ParamTypes.query:
            query.update(wire for _, wire in names_of(field))
        elif place is params.ParamTypes.header:
            headers |= {wire.lower(): None for _, wire in names_of(field, dashed=True)}
        elif place is params.ParamTypes.cookie:
            cookies |= {wire: None for _, wire in names_of(field)}
    reads_all = any(_readers_of_all(route.plan)) or any(_open_models(route.plan))
    headers.pop("authorization", None)  # never kept, or said by `per`
    return Reads(None if reads_all else frozenset(query), tuple(headers), tuple(cookies))


def _readers_of_all(plan: Call) -> Iterator[Call]:
    """Give the calls that may read any header: by the request itself, or an open model."""
    for call in plan.walk():
        if (call.scheme is None and not _WHOLE.isdisjoint(call.injected.values())) or any(
            _is_open(field) for field in (*call.header, *call.cookie)
        ):
            yield call


def _open_models(plan: Call) -> Iterator[Call]:
    for call in plan.walk():
        if any(_is_open(field) for field in call.query):
            yield call


def _is_open(field: Any) -> bool:
    """Tell whether names that nobody declared make a difference."""
    model = param_model(field)
    return model is not None and extras_of(model) in ("allow", "forbid")


def _check_tags(route: RouteState, tags: tuple[str, ...]) -> None:
    for tag in tags:
        for name in PLACEHOLDER.findall(tag):
            if name not in route.param_convertors:
                known = ", ".join(route.param_convertors) or "none"
                raise _refused(
                    route,
                    f"the tag {tag!r} names {name!r}, which is no parameter of the path"
                    f" {route.path!r} (it has {known})",
                    code="cache.tag",
                    mend="name one of the path, or none",
                )


def _name(call: Call) -> str:
    place = place_of(call.function)
    name = getattr(call.function, "__name__", repr(call.function))
    return f"{name} ({place['file']}:{place['line']})" if "file" in place else name


def _refused(route: RouteState, what: str, *, code: str, mend: str) -> SetupError:
    place = place_of(route.endpoint)
    where = f"{place['file']}:{place['line']}" if "file" in place else None
    return SetupError(what, code=code, where=where, mend=mend)
