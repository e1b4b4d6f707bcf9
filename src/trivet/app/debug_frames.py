"""An exception as data: its chain, its frames with source, and the values of the user's own frames.

Nothing here writes HTML and nothing raises: what cannot be read is left out.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from trivet.app.debug_hidden import hide, shown

__all__ = ["Frame", "Raised", "kind_of", "raised", "short_path"]

Kind = Literal["yours", "library", "generated"]

_PACKAGE = str(Path(__file__).parents[1])
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {_PACKAGE}
)
_AROUND = 5  # source lines before and after the one that raised
_MOST_FRAMES = 60  # of one exception; a recursion has thousands
_MOST_VALUES = 40
_MOST_LINKS = 8
# Values that say nothing: what a module imports and defines.
_DULL = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: where it is, its source around the line, and its values."""

    file: str
    line: int
    function: str
    kind: Kind
    first: int  # the number of the first of `source`
    source: tuple[str, ...]
    mark: tuple[int, int] | None  # columns in the line that were being computed
    values: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """Give the file as seen from the current folder or its package, and the line."""
        return f"{short_path(self.file)}:{self.line}"

    @property
    def text(self) -> str:
        """Give the line that raised, without its indentation."""
        index = self.line - self.first
        return self.source[index].strip() if 0 <= index < len(self.source) else ""


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain, and how it is linked to the one before it in the list."""

    error: BaseException
    name: str
    message: str
    link: str
    frames: tuple[Frame, ...]


def raised(error: BaseException) -> list[Raised]:
    """Give an exception and those that led to it, the last raised first."""
    found: list[Raised] = []
    seen: set[int] = set()
    for one, link in _chain(error, "", seen):
        if len(found) == _MOST_LINKS:
            break
        found.append(Raised(one, _name(type(one)), _message(one), link, _frames(one)))
    return found


def _chain(error: BaseException, link: str, seen: set[int]) -> Iterator[tuple[BaseException, str]]:
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error, link
    if isinstance(error, BaseExceptionGroup):
        for number, one in enumerate(error.exceptions, 1):
            yield from _chain(one, f"Number {number} in the group was", seen)
    if error.__cause__ is not None:
        yield from _chain(error.__cause__, "It was raised from", seen)
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _chain(error.__context__, "It was raised while this was being handled", seen)


def _name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _message(error: BaseException) -> str:
    try:
        lines = [str(error), *getattr(error, "__notes__", ())]
    except Exception as failed:
        return f"(its message cannot be had: str() raised {type(failed).__name__})"
    return hide("\n".join(str(line) for line in lines))


def _frames(error: BaseException) -> tuple[Frame, ...]:
    traceback = error.__traceback__
    entries: list[TracebackType] = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    if len(entries) > _MOST_FRAMES:
        entries = [*entries[:10], *entries[10 - _MOST_FRAMES :]]
    return tuple(_frame(entry) for entry in entries)


def _frame(entry: TracebackType) -> Frame:
    code = entry.tb_frame.f_code
    file, line = code.co_filename, entry.tb_lineno or code.co_firstlineno
    kind = kind_of(file)
    lines = linecache.getlines(file, entry.tb_frame.f_globals)
    first = max(1, line - _AROUND)
    source = tuple(text.rstrip("\r\n") for text in lines[first - 1 : line + _AROUND])
    return Frame(
        file,
        line,
        getattr(code, "co_qualname", code.co_name),
        kind,
        first,
        source,
        _mark(entry, lines[line - 1] if line <= len(lines) else ""),
        _values(entry.tb_frame.f_locals) if kind == "yours" else (),
    )


def kind_of(file: str) -> Kind:
    """Say whose code a file holds: the user's, a library's, or one that Trivet generated."""
    if file.startswith("<trivet "):
        return "generated"
    if file.startswith("<") or file.startswith(_LIBRARIES):
        return "library"
    return "yours"


def _mark(entry: TracebackType, line: str) -> tuple[int, int] | None:
    """Give the columns of what was being computed, unless that is the whole line."""
    positions = list(entry.tb_frame.f_code.co_positions())
    index = entry.tb_lasti // 2
    if not 0 <= index < len(positions):
        return None
    begin_line, end_line, begin, end = positions[index]
    if begin is None or end is None or begin_line != entry.tb_lineno or not line:
        return None
    encoded = line.encode("utf-8", "surrogatepass")  # Python counts columns in bytes
    start = len(encoded[:begin].decode("utf-8", "replace"))
    stop = len(encoded[:end].decode("utf-8", "replace")) if end_line == begin_line else len(line)
    return (start, stop) if line[start:stop].strip() != line.strip() else None


def _values(found: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    names = [
        name
        for name, value in found.items()
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, _DULL)
    ]
    return tuple((name, shown(name, found[name])) for name in names[:_MOST_VALUES])


def short_path(file: str) -> str:
    """Give a file below the current folder, or below one of Python's folders, without that."""
    for folder in (os.getcwd(), *sorted((p for p in sys.path if p), key=len, reverse=True)):
        if file.startswith(folder.rstrip(os.sep) + os.sep):
            return file[len(folder.rstrip(os.sep)) + 1 :]
    return file
