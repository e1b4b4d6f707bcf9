"""Languages: texts, dates, numbers and time zones as those who ask for a page know them."""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

if find_spec("babel") is None:
    raise MissingExtraError("babel", "i18n", what="trivet.i18n")

from trivet.i18n.finding import CurrentLocale, locale_of
from trivet.i18n.locale import Locale
from trivet.i18n.part import I18n
from trivet.texts import LazyText, lazy, nlazy, plazy

__all__ = [
    "CurrentLocale",
    "I18n",
    "LazyText",
    "Locale",
    "lazy",
    "locale_of",
    "nlazy",
    "plazy",
]
