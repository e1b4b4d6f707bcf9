"""The pages of development as a part: ``app.use(DevTools())``; `trivet dev` does it by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from trivet.app.application import App
from trivet.app.part import Link, Part
from trivet.devtools.files import Files
from trivet.devtools.hook import AnswerHook
from trivet.devtools.logs import logging_to
from trivet.devtools.recorder import Recorder
from trivet.devtools.serving import pages_router
from trivet.errors import SetupError
from trivet.middleware.hook import Hook
from trivet.routing.router import Router

__all__ = ["DEVTOOLS_PATH", "DevTools"]

DEVTOOLS_PATH = "/_dev"
"""Below which all pages of development are."""


class DevTools(Part):
    """Shows what happens in the application, at ``/_dev``, and a toolbar on its pages.

    It is there in debug alone, and for clients of this machine that ask for it by the name
    localhost, by its address, or by one of `hosts`: names without a port that lead to it, such as
    ``shop.test``. Without `toolbar` pages stay as they are. Outside of debug this part adds
    nothing. Raises `SetupError`.
    """

    name = "devtools"

    def __init__(self, *, hosts: Sequence[str] = (), toolbar: bool = True) -> None:
        for host in hosts:
            if not host or host != host.strip().lower() or any(one in host for one in ":/*"):
                raise SetupError(
                    f"DevTools cannot be reached by the host {host!r}",
                    code="devtools.host",
                    mend='a name in small letters without port or wildcard: hosts=["shop.test"]',
                )
        self._hosts = tuple(hosts)
        self._has_toolbar = toolbar
        self._app: App | None = None
        self._recorder: Recorder | None = None
        self._files: Files | None = None

    def install(self, app: App) -> None:
        """Watch the application, in debug alone."""
        if not app.debug:
            return
        self._app = app
        self._files = Files(DEVTOOLS_PATH)
        self._recorder = Recorder(DEVTOOLS_PATH)
        app.watch(self._recorder)

    def hooks(self) -> Sequence[Hook]:
        """Give what marks answers, in debug alone."""
        if self._files is None:
            return ()
        files = self._files
        return [
            AnswerHook(
                self._app,
                DEVTOOLS_PATH,
                lambda mount: files.of("toolbar.js", mount),
                hosts=self._hosts,
                has_toolbar=self._has_toolbar,
            )
        ]

    def router(self) -> Router | None:
        """Give the pages, in debug alone."""
        if self._app is None or self._recorder is None or self._files is None:
            return None
        return pages_router(self._app, self._recorder, self._files, DEVTOOLS_PATH, self._hosts)

    def addresses(self) -> Sequence[Link]:
        """Give the pages, in debug alone."""
        if self._recorder is None:
            return ()
        found = (
            ("Dashboard", "", "What happens: requests with their queries, logs, exceptions."),
            ("Jobs", "/jobs", "Jobs that were put in, and those that ran."),
        )
        return [
            Link(title, DEVTOOLS_PATH + below, about, is_development=True)
            for title, below, about in found
        ]

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any] | None:
        """Watch the log and the event loop while the application runs, in debug alone."""
        return None if self._recorder is None else self._running(self._recorder)

    @asynccontextmanager
    async def _running(self, recorder: Recorder) -> AsyncIterator[None]:
        with logging_to(recorder), recorder.lag.watching():
            yield
