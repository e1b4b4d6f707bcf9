"""The command line, `trivet`: one door, one module for each command, imported when it is called.

A command is a plain function in a module of its own; the table here says what it is called and
where it is. Others come from the parts of the application, which is imported to know them: for the
list of commands, and for a word that is none of ours. Exit codes: 0 fine, 1 problems were found,
2 it was typed wrongly, 3 the application cannot be loaded, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from trivet.cli.find import CannotFindApp, find
from trivet.cli.options import LoadOptions, flatten
from trivet.cli.trouble import EXIT_CANNOT_LOAD, tell
from trivet.errors import SetupError
from trivet.terminal import Pen

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
    "openapi diff": _Entry(
        "openapi_diff", "diff", "Say what changed between two documents, and what breaks", _LOOK
    ),
    "tools": _Entry("tools", "tools", "Write the routes that models may call, as JSON", _LOOK),
    "check": _Entry("check", "check", "Look for mistakes, and for what production lacks", _LOOK),
    "admin": _Entry("admin", "admin", "Open an admin on a database that is there already", _MAKE),
    "new": _Entry("new", "new", "Begin a file or a small project", _MAKE),
    "client python": _Entry("client", "python", "Write a typed Python client", _MAKE),
    "client typescript": _Entry("client", "typescript", "Write a typed TypeScript client", _MAKE),
    "shell": _Entry("shell", "shell", "Open a Python prompt with the application in it", _MAKE),
}


# By name, as the modules of the table: it imports the framework and the application.
_OF_PARTS = "part_commands"


class _Commands(TyperGroup):
    """The commands of the table, and those of the application's parts.

    A command's module is imported when it is called. `Any` below stands for classes that Typer
    keeps private.
    """

    _is_listing = False
    _parts: dict[str, Any] | None = None
    _trouble: SetupError | None = None

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_COMMANDS, *self._listed_parts(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            if self._is_listing:
                return self._listed_parts(ctx).get(cmd_name)
            return self._part_command(ctx, cmd_name)
        if self._is_listing:
            return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel)
        module = importlib.import_module(f"trivet.cli.{entry.module}")
        holder = typer.Typer(add_completion=False, rich_markup_mode="rich")
        holder.command(cmd_name)(flatten(getattr(module, entry.function)))
        command = typer.main.get_command(holder)
        for param in command.params:
            _leave_default(param)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; two words may be one: `openapi diff`, `client python`."""
        name = " ".join(args[:2])
        if len(args) > 1 and name in _COMMANDS:
            return name, self.get_command(ctx, name), args[2:]
        seconds = [two[1] for one in _COMMANDS if (two := one.split(" "))[1:] and two[0] == args[0]]
        if seconds and args[0] not in _COMMANDS:
            wanted = " or ".join(f"'{args[0]} {one}'" for one in seconds)
            raise typer.BadParameter(f"'{args[0]}' takes one more word: {wanted}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        # Options before a command of ours are defaults of its own.
        given = {name: value for name, value in ctx.params.items() if value}
        ctx.default_map = dict.fromkeys(_COMMANDS, given)
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._is_listing = True
        super().format_help(ctx, formatter)
        if self._trouble is not None:
            pen = Pen(sys.stderr)
            pen.write(f"Without the commands of its parts: {_in_short(self._trouble)}")

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self._is_listing = True
        if any(name.startswith(incomplete) for name in _COMMANDS):
            self._parts = {}  # what is typed may be one of ours: the application is not imported
        return super().shell_complete(ctx, incomplete)

    def _listed_parts(self, ctx: Any) -> dict[str, Any]:
        """Give the commands of the parts; none where that fails, which is told in the end."""
        if self._parts is None:
            try:
                self._parts = self._find_parts(ctx)
            except SetupError as error:
                self._parts, self._trouble = {}, error
        return self._parts

    def _part_command(self, ctx: Any, name: str) -> Any:
        """Give the command of a part; None for a word that is rather a mistyped one of ours."""
        try:
            return self._find_parts(ctx).get(name)
        except SetupError:
            if get_close_matches(name, _COMMANDS, n=1):
                return None
            raise

    def _find_parts(self, ctx: Any) -> dict[str, Any]:
        options = _load_options(ctx.params)
        try:
            # Looking for it costs little; importing it is the rest of the way.
            find(options.target(), options.app_dir, is_factory=options.factory)
        except CannotFindApp:
            if options.app is None:
                return {}
            raise
        module = importlib.import_module(f"trivet.cli.{_OF_PARTS}")
        found: dict[str, Any] = module.find_commands(options, _COMMANDS)
        return found


def _leave_default(param: Any) -> None:  # Any: a class that Typer keeps private
    """Take what was not typed as it stands.

    Typer makes a validator for it first, and `run` has 59 options: 90 of the 550 ms from its start
    to its first answer (benchmarks: startup).
    """
    process = param.process_value

    def processed(ctx: Any, value: Any) -> Any:
        is_plain = value is None or type(value) in (bool, int, float)
        if is_plain and not (param.multiple or param.nargs != 1 or param.required):
            is_default = ctx.get_parameter_source(param.name).name.startswith("DEFAULT")
            if is_default and param.callback is None:
                return value
        return process(ctx, value)

    param.process_value = processed


def _load_options(params: dict[str, Any]) -> LoadOptions:  # Any: values of options
    """Give the options before the command, as far as they were read."""
    given = {one.name: params[one.name] for one in fields(LoadOptions) if params.get(one.name)}
    for name in ("app_dir", "env_file"):
        if name in given:
            given[name] = Path(given[name])
    return LoadOptions(**given)


def _in_short(error: SetupError) -> str:
    """Give an error as one line."""
    text = error.what.splitlines()[0]
    cause = error.__cause__
    if cause is None or isinstance(cause, SetupError):
        return text
    return f"{text} ({type(cause).__name__}: {cause})".splitlines()[0]


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        parts = [f"{name} {metadata.version(name)}" for name in ("trivet", "starlette", "uvicorn")]
        print(", ".join([*parts, f"Python {platform.python_version()}"]))
        raise typer.Exit


def _trivet(
    options: LoadOptions,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say the versions and stop", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Trivet: one Python web framework, small to start, typed and fast, complete.

    Parts of the application may bring more commands; they are listed below where one is found.

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
  trivet --app shop.web:app seed  run a command of one of its parts
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
    holder.callback()(flatten(_trivet))
    # Nothing that is imported is garbage; to look for some takes a tenth of the start.
    gc.disable()
    command = typer.main.get_command(holder)
    for param in command.params:
        param.is_eager = True  # read before --help, which asks where the application is
    try:
        command.main(args=None if arguments is None else list(arguments), prog_name="trivet")
    except SetupError as error:
        tell(error, Pen(sys.stderr))
        sys.exit(EXIT_CANNOT_LOAD)
    finally:
        gc.enable()
