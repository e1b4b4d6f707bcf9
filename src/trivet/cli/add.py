"""`trivet add PART`: a battery for an application that is there, without writing it anew."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from trivet.cli.additions import Addition, known_additions
from trivet.cli.app_file import AppFile, find_app_file
from trivet.cli.find import CannotFindApp, Place
from trivet.cli.opened import locate
from trivet.cli.options import LoadOptions
from trivet.cli.project_file import with_extras
from trivet.errors import SetupError
from trivet.terminal import Pen

__all__ = ["add"]

_SIGNS = {"+": "good", "-": "bad", "@": "name"}


def add(
    options: LoadOptions,
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="PART", help="What to add; without it, a list")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the change, and make none")] = False,
) -> None:
    """Put a part into an application: its line, its import, and its extra in pyproject.toml.

    What it stands on is added too. What is there already stays as it is.

    \b
      trivet add           what there is
      trivet add jobs      jobs, and a database where there is none
    """
    pen = Pen()
    known = known_additions()
    if not parts:
        pen.table(["part", "what it is"], [(word, one.about) for word, one in known.items()])
        return
    for word in parts:
        if word not in known:
            close = difflib.get_close_matches(word, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise typer.BadParameter(f"{word!r} is no part: {hint}", param_hint="PART")
    place = locate(options)
    wanted = _with_needs(parts, known)
    file = _opened(place, [known[word] for word in wanted])
    change = _Change(file)
    for word in wanted:
        change.take(known[word])
    _finish(change, wanted, known, _pyproject(place.folder), pen, show=show)


def _with_needs(words: Iterable[str], known: dict[str, Addition]) -> list[str]:
    """Give the words in an order in which each stands behind what it needs."""
    found: list[str] = []
    for word in words:
        for one in (*_with_needs(known[word].needs, known), word):
            if one not in found:
                found.append(one)
    return found


def _opened(place: Place, additions: list[Addition]) -> AppFile:
    """Give the file in which the application is made; where none is found, say what to write."""
    path = place.file or place.folder.joinpath(*place.module.split(".")).with_suffix(".py")
    if not path.is_file():
        path = path.with_suffix("") / "__init__.py"
    attribute = None if place.is_factory else place.attribute
    try:
        found = find_app_file(path, place.folder, attribute)
    except SyntaxError as error:
        raise CannotFindApp(
            f"{path.name} does not parse: {error.msg}",
            code="cli.broken-app-file",
            where=f"{path}:{error.lineno}",
            mend="mend the file first",
        ) from error
    if found is not None:
        return found
    imports = [f"from {one.module} import {one.part}" for one in additions if one.line]
    named = {one.variable: one.variable for one in additions if one.variable}
    lines = [one.line.format_map(_Names(named)) for one in additions if one.line]
    raise CannotFindApp(
        f"no statement such as `app = App(...)` was found, on the way from {path.name}",
        code="cli.no-app-statement",
        where=str(path),
        mend="write it by hand:" + "".join(f"\n    {line}" for line in (*imports, *lines)),
    )


class _Names(dict[str, str]):
    """What stands in a line for a name that is not known."""

    def __missing__(self, key: str) -> str:
        return {"file": "app", "title": "App"}.get(key, key)


def _by_hand(what: str, where: str, addition: Addition, *, code: str) -> SetupError:
    """Say why a line cannot be written, and the line."""
    lines = (
        f"from {addition.module} import {', '.join(addition.names)}",
        addition.line.format_map(_Names()),
    )
    written = "".join(f"\n    {line}" for line in lines)
    return SetupError(what, code=code, where=where, mend=f"write it by hand:{written}")


@dataclass
class _Change:
    """What is put into one file, gathered part by part."""

    file: AppFile
    imports: dict[str, set[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def take(self, addition: Addition) -> None:
        """Add a part's line, unless the part is there; raises where it cannot be written."""
        if not addition.line:
            return
        name = self.file.variable_of(addition.part)
        if name is not None:
            self.there.append(addition.part)
            self._names[addition.variable] = name
            return
        place = self.file.elsewhere(addition.part)
        if place is not None:
            raise _by_hand(
                f"{addition.part} is made in another file, whose name for it is not known here",
                place,
                addition,
                code="cli.part-elsewhere",
            )
        for variable, known in self._names.items():
            if not known and f"{{{variable}}}" in addition.line:
                raise _by_hand(
                    f"{addition.part} takes the {variable}, which is used without a name",
                    str(self.file.path),
                    addition,
                    code="cli.unnamed-part",
                )
        names = {
            **self._names,
            "file": self.file.path.parent.name.replace("-", "_") or "app",
            "title": self.file.title().replace('"', "'"),
        }
        self._names[addition.variable] = addition.variable
        line = addition.line.format_map(names)
        if self.file.name != "app":
            line = line.replace("app.use(", f"{self.file.name}.use(")
        self.lines.append(line)
        self.imports.setdefault(addition.module, set()).update(addition.names)
        for module, more in addition.uses.items():
            self.imports.setdefault(module, set()).update(more)
        if addition.folder:
            self.folders.append(self.file.path.parent / addition.folder)

    def text(self) -> str:
        """Give the file with everything in it."""
        return self.file.with_parts(self.imports, self.lines) if self.lines else self.file.text


def _pyproject(folder: Path) -> Path | None:
    for one in (folder, *folder.parents):
        if (one / "pyproject.toml").is_file():
            return one / "pyproject.toml"
    return None


def _finish(
    change: _Change,
    wanted: list[str],
    known: dict[str, Addition],
    pyproject: Path | None,
    pen: Pen,
    *,
    show: bool,
) -> None:
    """Show the change, make it, and say what comes next."""
    written = {change.file.path: (change.file.text, change.text())}
    extras = {known[word].extra for word in wanted} - {""}
    by_hand = bool(extras)
    if pyproject is not None and extras:
        before = pyproject.read_text(encoding="utf-8")
        after = with_extras(before, extras)
        if after is not None:
            written[pyproject] = (before, after)
            by_hand = False
    changed = {path: texts for path, texts in written.items() if texts[0] != texts[1]}
    for path, (before, after) in changed.items():
        _show(path, before, after, pen)
        if not show:
            path.write_text(after, encoding="utf-8")
    for folder in change.folders:
        if not show and not folder.is_dir():
            folder.mkdir()
            pen.write(f"made {_short(folder)}/")
    for part in change.there:
        pen.write(f"{pen.paint('there already:', 'dim')} {part}, in {_short(change.file.path)}")
    if not changed and not by_hand:
        pen.write("Nothing to change.")
        return
    if show:
        return
    _say_next(
        pen, wanted, known, sorted(extras), by_hand=by_hand, has_project=pyproject is not None
    )


def _say_next(
    pen: Pen,
    wanted: list[str],
    known: dict[str, Addition],
    extras: list[str],
    *,
    by_hand: bool,
    has_project: bool,
) -> None:
    steps: list[str] = []
    if extras:
        names = ",".join(extras)
        is_ours = has_project and not by_hand
        steps.append("pip install -e ." if is_ours else f'pip install "trivet[{names}]"')
    every = dict.fromkeys(step for word in wanted for step in known[word].then)
    # What is written comes before what is typed, and the tables before what is put into them.
    steps += sorted(every, key=lambda step: (step.startswith("trivet"), "migrate" not in step))
    if steps:
        pen.write()
        pen.write("Next:")
    for step in steps:
        pen.write(f"  {pen.paint(step, 'mark')}")


def _show(path: Path, before: str, after: str, pen: Pen) -> None:
    name = _short(path)
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} (before)", name, lineterm="", n=2
    )
    for line in lines:
        pen.write(pen.paint(line, _SIGNS.get(line[:1], "")) if line[:1] in _SIGNS else line)


def _short(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
