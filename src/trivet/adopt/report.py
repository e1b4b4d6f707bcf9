"""What was found in a project and what becomes of it, as notes with a place each.

Four kinds, in this order: what is there, what is rewritten, what stays as it is and still runs,
and what a person must decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Kind", "Note", "report_of"]


class Kind(StrEnum):
    """What a note says of its place."""

    FOUND = "found"
    REWRITTEN = "rewritten"
    STAYS = "stays"
    DECIDE = "decide"


_TITLES = {
    Kind.FOUND: "Found",
    Kind.REWRITTEN: "Rewritten",
    Kind.STAYS: "Stays as it is, and runs",
    Kind.DECIDE: "For you to decide",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing about one place; `place` is ``app.py:12``, a file, or empty for the whole."""

    kind: Kind
    place: str
    what: str
    mend: str = ""
    """The line to write, or what to do; empty where nothing is to be done."""

    def as_dict(self) -> dict[str, str]:
        """Give it as plain data."""
        return {"kind": self.kind, "place": self.place, "what": self.what, "mend": self.mend}


def report_of(notes: Iterable[Note]) -> str:
    """Give all notes as text, by kind, each with its place before it."""
    given = list(notes)
    parts = [_section(_TITLES[kind], [one for one in given if one.kind is kind]) for kind in Kind]
    return "\n".join(part for part in parts if part)


def _section(title: str, notes: Sequence[Note]) -> str:
    if not notes:
        return ""
    width = min(max(len(note.place) for note in notes), 44)
    lines = [f"{title} ({len(notes)})"]
    for note in notes:
        lines.append(f"  {note.place:<{width}}  {note.what}".rstrip())
        lines += [f"  {'':<{width}}    {line}" for line in note.mend.splitlines()]
    return "\n".join([*lines, ""])
