"""What `trivet check` says of an application's catalogues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trivet.checks import Finding, Level
from trivet.i18n.catalogue import read_catalogue
from trivet.i18n.placeholders import broken
from trivet.i18n.workshop import Workshop

__all__ = ["findings"]


def findings(workshop: Workshop) -> Sequence[Finding]:
    """Give the findings for each locale; raises `SetupError` for a file that cannot be read."""
    return [one for locale in workshop.locales for one in _of(workshop, locale)]


def _of(workshop: Workshop, locale: str) -> Iterator[Finding]:
    written, made = workshop.written(locale), workshop.made(locale)
    if not written.is_file():
        if not made.is_file():
            yield Finding(
                Level.WARNING,
                "i18n.no-catalogue",
                f"the application speaks {locale!r}, and there is no {str(written)!r}",
                "trivet messages extract, then trivet messages update",
            )
        return
    if not made.is_file():
        yield Finding(
            Level.WARNING,
            "i18n.not-compiled",
            f"{str(written)!r} is not compiled, so that each start has to read it as it is written",
            "trivet messages compile",
        )
    elif workshop.is_outdated(locale):
        yield Finding(
            Level.ERROR,
            "i18n.outdated",
            f"{str(made)!r} is not what {written.name!r} says, and is what visitors see",
            "trivet messages compile",
        )
    for message, translation, wrong in broken(read_catalogue(written)):
        yield Finding(
            Level.ERROR,
            "i18n.placeholder",
            f"the translation {translation!r} {wrong}",
            "give it the placeholders of the text, letter by letter",
            f"{written}:{message.lineno}" if message.lineno else str(written),
        )
