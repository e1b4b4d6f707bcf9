"""Catalogues of texts on the disk: gettext's files, as ``de/LC_MESSAGES/messages.po`` in a folder.

Read once, when an application starts. Trivet's own are read from their .po files, so that there is
nothing that an installation could have forgotten to compile.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale as Cldr
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import PoFileError, read_po

from trivet.errors import SetupError
from trivet.i18n.tags import fallbacks

__all__ = ["Source", "compiled", "files_of", "read_catalogue", "texts_of"]


@dataclass(frozen=True)
class Source:
    """A folder with catalogues, and the language in which their texts are written.

    `domain` is the name of the files, without which all in the folder count.
    """

    folder: Path
    domain: str | None = None
    language: str = "en"


def read_catalogue(path: Path) -> Catalog:
    """Read a .po or .mo file; raises `SetupError` where it is neither."""
    # A file that does not name its language has that of its folder: plurals depend on it.
    locale = path.parent.parent.name if path.parent.name == "LC_MESSAGES" else None
    with _told(path), path.open("rb") as file:
        if path.suffix == ".mo":
            return read_mo(file)
        return read_po(file, locale=locale, abort_invalid=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (PoFileError, OSError, ValueError, LookupError, EOFError, struct.error) as error:
        raise SetupError(
            f"{str(path)!r} cannot be read as a catalogue: {error}",
            code="i18n.catalogue",
            where=str(path),
            mend="mend the file, or write it anew: trivet messages update",
        ) from error


def compiled(catalogue: Catalog) -> bytes:
    """Give a catalogue as a .mo file has it: what is translated, without what is fuzzy."""
    written = BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def files_of(folder: Path, name: str, domain: str | None, *, reads_po: bool) -> Iterator[Path]:
    """Give the catalogues of a locale's name in a folder: compiled ones, or those as written."""
    inner = folder / name / "LC_MESSAGES"
    found = sorted({path.stem for path in inner.glob("*.[mp]o")}) if domain is None else [domain]
    for stem in found:
        written, made = inner / f"{stem}.po", inner / f"{stem}.mo"
        chosen = written if reads_po or not made.is_file() else made
        if chosen.is_file():
            yield chosen
        elif made.is_file():
            yield made


def texts_of(
    locale: Cldr, default: Cldr, sources: Sequence[Source], *, reads_po: bool
) -> NullTranslations:
    """Give the texts of a locale: its own, those of what it falls back on, then the default's.

    The default's are left out where the texts themselves are in the locale's language.
    """
    chain = NullTranslations()
    first: list[NullTranslations] = []
    names = [(name, "") for name in fallbacks(locale)]
    names += [(name, locale.language) for name in fallbacks(default)]
    seen: set[Path] = set()
    for name, but in names:
        for source in sources:
            if source.language == but:
                continue
            for path in files_of(source.folder, name, source.domain, reads_po=reads_po):
                if path not in seen:
                    seen.add(path)
                    first.append(_read(path))
    # From the last to the first: each hands on what it does not have.
    for texts in reversed(first):
        texts.add_fallback(chain)
        chain = texts
    return chain


def _read(path: Path) -> NullTranslations:
    with _told(path):
        made = path.read_bytes() if path.suffix == ".mo" else compiled(read_catalogue(path))
        return GNUTranslations(BytesIO(made))
