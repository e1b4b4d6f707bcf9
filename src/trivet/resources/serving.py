"""What the routes of a resource answer: each method is one operation, from values to a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from trivet.db import NotFound
from trivet.http.conditional import entity_tag
from trivet.resources.access import Asking
from trivet.resources.browsing import Browsing
from trivet.resources.etags import is_known, tag_of
from trivet.resources.formats import Format, exported, preferred
from trivet.resources.listing import (
    PRIVATE,
    columns_seen,
    json_of_list,
    links_of,
    listed,
    query_asked,
    wanted_of,
)
from trivet.resources.merging import Patch
from trivet.resources.plan import Plan
from trivet.resources.reading import kept
from trivet.resources.rows import check_parent, one_of
from trivet.resources.seeing import narrow, seen_of
from trivet.resources.writing import Writing

__all__ = ["Serving"]

_JSON = "application/json"
Path = Mapping[str, Any]


class Serving:
    """The operations of one resource."""

    def __init__(self, plan: Plan, resource: Any, options: Any, headers: Mapping[str, str]) -> None:
        self.plan = plan
        self.resource = resource
        self.writing = Writing(plan, resource, must_match=options.must_match)
        self._headers = dict(headers)
        self._exports: bool = options.exports
        self._browsing = Browsing(plan, options) if options.browsable else None

    # -- reading ---------------------------------------------------------------------------------

    async def list(self, request: Request, asking: Asking, asked: Any, path: Path) -> Response:
        """Answer a list, in the form that is preferred."""
        plan = self.plan
        if plan.parent is not None:
            await check_parent(plan, asking, path)
        parent = None if plan.parent is None else path[plan.parent.column]
        query = await query_asked(plan, asking, self.resource.query(asking), asked, parent)
        form = self._form(request, streams=self._exports)
        if form == "csv" or form == "lines":
            names = await columns_seen(plan, asking, asked)
            return exported(
                plan,
                query,
                names,
                form,
                {**self._headers, "vary": "Accept", "cache-control": PRIVATE},
            )
        found = await listed(plan, asking, query, asked)
        if form == "page":
            assert self._browsing is not None, "preferred only where there is one"
            links = links_of(request, found.part)
            return self._browsing.list_page(request, asking, found.json(), links)
        is_private = asking.permissions is not None
        return json_of_list(request, found, self._headers, is_private=is_private)

    async def read(self, request: Request, asking: Asking, asked: Any, path: Path) -> Response:
        """Answer one row."""
        plan = self.plan
        if plan.parent is not None:
            await check_parent(plan, asking, path)
        reader = plan.reader_of(getattr(asked, "include", None) or ())
        query = await asking.reachable("view", one_of(plan, self.resource.query(asking), path))
        rows = await reader.rows(query.limit(1))
        if not rows:
            raise NotFound(plan.model)
        unseen = await narrow(plan, asking, reader.shape, rows)
        wanted = wanted_of(plan, asked)
        body = reader.encoded_one(rows[0] if wanted is None else kept(rows, wanted)[0])
        is_whole = wanted is None and not reader.shape.relations
        tag = tag_of(plan, rows[0], unseen) if is_whole else entity_tag(body)
        if self._form(request, streams=False) == "page":
            assert self._browsing is not None, "preferred only where there is one"
            return self._browsing.row_page(request, asking, body, tag if is_whole else None)
        headers = {**self._headers, "etag": tag, "vary": "Accept"}
        if asking.permissions is not None:
            headers["cache-control"] = PRIVATE
        if is_known(request.headers, tag):
            return Response(b"", 304, headers)
        return Response(body, 200, headers, _JSON)

    def _form(self, request: Request, *, streams: bool) -> Format:
        accept = request.headers.get("accept")
        if accept is None or accept == "*/*":
            return "json"
        return preferred(accept, streams=streams, shows_pages=self._browsing is not None)

    # -- writing ---------------------------------------------------------------------------------

    async def create(
        self, request: Request, asking: Asking, body: BaseModel, path: Path
    ) -> Response:
        """Answer a new row, with its address."""
        await check_parent(self.plan, asking, path)
        row = await self.writing.create(asking, body, path)
        keys = "/".join(quote(str(getattr(row, column.name)), safe="") for column in self.plan.keys)
        own = {"location": f"{request.url.path.rstrip('/')}/{keys}"}
        return await self._row(asking, row, 201, own)

    async def replace(
        self, request: Request, asking: Asking, body: BaseModel, path: Path
    ) -> Response:
        """Answer a row that was replaced."""
        await check_parent(self.plan, asking, path)
        row = await self.writing.replace(asking, body, path, request.headers)
        return await self._row(asking, row)

    async def change(self, request: Request, asking: Asking, patch: Patch, path: Path) -> Response:
        """Answer a row that was changed."""
        await check_parent(self.plan, asking, path)
        row = await self.writing.change(asking, patch, path, request.headers)
        return await self._row(asking, row)

    async def delete(self, request: Request, asking: Asking, path: Path) -> Response:
        """Answer that a row is gone."""
        await check_parent(self.plan, asking, path)
        await self.writing.delete(asking, path, request.headers)
        return Response(b"", 204, self._headers)

    async def create_many(
        self, asking: Asking, bodies: Sequence[BaseModel], path: Path
    ) -> Response:
        """Answer new rows."""
        await check_parent(self.plan, asking, path)
        return await self._rows(asking, await self.writing.create_many(asking, bodies, path), 201)

    async def change_many(
        self, asking: Asking, bodies: Sequence[BaseModel], path: Path
    ) -> Response:
        """Answer rows that were changed."""
        await check_parent(self.plan, asking, path)
        return await self._rows(asking, await self.writing.change_many(asking, bodies, path), 200)

    async def delete_many(self, asking: Asking, keys: Sequence[Any], path: Path) -> Response:
        """Answer that rows are gone."""
        await check_parent(self.plan, asking, path)
        await self.writing.delete_many(asking, keys, path)
        return Response(b"", 204, self._headers)

    async def show(self, asking: Asking, answer: Any, status: int) -> Any:
        """Answer rows that an action gives as any others; other values stay as they are."""
        model = self.plan.model
        if isinstance(answer, model):
            return await self._row(asking, answer, status)
        if isinstance(answer, list) and answer and all(isinstance(one, model) for one in answer):
            return await self._rows(asking, await seen_of(asking, model, answer), status)
        return answer

    async def _row(
        self, asking: Asking, row: Any, status: int = 200, own: Mapping[str, str] | None = None
    ) -> Response:
        plan = self.plan
        plain = plan.reader.shape.plain(row)
        unseen = await narrow(plan, asking, plan.reader.shape, [plain])
        headers = {**self._headers, "etag": tag_of(plan, plain, unseen), **(own or {})}
        return Response(plan.reader.encoded_one(plain), status, headers, _JSON)

    async def _rows(self, asking: Asking, rows: Sequence[Any], status: int) -> Response:
        plan = self.plan
        plain = [plan.reader.shape.plain(row) for row in rows]
        await narrow(plan, asking, plan.reader.shape, plain)
        return Response(plan.reader.encoded(plain), status, self._headers, _JSON)
