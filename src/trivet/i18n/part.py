"""Languages as a part: ``i18n = app.use(I18n("locale", locales=["en", "de", "pt-BR"]))``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from trivet.app.application import App
from trivet.app.part import Part
from trivet.binding.params import Depends
from trivet.checks import Finding
from trivet.errors import SetupError
from trivet.http.cookies import set_cookie
from trivet.i18n.answers import error_handlers
from trivet.i18n.catalogue import Source, texts_of
from trivet.i18n.checks import findings
from trivet.i18n.commands import messages_group
from trivet.i18n.finding import Asked, Choosing, Finder
from trivet.i18n.hook import Spoken
from trivet.i18n.links import Links, prefixed
from trivet.i18n.locale import Locale
from trivet.i18n.negotiate import Negotiator
from trivet.i18n.pages import page_functions
from trivet.i18n.tags import parsed, tag_of
from trivet.i18n.workshop import Workshop
from trivet.i18n.zones import named_zone
from trivet.middleware.hook import Hook
from trivet.routing.contexts import Included
from trivet.routing.route import Route
from trivet.routing.router import Router

__all__ = ["I18n"]

_OWN = Path(__file__).parent
_YEAR = 31_536_000  # seconds


class I18n(Part):
    """Speaks the locales of `locales`, of which the first serves who wants none of them.

    `folders` have the catalogues, beside the file that says so (``locale``, if none is named), in
    files called `domain`. `source` is the language of the texts in the code. `locale_of` and
    `zone_of` give what a signed-in user has chosen, or None; a function that is not async must not
    block, an async one is asked before each handler. `timezone` is for who has none. `cookie` keeps
    a visitor's choice. Raises `SetupError`; catalogues are read when the application starts.
    """

    name = "i18n"

    def __init__(
        self,
        *folders: str | Path,
        locales: Sequence[str],
        source: str = "en",
        domain: str = "messages",
        locale_of: Asked | None = None,
        zone_of: Asked | None = None,
        timezone: str = "UTC",
        cookie: str = "locale",
    ) -> None:
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve().parent
        self.folders = [beside / folder for folder in folders or ("locale",)]
        self.source = parsed(source)
        self.domain = domain
        self.timezone = timezone
        if isinstance(locales, str) or not locales:
            raise SetupError(
                f"I18n cannot use locales={locales!r}",
                code="i18n.locales",
                mend='locales=["en", "de"], of which the first serves who wants none of them',
            )
        self._cldr = list(dict.fromkeys(parsed(name) for name in locales))
        negotiator = Negotiator([tag_of(one) for one in self._cldr])
        choosing = Choosing(locale_of, zone_of, cookie)
        self.finder = Finder(choosing, negotiator, named_zone(timezone), self._made)
        self._app: App | None = None
        self._links: Links | None = None
        self._workshop = Workshop(
            root=beside,
            folder=self.folders[0],
            domain=domain,
            locales=tuple(str(one) for one in self._cldr if one != self.source),
        )

    # -- locales ---------------------------------------------------------------------------------

    @property
    def locales(self) -> list[Locale]:
        """The locales that the application speaks, in the order in which they were named."""
        return list(self.finder.locales.values())

    def locale(self, name: str | None = None, timezone: str | None = None) -> Locale:
        """Give a locale outside of a request, for a mail or a job: ``i18n.locale(user.locale)``.

        A name that the application does not speak, or None, gives the one that serves it best.
        Raises `SetupError` for a zone that is unknown.
        """
        found = None if name is None else self.finder.negotiator.find(name)
        locale = self.finder.locales[found or self.finder.negotiator.default]
        return locale if timezone is None else locale.in_zone(named_zone(timezone))

    def locale_of(self, connection: HTTPConnection) -> Locale:
        """Give the locale of a request or WebSocket."""
        return self.finder.noted(connection)

    def remember(self, response: Response, chosen: str, *, secure: bool = False) -> None:
        """Keep a visitor's choice in the cookie, for a year; one that is not spoken is not kept."""
        tag = self.finder.negotiator.find(chosen[:100])
        if tag is not None:
            name = self.finder.choosing.cookie
            kept = set_cookie(name, tag, max_age=_YEAR, secure=secure)
            response.headers.append("set-cookie", kept.decode("latin-1"))

    def prefixed(self, router: Router) -> Router:
        """Give a router whose routes lie below a locale: ``/de/books``; include that one.

        A request to it speaks the locale of its path. Others answer 404.
        """
        return prefixed(router, self.finder)

    @property
    def links(self) -> Links:
        """What makes links to routes under a locale; templates call it `locale_url`."""
        if self._links is None:
            raise SetupError(
                "I18n makes links once an application uses it",
                code="i18n.not-used",
                mend="app.use(i18n)",
            )
        return self._links

    def read(self) -> None:
        """Read the catalogues, now or again; raises `SetupError` for one that is broken."""
        self.finder.read()

    def _made(self) -> Mapping[str, Locale]:
        reads_po = self._app is not None and self._app.debug
        sources, zone = self.sources(), self.finder.zone
        return {
            tag_of(one): Locale(one, texts_of(one, self._cldr[0], sources, reads_po=reads_po), zone)
            for one in self._cldr
        }

    def sources(self) -> list[Source]:
        """Give where texts are looked for: the application's, its parts', Trivet's own."""
        own = [Source(one, self.domain, self.source.language) for one in self.folders]
        parts = () if self._app is None else self._app.parts.values()
        others = [
            Source(Path(folder))
            for part in parts
            if part is not self
            for folder in part.locale_folders()
        ]
        return [*own, *others, *(Source(Path(one)) for one in self.locale_folders())]

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Learn whose parts have texts; an async function is asked before each handler."""
        self._app = app
        self._links = Links(app, self.finder)
        if not self.finder.choosing.waits:
            return
        if any(isinstance(route, Included | Route) for route in app.routes):
            raise SetupError(
                "I18n asks an async function before each handler, and routes are there already",
                code="i18n.late",
                mend="app.use(I18n(…)) before the first route and the first router",
            )
        app.router.dependencies.append(Depends(self.finder.ask))

    def hooks(self) -> Sequence[Hook]:
        """Give what tells the language of answers."""
        return [Spoken()]

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Give errors in the client's language."""
        return error_handlers(self.finder)

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Read the catalogues when the app starts."""
        return self._started()

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        self.read()
        yield

    def locale_folders(self) -> Sequence[Path]:
        """Give the catalogues of Trivet's own texts."""
        return [_OWN / "locale"]

    def static_folders(self) -> Sequence[Path]:
        """Give ``trivet/timezone.js``, which tells the browser's time zone by a cookie."""
        return [_OWN / "static"]

    def template_functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give the functions for texts, dates and numbers, and links."""
        return {**page_functions(self.finder), **self.links.functions()}

    def commands(self) -> Sequence[Any]:
        """Give `trivet messages`."""
        return [messages_group(self._workshop)]

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of catalogues that are not there, not compiled anew, or broken."""
        return findings(self._workshop)
