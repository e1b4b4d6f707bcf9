"""The routes of the pages: who may ask, what is read, and the policy that each page has."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from trivet.app.part import Link
from trivet.devtools.files import Files
from trivet.devtools.guard import guard
from trivet.devtools.pages.frame import Site
from trivet.devtools.pages.lists import (
    cache_page,
    exceptions_page,
    jobs_page,
    logs_page,
    loop_page,
    mail_page,
)
from trivet.devtools.pages.request import explain_page, request_page
from trivet.devtools.pages.requests import requests_page
from trivet.devtools.pages.start import About, start_page
from trivet.devtools.queries import plan_shown
from trivet.devtools.recorder import Recorder
from trivet.devtools.told_plans import told_plan
from trivet.errors import HTTPException
from trivet.http.mounts import mount_of
from trivet.routing.contexts import contexts
from trivet.routing.router import Router

__all__ = ["pages_router"]

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_INBOX = "/_dev/mail"


def pages_router(
    app: Any,  # Any: the application
    recorder: Recorder,
    files: Files,
    path: str,
    hosts: tuple[str, ...],
) -> Router:
    """Give the pages below `path`."""
    router = Router(prefix=path, include_in_schema=False)
    pages = _Pages(app, recorder, files, path)

    @router.before_request
    async def guarded(request: Request) -> Response | None:
        why = guard(request, hosts)
        return None if why is None else PlainTextResponse(why, 403, _HEADERS)

    @router.get("/files/{mark}/{name}")
    async def dev_file(mark: str, name: str) -> Response:
        return files.answer(name)

    @router.get("/requests/{number}")
    async def one_request(request: Request, number: int) -> Response:
        return pages.request(request, number)

    @router.get("/requests/{number}/queries/{query}")
    async def explained(request: Request, number: int, query: int) -> Response:
        return await pages.explained(request, number, query)

    for name, page in pages.lists().items():
        router.get(f"/{name}" if name else "", name=f"devtools-{name or 'start'}")(_listing(page))
    return router


def _listing(page: Callable[[Request], Response]) -> Callable[[Request], Any]:
    async def listing(request: Request) -> Response:
        return page(request)

    return listing


class _Pages:
    """The pages over one recorder."""

    def __init__(self, app: Any, recorder: Recorder, files: Files, path: str) -> None:
        self._app = app
        self._recorder = recorder
        self._files = files
        self._path = path

    def lists(self) -> dict[str, Callable[[Request], Response]]:
        """Give the pages that show what is new, by their addresses."""
        recorder = self._recorder
        made: dict[str, Callable[[Site, Request], str]] = {
            "": lambda site, _: start_page(site, self._about(), list(recorder.records())),
            "requests": lambda site, request: requests_page(
                site, list(recorder.records()), request.query_params.get("only", "")
            ),
            "exceptions": lambda site, _: exceptions_page(site, list(recorder.records())),
            "logs": lambda site, _: logs_page(site, list(reversed(recorder.logs))),
            "jobs": lambda site, _: jobs_page(
                site,
                [one for one in recorder.records() if one.kind == "job"],
                recorder.listed("enqueue"),
            ),
            "cache": lambda site, _: cache_page(site, recorder.listed("cache")),
            "sent": lambda site, _: mail_page(site, recorder.listed("mail"), self._inbox()),
            "loop": lambda site, _: loop_page(site, recorder.lag),
        }
        return {name: self._live(page) for name, page in made.items()}

    def _live(self, page: Callable[[Site, Request], str]) -> Callable[[Request], Response]:
        def shown(request: Request) -> Response:
            if request.query_params.get("stamp") == str(self._recorder.stamp):
                return Response(status_code=204, headers=_HEADERS)
            return HTMLResponse(page(self._site(request), request), headers=_HEADERS)

        return shown

    def request(self, request: Request, number: int) -> Response:
        """Show one request; raises a 404."""
        record = self._recorder.find(number)
        if record is None:
            raise HTTPException(404, "this request is not kept, or no longer")
        told = told_plan(self._app, record)
        return HTMLResponse(request_page(self._site(request), record, told), headers=_HEADERS)

    async def explained(self, request: Request, number: int, query: int) -> Response:
        """Ask the database how it does a query; raises a 404."""
        record = self._recorder.find(number)
        queries = () if record is None else record.queries
        found = next((one for one in queries if one.number == query), None)
        if record is None or found is None or found.explain is None:
            raise HTTPException(404, "this query is not kept, or no longer")
        try:
            plan = await found.explain()
        except Exception as error:  # the database's own words on why it does not
            plan = f"{type(error).__name__}: {error}"
        plan = plan_shown(plan, found.values)
        return HTMLResponse(
            explain_page(self._site(request), record, found, plan), headers=_HEADERS
        )

    def _site(self, request: Request) -> Site:
        mount = mount_of(request.scope)
        return Site(self._app.title, mount + self._path, mount, self._files, self._recorder.stamp)

    def _inbox(self) -> str | None:
        return next((one.path for one in self._links() if one.path == _INBOX), None)

    def _links(self) -> list[Link]:
        app = self._app
        found = []
        if app.openapi_url:
            if app.docs_url:
                about = "Every operation of the API, to read and to try."
                found.append(Link("API docs", app.docs_url, about))
            if app.redoc_url:
                about = "The same as one long page, to read."
                found.append(Link("API reference", app.redoc_url, about))
            about = "The document that tools and clients read."
            found.append(Link("OpenAPI", app.openapi_url, about))
        found += [link for part in app.parts.values() for link in part.links()]
        return found

    def _about(self) -> About:
        app, recorder = self._app, self._recorder
        records = list(recorder.records())
        failed = sum(bool(one.chain) for one in records)
        requests = sum(one.kind == "request" for one in records)
        counts = {
            "requests": f"{requests} kept" if requests else "",
            "exceptions": f"{failed} kept" if failed else "",
            "logs": f"{len(recorder.logs)} lines" if recorder.logs else "",
            "jobs": _counted(len(records) - requests, "run"),
            "cache": _counted(len(recorder.listed("cache")), "look-up"),
            "sent": _counted(len(recorder.listed("mail")), "message"),
            "loop": _counted(len(recorder.lag.blocks), "block"),
        }
        routes = sum(1 for _ in contexts(app.routes))
        parts = ", ".join(dict.fromkeys(part.name for part in app.parts.values() if part.name))
        facts = [
            ("Application", f"{app.title} {app.version}"),
            ("Routes", f"{routes}, those of parts included"),
            ("Parts", parts or "none"),
            ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ]
        return About(self._links(), counts, facts)


def _counted(count: int, what: str) -> str:
    return "" if not count else f"{count} {what}{'' if count == 1 else 's'}"
