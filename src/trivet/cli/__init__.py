"""The command line, `trivet`: one door, one module for each command, imported when it is called.

A command is a plain function in a module of its own; the table here says what it is called and
where it is. Exit codes: 0 fine, 1 problems were found, 2 it was typed wrongly, 3 the application
cannot be loaded, 130 interrupted.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from trivet.cli.options import flatten
from trivet.cli.terminal import Pen
from trivet.cli.trouble import EXIT_CANNOT_LOAD, tell
from trivet.errors import SetupError

__all__ = ["main"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a command is, and its line in the list of commands."""

    module: str
    function: str
    help: str
    panel: str


_SERVE, _LOOK, _MAKE = "Serve", "Look inside", "Make and try"

_COMMANDS = {
    "dev": _Entry("serve", "dev", "Serve while you write: reload, debug pages", _SERVE),
    "run": _Entry("serve", "run", "Serve real traffic", _SERVE),
    "routes": _Entry("routes", "routes", "List the routes", _LOOK),
    "explain": _Entry("explain", "explain", "Say what happens to one request", _LOOK),
    "openapi": _Entry("openapi", "openapi", "Write the OpenAPI document", _LOOK),
    "check": _Entry("check", "check", "Look for mistakes, and for what production lacks", _LOOK),
    "new": _Entry("new", "new", "Begin a file or a small project", _MAKE),
    "shell": _Entry("shell", "shell", "Open a Python prompt with the application in it", _MAKE),
}


class _Commands(TyperGroup):
    """The commands of the table; a command's module is imported when it is called.

    `Any` below stands for classes that Typer keeps private.
    """

    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if self._is_listing:
            return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel)
        module = importlib.import_module(f"trivet.cli.{entry.module}")
        holder = typer.Typer(add_completion=False, rich_markup_mode="rich")
        holder.command(cmd_name)(flatten(getattr(module, entry.function)))
        return typer.main.get_command(holder)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._is_listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self._is_listing = True
        return super().shell_complete(ctx, incomplete)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        parts = [f"{name} {metadata.version(name)}" for name in ("trivet", "starlette", "uvicorn")]
        print(", ".join([*parts, f"Python {platform.python_version()}"]))
        raise typer.Exit


def _trivet(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say the versions and stop", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Trivet: one Python web framework, small to start, typed and fast, complete.

    APP is the same for every command: module:attribute, a module, a file or a folder.

    Without it the application is looked for in pyproject.toml
    (\\[tool.trivet] app = "module:attribute") and in main.py, app.py, api.py and app/main.py,
    under the names app, application, api, create_app() and make_app().
    """


_EPILOG = """\
[bold]Examples[/bold]

\b
  trivet new blog                 begin a project
  trivet dev                      serve what is in this folder, reload on change
  trivet run shop.web:app --workers 4 --host 0.0.0.0
  trivet explain GET /users/3     what happens to this request
  trivet check --deploy           what is missing for production

Exit codes: 0 fine, 1 problems found, 2 wrong usage, 3 the application cannot be loaded.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; `arguments` are those of the process where none are given.

    Ends with `SystemExit` and the exit code, always.
    """
    holder = typer.Typer(
        cls=_Commands,
        no_args_is_help=True,
        epilog=_EPILOG,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    holder.callback()(_trivet)
    command = typer.main.get_command(holder)
    try:
        command.main(args=None if arguments is None else list(arguments), prog_name="trivet")
    except SetupError as error:
        tell(error, Pen(sys.stderr))
        sys.exit(EXIT_CANNOT_LOAD)
