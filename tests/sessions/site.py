"""An application with sessions, as the tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2 as httpx

from trivet import App, HTTPException, JSONResponse, StreamingResponse
from trivet.sessions import CurrentSession, Sessions, SessionStore
from trivet.testing.client import async_client

SECRET = "sessions of the tests, random enough 0123456789"
DAY = 86_400.0


class Site:
    """Handlers that do with a session what handlers do; its clock goes when it is told to."""

    def __init__(self, store: SessionStore, **options: Any) -> None:
        self.now = 1_800_000_000.0
        self.app = App()
        for part in store.requires:
            self.app.use(part)
        self.sessions = self.app.use(Sessions(store, clock=lambda: self.now, **options))
        self.paused = asyncio.Event()
        self.go_on = asyncio.Event()
        _add_handlers(self)

    def client(self, scheme: str = "http", **options: Any) -> AbstractAsyncContextManager[Any]:
        options.setdefault("base_url", f"{scheme}://testserver")
        return async_client(self.app, **options)


def token_of(client: httpx.AsyncClient) -> str:
    """Give the token that a browser holds."""
    return str(client.cookies.get("session") or client.cookies["__Host-session"])


def sent(token: str, name: str = "session") -> dict[str, str]:
    """Give the headers of a request with this cookie."""
    return {"cookie": f"{name}={token}"}


def shown(session: CurrentSession) -> dict[str, Any]:
    return {
        "user": session.user,
        "values": dict(session),
        "is_new": session.is_new,
        "is_remembered": session.is_remembered,
    }


def _add_handlers(site: Site) -> None:
    app = site.app

    @app.get("/plain")
    async def plain() -> str:
        await asyncio.sleep(0)
        return "plain"

    @app.get("/me")
    async def me(session: CurrentSession) -> dict[str, Any]:
        return shown(session)

    @app.get("/user")
    async def user(session: CurrentSession) -> str | None:
        return session.user

    @app.post("/put")
    async def put(session: CurrentSession, key: str, value: str) -> dict[str, Any]:
        session[key] = value
        return shown(session)

    @app.post("/clear")
    async def clear(session: CurrentSession) -> None:
        session.clear()

    @app.post("/in")
    async def sign_in(session: CurrentSession, user: str, remember: bool = False) -> dict[str, Any]:
        session.sign_in(user, remember=remember)
        return shown(session)

    @app.post("/rotate")
    async def rotate(session: CurrentSession) -> None:
        session.rotate()

    @app.post("/confirm")
    async def confirm(session: CurrentSession) -> None:
        session.confirm()

    @app.post("/out")
    async def sign_out(session: CurrentSession) -> None:
        session.sign_out()

    @app.post("/goodbye")
    async def goodbye(session: CurrentSession) -> None:
        session.sign_out()
        session.flash("Good bye", "success")

    @app.get("/flashes")
    async def flashes(session: CurrentSession) -> list[Any]:
        return [list(one) for one in session.flashes()]

    @app.post("/slow")
    async def slow(session: CurrentSession, key: str) -> None:
        session[key] = "slow"
        site.paused.set()
        await site.go_on.wait()

    @app.post("/raises")
    async def raises(session: CurrentSession) -> None:
        session["key"] = "lost"
        raise HTTPException(409, "no")

    @app.post("/refuses")
    async def refuses(session: CurrentSession) -> JSONResponse:
        session["key"] = "lost"
        return JSONResponse({}, 422)

    @app.get("/public")
    async def public(session: CurrentSession, key: str = "") -> JSONResponse:
        if key:
            session[key] = "x"
        return JSONResponse({}, headers={"cache-control": "public, max-age=60"})

    @app.post("/stream")
    async def stream(session: CurrentSession) -> StreamingResponse:
        session["key"] = "before"

        async def written() -> AsyncIterator[bytes]:
            try:
                session["key"] = "while it is sent"
            except ValueError as error:
                yield str(error).encode()

        return StreamingResponse(written())
