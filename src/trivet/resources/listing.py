"""A list: the query that a request makes, the page that is read of it, and its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import Response

from trivet.db import Query, and_, or_
from trivet.db.lookups import condition
from trivet.errors import HTTPException
from trivet.http.conditional import entity_tag
from trivet.resources.access import Asking
from trivet.resources.etags import is_known
from trivet.resources.paging import Part
from trivet.resources.plan import Plan
from trivet.resources.reading import Reader, kept
from trivet.resources.refusing import refused
from trivet.resources.seeing import check_filter, check_order, narrow, sees_all
from trivet.schema.encode import to_json

__all__ = [
    "PRIVATE",
    "Listed",
    "address",
    "columns_seen",
    "json_of_list",
    "links_of",
    "listed",
    "query_asked",
    "wanted_of",
]

_MOST_WORDS = 10
# Parameters whose names need no decoding, with values that may stand in a header.
_PLAIN = re.compile(r"[\w.~-]+=[\w.~%+,:-]*(?:&[\w.~-]+=[\w.~%+,:-]*)*", re.ASCII)
_IN_PATH = "/-._~!$&'()*+,;=:@"
PRIVATE = "private, no-cache"
"""What caches are told of answers that are made for who asks."""


class Listed:
    """One page of rows, read and narrowed to what may be seen."""

    def __init__(self, reader: Reader, part: Part, wanted: Sequence[str] | None) -> None:
        self.reader = reader
        self.part = part
        self.rows = part.rows if wanted is None else kept(part.rows, wanted)

    def json(self) -> bytes:
        """Give the page as JSON: the rows, and what stands beside them."""
        beside = to_json(self.part.beside)
        return b'{"items":' + self.reader.encoded(self.rows) + b"," + beside[1:]


async def query_asked(
    plan: Plan, asking: Asking, query: Query[Any], asked: Any, parent: Any
) -> Query[Any]:
    """Give the query of a list with all that was asked of it, and of what may be seen."""
    if plan.parent is not None:
        query = query.where(**{plan.parent.column: parent})
    query = await asking.reachable("view", query)
    given = asked.model_fields_set
    for number, one in enumerate(plan.filters.values()):
        name = f"filter_{number}"
        if name in given and (value := getattr(asked, name)) is not None:
            await check_filter(plan, asking, one)
            query = plan.filtered(query, one, value)
    if plan.search and (text := getattr(asked, "search", None)):
        query = query.where(await _found(plan, asking, text))
    orders = getattr(asked, "order", None) or plan.order
    for order in orders:
        await check_order(plan, asking, order.removeprefix("-"))
    names = [order.removeprefix("-") for order in orders]
    if len(set(names)) < len(names):
        raise refused("order", ("query", "order"), "A column is named twice")
    # By key at last, so that no two rows are in the same place.
    keys = [name for name in plan.key_names if name not in names]
    return query.order_by(*orders, *keys)


async def _found(plan: Plan, asking: Asking, text: str) -> Any:
    names = [name for name in plan.search if await sees_all(asking, plan.model, name)]
    if not names:
        raise HTTPException(403, "You may not see what would be searched")
    words = text.split()[:_MOST_WORDS]
    every = [
        or_(*(condition(plan.model, f"{name}__icontains", word) for name in names))
        for word in words
    ]
    return and_(True, *every)


async def listed(plan: Plan, asking: Asking, query: Query[Any], asked: Any) -> Listed:
    """Read the page of a query that was asked for."""
    reader = plan.reader_of(getattr(asked, "include", None) or ())
    part = await plan.pages.part(query, asked, reader.rows)
    await narrow(plan, asking, reader.shape, part.rows)
    return Listed(reader, part, wanted_of(plan, asked))


def wanted_of(plan: Plan, asked: Any) -> list[str] | None:
    """Give the names that are wanted of each row; None for all."""
    fields = getattr(asked, "fields", None)
    if not fields:
        return None
    included = getattr(asked, "include", None) or ()
    return [*fields, *(one.partition(".")[0] for one in included)]


async def columns_seen(plan: Plan, asking: Asking, asked: Any) -> list[str]:
    """Give the columns of an export: those of all rows that may be seen, or a part of them."""
    fields = getattr(asked, "fields", None)
    if getattr(asked, "include", None):
        raise refused("include", ("query", "include"), "Relations are included in JSON alone")
    names = [name for name in plan.shown if not fields or name in fields]
    found = [name for name in names if await sees_all(asking, plan.model, name)]
    if not found:
        raise HTTPException(403, "You may not see any of these fields")
    return found


def json_of_list(
    connection: HTTPConnection, found: Listed, headers: Mapping[str, str], *, is_private: bool
) -> Response:
    """Give the answer of a list as JSON, with its tag and the addresses of the pages around it."""
    body = found.json()
    tag = entity_tag(body)
    own = {**headers, "etag": tag, "vary": "Accept"}
    if is_private:
        own["cache-control"] = PRIVATE
    if links := links_of(connection, found.part):
        around = [f'<{url}>; rel="{name}"' for name, url in links.items()]
        own["link"] = ", ".join([headers["link"], *around] if "link" in headers else around)
    if is_known(connection.headers, tag):
        return Response(b"", 304, own)
    return Response(body, 200, own, "application/json")


def links_of(connection: HTTPConnection, part: Part) -> dict[str, str]:
    """Give the addresses of the pages around one, as this one was asked for (RFC 8288)."""
    around = {"next": part.next, "prev": part.previous}
    return {name: address(connection, given) for name, given in around.items() if given is not None}


def address(connection: HTTPConnection, given: Mapping[str, Any]) -> str:
    """Give the address of a request with other parameters in its query string."""
    query = connection.scope.get("query_string", b"").decode("latin-1")
    path = quote(connection.scope["path"], safe=_IN_PATH)
    if _PLAIN.fullmatch(query):  # as it came: to read and to write it again costs as much as a page
        kept = [one for one in query.split("&") if one.partition("=")[0] not in given]
        return f"{path}?{'&'.join([*kept, urlencode(given)])}"
    pairs = [(name, value) for name, value in parse_qsl(query) if name not in given]
    return f"{path}?{urlencode([*pairs, *given.items()])}"
