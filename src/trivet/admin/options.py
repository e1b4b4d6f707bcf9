"""What else may be said about an admin: ``Admin(history=False, requires_second_factor=True)``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

__all__ = ["AdminOptions"]


class AdminOptions(TypedDict, total=False):
    """Options of `Admin`, all of which have a default."""

    history: bool
    """True to write down what is changed, in a table beside the accounts; the default, but for a
    database that exists already."""
    requires_second_factor: bool
    """True to let nobody in by a password alone; False by default."""
    recent: float | None
    """Seconds after which who they are is to be proved again before rows are deleted or restored,
    actions are called and accounts changed; None, the default, for never."""
    views: bool
    """True to keep views of lists under names; the default, but for a database that is there
    already."""
    live: bool
    """True to let lists say that others changed rows, where the application has `Realtime`; the
    default."""
    theme: str | Path
    """A style sheet beside the file that says so, which comes last: it gives the variables of ours
    other values."""
    logo: str | Path
    """An image beside the file that says so, before the title."""
    groups: Sequence[str]
    """The order of the groups in the menu; those that are not named come behind."""
