"""Names of locales: BCP 47 tags outside (``pt-BR``), CLDR's names for files (``pt_BR``).

Pure functions over texts. A script that CLDR expects of a language and a place is known here, so
that who reads Chinese in Taiwan is never given the characters of the mainland by cutting a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from babel import Locale as Cldr
from babel import UnknownLocaleError
from babel.core import get_global

from trivet.errors import SetupError

__all__ = ["fallbacks", "parsed", "script_of", "tag_of", "truncations"]


def parsed(name: str) -> Cldr:
    """Give the locale of a tag or name, such as ``pt-BR``; raises `SetupError` for what is none."""
    try:
        return Cldr.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError, TypeError, AttributeError) as error:
        raise SetupError(
            f"{name!r} names no locale that is known",
            code="i18n.locale",
            mend='a language, and where it matters a script or a country: "de", "pt-BR", "zh-Hans"',
        ) from error


def tag_of(locale: Cldr) -> str:
    """Give the tag of a locale, as HTML and HTTP write it."""
    return str(locale).replace("_", "-")


def truncations(tag: str) -> Iterator[str]:
    """Give a tag, and what is left of it by cutting at its end (RFC 4647, 3.4)."""
    parts = tag.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:  # what introduces an extension says nothing without it
            parts.pop()


def script_of(tag: str) -> str:
    """Give the script in which a tag's readers read, in small letters; "" if none is known."""
    language, *rest = tag.lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), "")
    if script:
        return script
    place = next((part.upper() for part in rest if len(part) == 2 or part.isdigit()), "")
    likely = _likely()
    found = likely.get(f"{language}_{place}") or likely.get(language) or ""
    parts = found.split("_")
    return parts[1].lower() if len(parts) > 2 else ""


def _likely() -> Mapping[str, str]:
    return get_global("likely_subtags")


def fallbacks(locale: Cldr) -> list[str]:
    """Give the names under which a locale's texts may lie, the nearest first."""
    language, place = locale.language, locale.territory
    script = locale.script or script_of(tag_of(locale)).title()
    names = []
    if place:
        names += [f"{language}_{script}_{place}"] if script else []
        if script.lower() == script_of(f"{language}-{place}"):
            names.append(f"{language}_{place}")
        parent = get_global("parent_exceptions").get(f"{language}_{place}")
        names += [parent] if parent and parent != "root" else []
    names += [f"{language}_{script}"] if script else []
    if script.lower() == script_of(language):
        names.append(language)
    return list(dict.fromkeys(names))
