"""Texts that are written where no request is: ``label = lazy("Name")``.

A lazy text is a `str` in the language in which it was written, so that whatever knows nothing of
locales shows that. Templates, and a `Locale` of `trivet.i18n`, show it in theirs. It stands so low
because every shelf may have texts, and none of them needs a library to write them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["LazyText", "filled", "lazy", "nlazy", "plazy"]


class LazyText(str):
    """A text that is translated when it is shown; made by `lazy`, `plazy` and `nlazy`."""

    __slots__ = ("context", "message", "plural", "values")

    is_lazy: ClassVar[bool] = True  # by which templates know it
    context: str | None
    message: str
    plural: str | None
    values: Mapping[str, Any]  # Any: whatever a text is filled with

    def with_values(self, **values: Any) -> LazyText:
        """Give the text with values for its placeholders; `num` decides about the plural."""
        return _made(self.message, self.plural, self.context, {**self.values, **values})

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.message, self.plural, self.context, dict(self.values))


def _made(
    message: str, plural: str | None, context: str | None, values: Mapping[str, Any]
) -> LazyText:
    shown = message if plural is None or values.get("num", 1) == 1 else plural
    text = LazyText(filled(shown, shown, values))
    text.message, text.plural, text.context, text.values = message, plural, context, values
    return text


def lazy(message: str, /, **values: Any) -> LazyText:
    """Give a text that is translated when it is shown: ``lazy("Hello %(name)s", name="Ann")``."""
    return _made(message, None, None, values)


def plazy(context: str, message: str, /, **values: Any) -> LazyText:
    """Give a text that means something else in another context: ``plazy("month", "May")``."""
    return _made(message, None, context, values)


def nlazy(singular: str, plural: str, /, **values: Any) -> LazyText:
    """Give a text with a plural; `num`, now or by `with_values`, says how many."""
    return _made(singular, plural, None, values)


def filled(text: str, message: str, values: Mapping[str, Any]) -> str:
    """Fill the placeholders of a translation; where they are broken, those of the original.

    Without values a text is as it stands: a per cent sign is one.
    """
    if not values:
        return text
    for one in (text, message):
        try:
            return str(one % values)
        except (KeyError, TypeError, ValueError):
            continue
    return message
