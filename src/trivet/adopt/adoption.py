"""An adoption: a project's files gathered, and what would become of them as a diff, or written.

A file is kept as the bytes that it is, and comes back with the same encoding and line ends. What
version control could not bring back is not written over, unless it is asked for.
"""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from trivet.adopt.report import Kind, Note
from trivet.errors import SetupError

__all__ = ["Adoption", "Source", "adoption_diff", "gather", "other_files", "write"]

_LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})
_LARGEST = 2_000_000  # bytes; what is larger was written by a machine


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: where it is, what it is called in the report, and its tree."""

    path: Path
    name: str
    module: cst.Module


@dataclass
class Adoption:
    """What would become of a project: notes, and the files that change or are new."""

    root: Path
    notes: list[Note] = field(default_factory=list)
    changed: dict[Path, bytes] = field(default_factory=dict)
    """New contents, by path."""
    encodings: dict[Path, str] = field(default_factory=dict)

    def note(self, kind: Kind, place: str, what: str, mend: str = "") -> None:
        """Add a note."""
        self.notes.append(Note(kind, place, what, mend))

    def change(self, source: Source, module: cst.Module) -> bool:
        """Take a changed tree for a file; gives False where nothing changed in it."""
        if module.bytes == source.module.bytes:
            return False
        self.changed[source.path] = module.bytes
        self.encodings[source.path] = module.encoding
        return True

    def add(self, path: Path, text: str) -> None:
        """Take a new file; one that is there and says something else is left alone, and told."""
        name = shown(path, self.root)
        if not path.exists():
            self.changed[path] = text.encode()
            self.note(Kind.REWRITTEN, name, "is a new file")
        elif path.read_bytes() != text.encode():
            self.note(
                Kind.DECIDE,
                name,
                "is there already and is not written over",
                "move it away and run this again to get a new one",
            )


def shown(path: Path, root: Path) -> str:
    """Give a path as the report names it."""
    folder = root if root.is_dir() else root.parent
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def gather(adoption: Adoption, word: str) -> Iterator[Source]:
    """Give the Python files in which a word stands; one that cannot be parsed is noted."""
    for path in sorted(_files(adoption.root, ".py")):
        data = path.read_bytes()
        if word.encode() not in data:
            continue
        name = shown(path, adoption.root)
        try:
            yield Source(path, name, cst.parse_module(data))
        except (cst.ParserSyntaxError, UnicodeDecodeError, LookupError, SyntaxError) as error:
            text = str(error).splitlines()[0]
            adoption.note(Kind.STAYS, name, f"cannot be read as Python: {text}")


def other_files(root: Path, *names: str) -> Iterator[tuple[str, list[str]]]:
    """Give small text files by the beginnings or endings of their names, with their lines."""
    for path in sorted(_files(root, "")):
        if not path.name.startswith(names) and not path.name.endswith(names):
            continue
        try:
            yield shown(path, root), path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue


def _files(root: Path, ending: str) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    if not root.is_dir():
        raise SetupError(
            f"there is no file or folder {str(root)!r}",
            code="adopt.no-project",
            mend="name the folder of the project: trivet adopt fastapi .",
        )
    for folder, inside, names in os.walk(root):
        here = Path(folder)
        inside[:] = sorted(
            name
            for name in inside
            if name not in _LEFT_OUT
            and not name.startswith(".")
            and not (here / name / "pyvenv.cfg").exists()
        )
        for name in names:
            path = here / name
            is_file = path.is_file() and not path.is_symlink()
            if name.endswith(ending) and is_file and path.stat().st_size <= _LARGEST:
                yield path


def adoption_diff(adoption: Adoption) -> str:
    """Give what would change, as a unified diff that `git apply` takes."""
    parts: list[str] = []
    for path in sorted(adoption.changed):
        encoding = adoption.encodings.get(path, "utf-8")
        name = shown(path, adoption.root)
        old = path.read_bytes().decode(encoding) if path.exists() else ""
        new = adoption.changed[path].decode(encoding)
        lines = difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"a/{name}" if path.exists() else "/dev/null",
            f"b/{name}",
        )
        for line in lines:
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)


def write(adoption: Adoption, *, force: bool = False) -> list[Path]:
    """Write the files that change; gives which.

    Raises `SetupError` where git could not bring back what is written over: there are changes that
    are not committed, or the project is in no repository. `force` writes all the same.
    """
    if not adoption.changed:
        return []
    if not force:
        _refuse_what_git_cannot_undo(adoption.root, sorted(adoption.changed))
    for path, data in adoption.changed.items():
        path.write_bytes(data)
    return sorted(adoption.changed)


def _refuse_what_git_cannot_undo(root: Path, paths: Sequence[Path]) -> None:
    folder = root if root.is_dir() else root.parent
    command = ["git", "-C", str(folder), "status", "--porcelain", "--", "."]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        asked = None
    if asked is None or asked.returncode != 0:
        raise SetupError(
            f"{folder} is in no git repository, so that nothing could bring back the"
            f" {len(paths)} files that would be written",
            code="adopt.no-git",
            mend="git init && git add -A && git commit -m before, or --force",
        )
    lines = asked.stdout.splitlines()
    if lines:
        more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
        names = ", ".join(line[3:] for line in lines[:3])
        raise SetupError(
            f"there are changes that are not committed: {names}{more}",
            code="adopt.dirty-tree",
            mend="commit or stash them first, so that the diff is this command's alone; or --force",
        )
