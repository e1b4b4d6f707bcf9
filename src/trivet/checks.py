"""Findings: what is wrong or unwise about an application, before it serves anybody.

A part brings checks; whoever asks collects their findings and reports them. This file knows nothing
of what is checked. Invariant: collecting never raises because of a check; a check that breaks is a
finding itself.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from trivet.errors import SetupError

__all__ = ["Check", "Finding", "Level", "collect", "has_errors", "report"]


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """It does not work, or it is not safe; `trivet check` fails."""

    WARNING = "warning"
    """It works, and probably not as it was meant."""

    INFO = "info"
    """Worth knowing; nothing has to be done."""


_ORDER = {level: place for place, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know about an application.

    `code` is stable and may be silenced or looked up by it (``routes.never-reached``); `message`
    says what was found, `where` is a file and line of the user's code, `hint` is the mend.
    """

    level: Level
    code: str
    message: str
    hint: str | None = None
    where: str | None = None

    @classmethod
    def of_error(cls, error: SetupError) -> Finding:
        """Make a finding of a setup error that was raised."""
        return cls(Level.ERROR, error.code, error.what, error.mend, error.where)

    def as_dict(self) -> dict[str, str | None]:
        """Give the finding as a JSON object."""
        return {**asdict(self), "level": self.level.value}

    def __str__(self) -> str:
        lines = [f"{self.level.value}: {self.message} [{self.code}]"]
        if self.where:
            lines.append(f"  at {self.where}")
        if self.hint:
            lines.append(f"  instead: {self.hint}")
        return "\n".join(lines)


Check = Callable[[], Iterable[Finding]]
"""A function without arguments that gives its findings, none where all is well."""


def collect(checks: Iterable[Check], *, silenced: Iterable[str] = ()) -> list[Finding]:
    """Run the checks and give what they find, worst first, otherwise in the order of the checks.

    Findings with a code in `silenced` are left out. A check that raises `SetupError` has found just
    that; any other error becomes an error finding with the code ``checks.crashed``.
    """
    quiet = frozenset(silenced)
    found: list[Finding] = []
    for check in checks:
        try:
            # One by one: what a check found before it broke still counts.
            found.extend(check())
        except SetupError as error:
            found.append(Finding.of_error(error))
        except Exception as error:
            found.append(_crashed(check, error))
    kept = [finding for finding in found if finding.code not in quiet]
    return sorted(kept, key=lambda finding: _ORDER[finding.level])


def _crashed(check: Check, error: Exception) -> Finding:
    name = getattr(check, "__qualname__", None) or repr(check)
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return Finding(
        Level.ERROR,
        "checks.crashed",
        f"the check {name} broke: {type(error).__name__}: {error}",
        "mend the check, or silence the code of what it looks for",
        f"{last.filename}:{last.lineno}" if last else None,
    )


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether one of the findings is an error."""
    return any(finding.level is Level.ERROR for finding in findings)


def report(findings: Sequence[Finding]) -> str:
    """Write the findings as text, one paragraph each, and a last line that counts them."""
    if not findings:
        return "no findings"
    counts = [
        f"{count} {level.value}{'' if count == 1 or level is Level.INFO else 's'}"
        for level in Level
        if (count := sum(finding.level is level for finding in findings))
    ]
    return "\n\n".join([*map(str, findings), ", ".join(counts)])
