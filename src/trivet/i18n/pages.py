"""What templates may call: texts, and how a locale writes dates, numbers and money.

Each has the request as its first parameter, which templates do not pass; without a request the
default locale speaks. Texts are given as they are: templates fill and escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from trivet.i18n.finding import Finder
from trivet.i18n.locale import Locale

__all__ = ["page_functions"]

# Methods of a locale that templates have by the same names.
_METHODS = (
    *("gettext", "ngettext", "npgettext", "pgettext"),
    *("format_currency", "format_date", "format_datetime", "format_list", "format_number"),
    *("format_percent", "format_relative", "format_time"),
)


def page_functions(finder: Finder) -> Mapping[str, Callable[..., Any]]:
    """Give the functions by their names in templates."""

    def locale(request: Request | None) -> Locale:
        if request is None:
            return finder.locales[finder.negotiator.default]
        return finder.noted(request)

    def dir(request: Request | None) -> str:
        return locale(request).direction

    def locales(request: Request | None) -> list[Locale]:
        return list(finder.locales.values())

    found: dict[str, Callable[..., Any]] = {"locale": locale, "dir": dir, "locales": locales}
    for name in _METHODS:
        found[name] = _method(name, locale)
    found["_"] = found["gettext"]
    return found


def _method(name: str, locale: Callable[[Request | None], Locale]) -> Callable[..., Any]:
    method = getattr(Locale, name)

    def call(request: Request | None, /, *args: Any, **values: Any) -> Any:
        return method(locale(request), *args, **values)

    call.__name__ = name
    call.__doc__ = method.__doc__
    return call
