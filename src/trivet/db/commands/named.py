"""The commands of several databases: each is told which one it is about, `--database analytics`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from trivet.db.commands.data import DataCommands
from trivet.db.migrate.commands import Commands
from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["commands_of"]

Command = Callable[..., Any]


def commands_of(databases: Sequence[Database]) -> list[Command]:
    """Give the commands of an application's databases, which are the first one's by default."""
    by_name = {
        one.name: {
            command.__name__: command
            for command in (
                *Commands(one, one.migrations, one.metadata).all(),
                *DataCommands(one).all(),
            )
        }
        for one in databases
    }
    first = databases[0].name
    if len(databases) == 1:
        return list(by_name[first].values())
    return [_choosing(name, first, by_name) for name in by_name[first]]


def _choosing(name: str, first: str, by_name: dict[str, dict[str, Command]]) -> Command:
    """Give a command with one more option, which says whose it is."""
    command = by_name[first][name]

    @wraps(command)
    async def chosen(*args: Any, database: str = first, **values: Any) -> None:
        found = by_name.get(database)
        if found is None:
            raise SetupError(
                f"no database of this application is called {database!r}",
                code="db.unknown-database",
                mend=f"--database, and one of: {', '.join(by_name)}",
            )
        await found[name](*args, **values)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(
        "database", inspect.Parameter.KEYWORD_ONLY, default=first, annotation=str
    )
    changed = signature.replace(parameters=[*signature.parameters.values(), option])
    chosen.__signature__ = changed  # type: ignore[attr-defined]
    chosen.__annotations__ = {one.name: one.annotation for one in changed.parameters.values()}
    chosen.__doc__ = (
        f"{inspect.getdoc(command)}\n\n"
        f"--database says of which one: {', '.join(by_name)}; the first where it is left out."
    )
    return chosen
