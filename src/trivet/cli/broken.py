"""What the user's code raises while it is imported, by the frames of the user's own files alone."""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from trivet.cli.find import CannotLoad
from trivet.errors import SetupError

__all__ = ["AppBroke", "Frame", "broke", "short_path", "user_frames"]

_PACKAGE = Path(__file__).parents[1]
_ELSEWHERE = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(_PACKAGE)}
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of the user's code on the way to an error."""

    file: str
    line: int
    function: str
    text: str

    @property
    def place(self) -> str:
        """Give file:line, the file as it is seen from the current folder."""
        return f"{short_path(self.file)}:{self.line}"


class AppBroke(CannotLoad):
    """The user's code raised while it was imported or while its factory was called."""

    def __init__(self, what: str, *, cause: BaseException, frames: list[Frame]) -> None:
        super().__init__(
            what,
            code=cause.code if isinstance(cause, SetupError) else "cli.app-broke",
            where=frames[-1].place if frames else None,
            mend=_mend(cause, frames),
        )
        self.cause = cause
        self.frames = frames


def broke(what: str, error: BaseException) -> AppBroke:
    """Make the error that says what did not work, from what the user's code raised."""
    return AppBroke(what, cause=error, frames=user_frames(error.__traceback__, error))


def user_frames(tb: TracebackType | None, error: BaseException | None = None) -> list[Frame]:
    """Give the frames of a traceback that are the user's, the innermost last."""
    frames = [
        Frame(
            frame.filename,
            frame.lineno or 0,
            frame.name,
            linecache.getline(frame.filename, frame.lineno or 0).strip(),
        )
        for frame in traceback.extract_tb(tb)
        if _is_users(frame.filename)
    ]
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename):
        text = (error.text or "").strip("\n")
        mark = " " * ((error.offset or 1) - 1) + "^"
        indent = len(text) - len(text.lstrip())
        frames.append(
            Frame(
                error.filename,
                error.lineno or 0,
                "<syntax>",
                f"{text[indent:]}\n{mark[indent:]}" if text else "",
            )
        )
    return frames


def _is_users(file: str) -> bool:
    return not file.startswith(("<", *_ELSEWHERE))


def short_path(file: str) -> str:
    """Give a file as it is seen from the current folder."""
    path = Path(file)
    # Our own files by the names that they are imported by, wherever they are installed.
    root = _PACKAGE.parent if path.is_relative_to(_PACKAGE) else Path.cwd()
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def _mend(error: BaseException, frames: list[Frame]) -> str | None:
    """Give the usual way out of an error that importing an application often meets."""
    match error:
        case SetupError():
            return error.mend
        case ModuleNotFoundError(name="fastapi"):
            return "pip install fastapi, or run it on Trivet's parts: --dropin fastapi"
        case ModuleNotFoundError(name=str() as name):
            package = name.split(".")[0]
            return (
                f"pip install the package that has {package!r}, or, if it is yours, say where it "
                "is: --app-dir FOLDER"
            )
        case ImportError(path=str() as path) if _is_half_imported(path, frames):
            if path == frames[-1].file:
                return f"{short_path(path)} imports itself: was another module of that name meant?"
            return "two modules import each other: move what both need into a third"
        case ImportError(name=str() as name):
            return f"look for that name in {name}"
        case SystemExit():
            return 'what runs or ends a process belongs under `if __name__ == "__main__":`'
        case KeyError(args=[str() as key]) if key.isupper():
            return f"set {key} in the environment, or in a file given with --env-file"
        case _:
            return None


def _is_half_imported(file: str, frames: list[Frame]) -> bool:
    """Tell whether a module was still being run; Python's own words on this differ by version."""
    return any(frame.file == file and frame.function == "<module>" for frame in frames)
