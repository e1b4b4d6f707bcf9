"""The folder of migrations: numbered Python files, each of which names the one before it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from trivet.errors import SetupError

__all__ = ["Folder", "slug"]

_LONGEST = 32  # letters of a name in the table of versions, which is Alembic's
_NUMBER = re.compile(r"(\d+)_")


def slug(text: str) -> str:
    """Give a text as a part of a file's name: lower case, words joined by `_`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


class Folder:
    """The migrations of one application; the folder need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        where = path if path.is_dir() else path.parent
        self.scripts = ScriptDirectory(str(where), version_locations=[str(path)])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Translate what Alembic says of files that do not fit together."""
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message="Revision .* is not present")
                yield
        except SetupError:
            raise
        except (CommandError, RevisionError, UserWarning) as error:
            raise SetupError(
                f"the migrations in {self.path} do not fit: {error}",
                code="db.migration-files",
                where=str(self.path),
                mend="each file has `revision`, and `down_revision` names the one before it",
            ) from error
        except Exception as error:
            raise SetupError(
                f"a migration in {self.path} cannot be imported: {type(error).__name__}: {error}",
                code="db.migration-broken",
                where=_place(error, self.path),
                mend="mend the file, or delete it if it was never applied",
            ) from error

    def all(self) -> list[Script]:
        """Give every migration, the first one first."""
        with self.reading():
            return list(reversed(list(self.scripts.walk_revisions())))

    def heads(self) -> list[str]:
        """Give the migrations that none follows: one, or several after two branches met."""
        with self.reading():
            return list(self.scripts.get_heads())

    def find(self, target: str) -> Script:
        """Give the migration of a name, its beginning, or a number; raises `SetupError`."""
        known = self.all()
        number = target.zfill(4) if target.isdigit() else target
        exact = [one for one in known if target in (one.revision, Path(one.path).stem)]
        found = exact or [one for one in known if Path(one.path).stem.startswith(number)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(Path(one.path).stem for one in known) or "none is there"
        how_many = "no migration" if not found else "more than one migration"
        raise SetupError(
            f"{how_many} in {self.path} is called {target!r}",
            code="db.migration-target",
            mend=f"zero, or one of: {names}",
        )

    def next_number(self) -> int:
        """Give the number of the next file."""
        numbers = [
            int(found[1]) for one in self.all() if (found := _NUMBER.match(Path(one.path).name))
        ]
        return max(numbers, default=0) + 1

    def name_next(self, name: str) -> tuple[Path, str]:
        """Give the next file and its name in the table of versions."""
        stem = f"{self.next_number():04}_{slug(name) or 'change'}"
        return self.path / f"{stem}.py", stem[:_LONGEST].rstrip("_")

    def write(self, path: Path, text: str) -> None:
        """Write a migration, and read it back as Alembic does."""
        self.path.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.scripts = ScriptDirectory(str(self.path), version_locations=[str(self.path)])


def _place(error: BaseException, folder: Path) -> str | None:
    """Give file and line of the user's migration in a traceback."""
    found = None
    trace: Any = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if Path(file).parent == folder:
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
