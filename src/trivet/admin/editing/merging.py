"""What was shown, what is stored now, and what was posted, laid side by side: nobody's change is
lost, and nobody's is overwritten unseen.

A form carries a fingerprint of each field as it was shown. Where somebody else changed a field
since, and this visitor did not, theirs stays; where both did, it is asked which. The fingerprints
come back from a browser, and are believed in nothing but this comparison.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from trivet.admin.editing.sheets import Sheet, prints_of
from trivet.admin.plan.readers import FieldPlan
from trivet.forms.bound import Part

__all__ = ["Difference", "Merged", "merged", "seen", "shown_of", "written"]

_LONGEST = 200_000  # characters of all fingerprints


@dataclass(frozen=True)
class Difference:
    """A field that two people changed; without `plan`, a row that one of them took away."""

    path: str
    sheet: Sheet
    """Where it stands as it is stored."""
    plan: FieldPlan | None = None
    mine: Part | None = None
    theirs: Part | None = None


@dataclass
class Merged:
    """What of a form is to be stored."""

    changed: set[str] = field(default_factory=set)
    """Paths of the fields that the visitor changed."""
    gone: set[str] = field(default_factory=set)
    """Paths of the rows that the visitor took away."""
    conflicts: list[Difference] = field(default_factory=list)


def written(prints: Mapping[str, str]) -> str:
    """Give fingerprints as they go into a form."""
    return json.dumps(prints, separators=(",", ":"))


def shown_of(text: str | None) -> dict[str, str] | None:
    """Read what comes back; None for what is none of ours."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {str(name): one for name, one in found.items() if isinstance(one, str)}


def seen(
    prints: Mapping[str, str], now: Mapping[str, str], conflicts: Sequence[Difference]
) -> dict[str, str]:
    """Give the fingerprints of somebody who has seen what is stored where both changed something.

    Whoever changes it a third time meanwhile is then noticed again.
    """
    paths = tuple(one.path for one in conflicts)
    return {
        path: now[path] if path in now and path.startswith(paths) else mark
        for path, mark in prints.items()
    }


def merged(
    mine: Sheet,
    theirs: Sheet,
    shown: Mapping[str, str] | None,
    given: Container[str],
    chosen: Mapping[str, str],
    blind: Mapping[str, str],
) -> Merged:
    """Compare what was posted with what is stored.

    `given` has the paths of the fields that were posted, `chosen` says ``theirs`` of those that
    shall stay as they are, and `blind` has what is stored of fields whose inputs do not hold it.
    """
    now, posted = prints_of(theirs, blind), prints_of(mine, {})
    found = Merged()
    stored = {one.path: one for one in theirs.every()}
    for sheet in mine.every():
        for path, plan, part in sheet.known():
            if path not in given:
                continue
            if sheet.path not in stored:
                found.changed.add(path)  # a row that is new
                continue
            if path not in now or (not plan.is_blind and posted[path] == now[path]):
                continue
            if chosen.get(path) == "theirs":
                continue
            before = now[path] if shown is None else shown.get(path, now[path])
            if before == now[path]:
                found.changed.add(path)
            elif plan.is_blind or posted[path] != before:
                other = stored[sheet.path]
                found.conflicts.append(Difference(path, other, plan, part, other.fields[plan.name]))
    _take_away(found, mine, stored, now, shown or {}, chosen)
    return found


def _take_away(
    found: Merged,
    mine: Sheet,
    stored: Mapping[str, Sheet],
    now: Mapping[str, str],
    shown: Mapping[str, str],
    chosen: Mapping[str, str],
) -> None:
    """Find the rows that were shown and did not come back."""
    posted = {one.path for one in mine.every()}
    absent: set[str] = set()
    for path, sheet in stored.items():
        if not path or path in posted or path not in shown or _is_below(path, absent):
            continue
        absent.add(path)
        is_changed = any(
            name in shown and shown[name] != now[name] for name in now if name.startswith(path)
        )
        if chosen.get(path) == "theirs":
            continue
        if is_changed:
            found.conflicts.append(Difference(path, sheet))
        else:
            found.gone.add(path)


def _is_below(path: str, absent: set[str]) -> bool:
    return any(path.startswith(one) for one in absent)
