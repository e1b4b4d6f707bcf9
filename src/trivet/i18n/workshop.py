"""Where catalogues are made: texts are found in code and templates, merged, compiled, counted.

Babel does the work. Nothing here is loaded by a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from babel import Locale as Cldr
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

from trivet.errors import SetupError
from trivet.i18n.catalogue import compiled, read_catalogue
from trivet.i18n.placeholders import broken

__all__ = ["Counted", "Workshop"]

Told = Callable[[str], None]

_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_": None,
    "lazy": None,
    "nlazy": (1, 2),
    "plazy": ((1, "c"), 2),
}
_METHODS = [
    ("**/templates/**.txt", "jinja2"),
    *[(f"**.{ending}", "jinja2") for ending in ("html", "htm", "jinja", "j2")],
    ("**.py", "python"),
]
# As the environment of `trivet.templates` reads them: otherwise the texts would be others.
_JINJA = {
    "newstyle_gettext": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",
}
_COMMENTS = ("Translators:",)
_LEFT_OUT = frozenset(
    {"build", "dist", "node_modules", "site", "site-packages", "static", "tests", "venv"}
)


@dataclass(frozen=True)
class Counted:
    """How far one catalogue is: numbers of texts."""

    locale: str
    done: int
    fuzzy: int
    missing: int
    broken: int
    is_compiled: bool

    @property
    def all(self) -> int:
        """The number of texts that there are."""
        return self.done + self.fuzzy + self.missing


@dataclass(frozen=True)
class Workshop:
    """The catalogues of one domain: code below `root`, files in `folder`, names of locales."""

    root: Path
    folder: Path
    domain: str
    locales: tuple[str, ...]
    left_out: frozenset[str] = field(default=_LEFT_OUT)
    project: str = ""

    @property
    def template(self) -> Path:
        """The file of all texts without translations, which `extract` writes."""
        return self.folder / f"{self.domain}.pot"

    def written(self, locale: str) -> Path:
        """Give the file that a translator writes."""
        return self.folder / locale / "LC_MESSAGES" / f"{self.domain}.po"

    def made(self, locale: str) -> Path:
        """Give the file that is made of it."""
        return self.written(locale).with_suffix(".mo")

    # -- extract ---------------------------------------------------------------------------------

    def found(self, told: Told) -> Catalog:
        """Give all texts in the code and templates below the root; `told` gets each file's name."""
        catalogue = Catalog(
            project=self.project or None,
            domain=self.domain,
            header_comment=f"# The texts of {self.project or self.domain}.",
            charset="utf-8",
            fuzzy=False,
        )
        reading = str(self.root)

        def tell(name: str, *_: object) -> None:
            nonlocal reading
            reading = name
            told(name)

        try:
            for name, _, message, comments, context in extract_from_dir(
                self.root,
                _METHODS,
                {pattern: _JINJA for pattern, method in _METHODS if method == "jinja2"},
                _KEYWORDS,
                _COMMENTS,
                callback=tell,
                strip_comment_tags=True,
                directory_filter=self._goes_into,
            ):
                # Without lines, so that a change of the code alone changes no catalogue.
                place = [(Path(name).as_posix(), 0)]
                catalogue.add(message, None, place, auto_comments=comments, context=context)
        except Exception as error:  # of Python's parser, of Jinja2's, of a codec, of the disk
            line = getattr(error, "lineno", None)
            raise SetupError(
                f"texts could not be extracted: {error}",
                code="i18n.extract",
                where=f"{reading}:{line}" if line else reading,
                mend="mend the file",
            ) from error
        return catalogue

    def _goes_into(self, folder: str | Path) -> bool:
        name = Path(folder).name
        is_environment = (Path(folder) / "pyvenv.cfg").is_file()
        return not (is_environment or name in self.left_out or name.startswith((".", "_")))

    def extract(self, told: Told) -> Catalog:
        """Write all texts into the template file, unless it has the same already."""
        catalogue = self.found(told)
        if not self.template.is_file() or not _same(read_catalogue(self.template), catalogue):
            self.template.parent.mkdir(parents=True, exist_ok=True)
            _write(self.template, catalogue)
        return catalogue

    # -- update, compile -------------------------------------------------------------------------

    def update(self, told: Told) -> None:
        """Bring each locale's file up to date; a text that changed a little becomes fuzzy.

        What is no longer there is kept at the file's end. Raises `SetupError` without a template.
        """
        if not self.template.is_file():
            raise SetupError(
                f"there is no {str(self.template)!r} yet",
                code="i18n.not-extracted",
                mend="trivet messages extract",
            )
        template = read_catalogue(self.template)
        for locale in self.locales:
            told(locale)
            path = self.written(locale)
            if path.is_file():
                catalogue = read_catalogue(path)
                catalogue.locale = Cldr.parse(locale)
            else:
                catalogue = Catalog(
                    locale=locale,
                    domain=self.domain,
                    project=template.project,
                    header_comment=template.header_comment,
                    fuzzy=False,
                )
            catalogue.update(template)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, catalogue)

    def compile(self, told: Told) -> int:
        """Make the files that are read in production; gives how many there are."""
        count = 0
        for locale in self.locales:
            if self.written(locale).is_file():
                told(locale)
                made = compiled(read_catalogue(self.written(locale)))
                temporary = self.made(locale).with_suffix(".mo.new")
                temporary.write_bytes(made)
                temporary.replace(self.made(locale))
                count += 1
        return count

    # -- status ----------------------------------------------------------------------------------

    def is_outdated(self, locale: str) -> bool:
        """Tell whether a compiled file is there and is not what would be made now."""
        made, written = self.made(locale), self.written(locale)
        if not made.is_file() or not written.is_file():
            return False
        return _texts(read_catalogue(made)) != _texts(read_catalogue(written))

    def status(self) -> Iterator[Counted]:
        """Count the texts of each locale; those of a locale without a file are all missing."""
        for locale in self.locales:
            path = self.written(locale)
            catalogue = read_catalogue(path if path.is_file() else self.template)
            messages = [message for message in catalogue if message.id]
            done = sum(all(_forms(one)) and not one.fuzzy for one in messages)
            fuzzy = sum(one.fuzzy for one in messages)
            yield Counted(
                locale,
                done,
                fuzzy,
                len(messages) - done - fuzzy,
                len(list(broken(catalogue))),
                self.made(locale).is_file() and not self.is_outdated(locale),
            )


def _write(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)


def _forms(message: Message) -> tuple[str, ...]:
    """Give the translations of a text: one, or one for each form of a plural."""
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ())


def _texts(catalogue: Catalog) -> dict[tuple[str | None, str], tuple[str, ...]]:
    """Give what a compiled file has: texts that are translated, and not fuzzy."""
    found = {}
    for one in catalogue:
        forms = _forms(one)
        if one.id and not one.fuzzy and forms and forms[0]:
            # Plurals are found by their first form.
            found[one.context, one.id if isinstance(one.id, str) else one.id[0]] = forms
    return found


def _same(one: Catalog, other: Catalog) -> bool:
    return _described(one) == _described(other)


def _described(catalogue: Catalog) -> dict[tuple[str | None, object], list[str]]:
    return {(one.context, _fixed(one.id)): list(one.auto_comments) for one in catalogue if one.id}


def _fixed(text: str | Sequence[str]) -> str | tuple[str, ...]:
    return text if isinstance(text, str) else tuple(text)
