"""Whether the folder of a front end is there, and what to say where it is not."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Literal

from trivet.errors import SetupError

__all__ = ["must_exist", "no_fallback", "no_folder"]


def must_exist(
    directory: str | os.PathLike[str], check_dir: bool | Literal["auto"], development: bool
) -> bool:
    """Tell whether a folder is checked at once; warns where "auto" lets it be missing."""
    if check_dir != "auto":
        return check_dir
    if development and not os.path.isdir(directory):
        warnings.warn(_missing(directory), UserWarning, stacklevel=_level_of_caller())
    return not development


def _level_of_caller() -> int:
    """Count the frames up to the first that is not Trivet's, for a warning that points there."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].split(".")[0] == "trivet":
        frame = frame.f_back
        level += 1
    return level


def _missing(directory: str | os.PathLike[str]) -> str:
    shown, full = os.fspath(directory), os.path.realpath(directory)
    return f"the folder of a front end, {shown!r}, does not exist (looked for {full})"


def no_folder(directory: str | os.PathLike[str]) -> SetupError:
    """Give the error of a folder that is not there."""
    return SetupError(
        _missing(directory),
        code="routing.frontend-folder",
        mend="build the front end first, or name the folder that its build writes",
    )


def no_fallback(name: str, directory: str | os.PathLike[str]) -> SetupError:
    """Give the error of a fallback page that was asked for and is not there."""
    shown, full = os.fspath(directory), os.path.realpath(directory)
    return SetupError(
        f"the fallback file {name!r} does not exist in the directory {shown!r} ({full})",
        code="routing.frontend-fallback",
        mend='fallback="auto" takes what is there; None answers 404',
    )
