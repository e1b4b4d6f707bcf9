"""The locale and the zone of a request: path, cookie, the application, the account, header.

Nothing is looked for until somebody asks; what is found is noted in the request's scope. Finding it
costs 7 µs, once a request.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection

from trivet.binding.params import Depends
from trivet.errors import SetupError
from trivet.http.cookies import cookies_of
from trivet.http.exchange import Scope
from trivet.http.private import mark_private
from trivet.http.wishes import wishes_of
from trivet.i18n.locale import Locale
from trivet.i18n.negotiate import Negotiator
from trivet.i18n.note import NOTE, Note, note_of
from trivet.i18n.zones import zone_or_none

__all__ = ["Asked", "CurrentLocale", "Finder", "current_locale", "locale_of"]

Asked = Callable[[HTTPConnection], str | Awaitable[str | None] | None]
ZONE_COOKIE = "timezone"
_ANSWERS = "trivet.locale.asked"  # what async functions have said, by what they were asked for
_LONGEST = 100  # characters of a name that is looked at


@dataclass(frozen=True)
class Choosing:
    """How an application chooses: functions of its own, and the name of a cookie."""

    locale_of: Asked | None
    zone_of: Asked | None
    cookie: str

    @property
    def waits(self) -> bool:
        """True where one of the functions has to be awaited."""
        return any(map(inspect.iscoroutinefunction, (self.locale_of, self.zone_of)))


class Finder:
    """Finds locales for requests; `has_prefixes` once routes lie under a locale's prefix."""

    def __init__(
        self,
        choosing: Choosing,
        negotiator: Negotiator,
        zone: ZoneInfo,
        reading: Callable[[], Mapping[str, Locale]],
    ) -> None:
        self.choosing = choosing
        self.negotiator = negotiator
        self.zone = zone
        self.has_prefixes = False
        self._reading = reading
        self._locales: Mapping[str, Locale] = {}

    @property
    def locales(self) -> Mapping[str, Locale]:
        """The locales by their tags, read when the application starts, or first asks."""
        return self._locales or self.read()

    def read(self) -> Mapping[str, Locale]:
        """Read the locales' texts, now or again."""
        self._locales = self._reading()
        return self._locales

    def noted(self, connection: HTTPConnection) -> Locale:
        """Give the request's locale, found now if nobody has asked before."""
        scope = connection.scope
        note = note_of(scope)
        if note is None:
            note = Note(self.locales[self.negotiator.default])
            tag = self._tag(connection, note)
            note.locale = self.locales[tag].in_zone(lambda: self._zone(connection, note))
            scope[NOTE] = note
        return note.locale

    async def ask(self, connection: HTTPConnection) -> None:
        """Ask the application's functions that have to be awaited, and remember what they said."""
        answers: dict[Asked, str | None] = connection.scope.setdefault(_ANSWERS, {})
        cookies = cookies_of(connection.scope["headers"])
        by_cookie = self.negotiator.exactly(cookies.get(self.choosing.cookie, ""))
        decided = {
            self.choosing.locale_of: self._of_path(connection.scope) or by_cookie,
            self.choosing.zone_of: zone_or_none(cookies.get(ZONE_COOKIE, "")),
        }
        for function, found in decided.items():
            if function is None or found is not None or function in answers:
                continue
            if inspect.iscoroutinefunction(function):
                answers[function] = await function(connection)

    async def located(self, connection: HTTPConnection) -> Locale:
        """Give the request's locale where one can wait for the application's functions."""
        if note_of(connection.scope) is None and self.choosing.waits:
            await self.ask(connection)
        return self.noted(connection)

    # -- the order -------------------------------------------------------------------------------

    def _tag(self, connection: HTTPConnection, note: Note) -> str:
        negotiator, scope = self.negotiator, connection.scope
        found = self._of_path(scope)
        if found is not None or len(self.locales) == 1:
            return found or negotiator.default
        note.depends_on(b"Cookie")
        # What is kept for all would be in this visitor's language.
        mark_private(scope)
        name = cookies_of(scope["headers"]).get(self.choosing.cookie, "")
        found = negotiator.exactly(name)
        if found is None:
            asked = self._asked(self.choosing.locale_of, connection) or wishes_of(scope).locale
            found = None if asked is None else negotiator.find(asked[:_LONGEST])
        if found is None:
            note.depends_on(b"Accept-Language")
            header = b",".join(v for k, v in scope["headers"] if k == b"accept-language")
            found = negotiator.chosen(header.decode("latin-1")) if header else None
        return found or negotiator.default

    def _of_path(self, scope: Scope) -> str | None:
        if not self.has_prefixes:
            return None
        path = str(scope.get("path", "")).removeprefix(str(scope.get("root_path", "")))
        return self.negotiator.exactly(path.split("/", 2)[1][:_LONGEST] if "/" in path else "")

    def _zone(self, connection: HTTPConnection, note: Note) -> ZoneInfo:
        note.depends_on(b"Cookie")
        mark_private(connection.scope)
        # What somebody has chosen for their account goes before what a browser tells by itself.
        found = zone_or_none(wishes_of(connection.scope).zone or "")
        if found is None:
            found = zone_or_none(cookies_of(connection.scope["headers"]).get(ZONE_COOKIE, ""))
        if found is None:
            asked = self._asked(self.choosing.zone_of, connection)
            found = None if asked is None else zone_or_none(asked)
        return found or self.zone

    def _asked(self, function: Asked | None, connection: HTTPConnection) -> str | None:
        if function is None:
            return None
        if inspect.iscoroutinefunction(function):
            answers: dict[Asked, str | None] = connection.scope.get(_ANSWERS, {})
            return answers.get(function)
        return function(connection)  # type: ignore[return-value]  # it is no coroutine function


# -- from anywhere in an application -------------------------------------------------------------


def _finder_of(scope: Scope) -> Finder | None:
    app = scope.get("app")
    for part in getattr(app, "parts", {}).values():
        finder = getattr(part, "finder", None)
        if isinstance(finder, Finder):
            return finder
    return None


def _missing() -> SetupError:
    return SetupError(
        "This application knows no locales",
        code="i18n.not-used",
        mend='i18n = app.use(I18n("locale", locales=["en", "de"]))',
    )


def locale_of(connection: HTTPConnection) -> Locale:
    """Give the locale of a request or WebSocket; raises `SetupError` in an app without `I18n`."""
    note = note_of(connection.scope)
    if note is not None:
        return note.locale
    finder = _finder_of(connection.scope)
    if finder is None:
        raise _missing()
    return finder.noted(connection)


async def current_locale(connection: HTTPConnection) -> Locale:
    """Give the locale of a request, as a dependency; see `CurrentLocale`."""
    finder = _finder_of(connection.scope)
    return locale_of(connection) if finder is None else await finder.located(connection)


CurrentLocale = Annotated[Locale, Depends(current_locale)]
"""The locale of the request, for a handler: ``async def page(locale: CurrentLocale)``."""
