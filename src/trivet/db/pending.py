"""Whether a database has all migrations that these files know; asked while the service runs.

A service has no Alembic in it. The files are read, and not run; what is compared are names. A
database that is further than the files is no fault: the next version has migrated it, and this one
serves until it is replaced.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.concurrency import run_in_thread
from trivet.errors import TrivetError

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["MigrationsPending", "Pending"]

_APPLIED = "SELECT version_num FROM alembic_version"


class MigrationsPending(TrivetError):
    """The database is not yet as the models of this version want it."""


class Pending:
    """Asks one database; its files are read with the first question."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before: dict[str, frozenset[str]] | None = None

    async def ask(self) -> str:
        """Say how far the database is; raises `MigrationsPending`."""
        if self._before is None:
            self._before = await run_in_thread(_read, self._database.migrations)
        known = self._before
        heads = set(known) - {one for before in known.values() for one in before}
        if not heads:
            return "none"
        applied = await self._applied()
        if applied >= heads:
            return f"at {', '.join(sorted(heads))}"
        if applied - set(known):
            return f"at {', '.join(sorted(applied))}, which is newer than this version"
        missing = _missing(known, applied)
        raise MigrationsPending(
            f"{missing} to be applied; the newest is {', '.join(sorted(heads))}: trivet migrate"
        )

    async def _applied(self) -> set[str]:
        database = self._database
        try:
            rows = await database.driver.unwatched.rows(_APPLIED, ())
        except Exception as error:
            meant = database.meaning(error)
            if _says_no_table(meant):
                return set()
            raise meant from error
        return {str(row[0]) for row in rows}


def _says_no_table(error: BaseException) -> bool:
    """Tell whether there is no table of versions yet; each database has its own words."""
    text = str(error).lower()
    return "alembic_version" in text and ("no such table" in text or "exist" in text)


def _missing(known: dict[str, frozenset[str]], applied: set[str]) -> str:
    done: set[str] = set()
    left = list(applied)
    while left:
        one = left.pop()
        if one in known and one not in done:
            done.add(one)
            left.extend(known[one])
    count = len(known) - len(done)
    return f"{count} migration is" if count == 1 else f"{count} migrations are"


def _read(folder: Path) -> dict[str, frozenset[str]]:
    """Give each migration of a folder, with those before it."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(folder.glob("*.py")):
        values = _values(ast.parse(path.read_text(encoding="utf-8")))
        revision, before = values.get("revision"), values.get("down_revision")
        if isinstance(revision, str):
            names = (before,) if isinstance(before, str) else before or ()
            found[revision] = frozenset(names)
    return found


def _values(tree: ast.Module) -> dict[str, Any]:  # Any: strings, tuples of them, or None
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in ("revision", "down_revision"):
                found[target.id] = ast.literal_eval(value)
    return found
