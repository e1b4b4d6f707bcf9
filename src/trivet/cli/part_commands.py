"""The commands that the parts of an application bring, as commands of `trivet`.

Imported only where an application was found: to list its commands, or to run one.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Collection
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from trivet.app.application import App
from trivet.app.part import CommandGroup, Part
from trivet.cli.broken import broke
from trivet.cli.opened import open_any
from trivet.cli.options import LoadOptions
from trivet.errors import SetupError

__all__ = ["find_commands"]


def find_commands(options: LoadOptions, taken: Collection[str]) -> dict[str, Any]:
    """Give the commands of the parts of the application, by name, in the order of the parts.

    Imports the application; raises `CannotLoad` where that fails, and `SetupError` for a name that
    stands in `taken` or comes twice. `Any` are Typer's classes, which it keeps private.
    """
    app = open_any(options).app
    if not isinstance(app, App):
        return {}
    found: dict[str, Any] = {}
    owners: dict[str, str] = {}
    for part in app.parts.values():
        owner = part.name or type(part).__name__
        for given in _given(part, owner):
            command = _command(given)
            name = str(command.name)
            if name in taken or name in found:
                whose = f"the part {owners[name]!r}" if name in owners else "trivet itself"
                raise SetupError(
                    f"the part {owner!r} brings the command {name!r}, which is one of {whose}",
                    code="cli.command-taken",
                    mend=f"give it another name, such as {owner}-{name}",
                )
            command.rich_help_panel = f"Of the part {owner}"
            found[name], owners[name] = command, owner
    return found


def _given(part: Part, owner: str) -> list[Any]:  # Any: see Part.commands
    try:
        return list(part.commands())
    except Exception as error:
        raise broke(f"the part {owner!r} did not give its commands", error) from error


def _command(given: Any) -> Any:  # Any: see find_commands
    """Make a command of a function, a Typer application, or a command of Typer's or Click's."""
    if isinstance(given, TyperCommand | TyperGroup):
        return given
    if isinstance(given, CommandGroup):
        return _group(given)
    if isinstance(given, typer.Typer):
        command = typer.main.get_command(given)
        name = given.info.name
        command.name = getattr(name, "value", name) or command.name
        return command
    if hasattr(given, "main") and hasattr(given, "get_short_help_str"):
        return _ClickCommand(given)
    if not callable(given):
        raise SetupError(
            f"{given!r} cannot be a command",
            code="cli.not-a-command",
            mend="a function, a typer.Typer() with a name, or a command of Click's",
        )
    holder = typer.Typer(add_completion=False, rich_markup_mode="rich")
    holder.command()(_typed(given))
    return typer.main.get_command(holder)


def _group(given: CommandGroup) -> Any:  # Any: see find_commands
    holder = typer.Typer(
        name=given.name,
        help=given.help,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
    )
    holder.callback()(lambda: None)  # a group of one command is a group too
    for name, function in given.commands.items():
        holder.command(name)(_typed(function))
    command = typer.main.get_command(holder)
    command.name, command.help = given.name, given.help
    return command


def _typed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function as Typer reads it."""
    plain = _plain(function) if inspect.iscoroutinefunction(function) else function
    return _with_arguments(plain)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a plain function that runs an async one in an event loop of its own."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return asyncio.run(function(*args, **kwargs))

    return run


def _with_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let parameters before `/` be arguments, though they have a default; Typer makes options."""
    signature = inspect.signature(function, eval_str=True)
    given = signature.parameters.values()
    first = [one.name for one in given if one.kind is inspect.Parameter.POSITIONAL_ONLY]
    if not first:
        return function

    @functools.wraps(function)
    def run(**values: Any) -> Any:
        return function(*[values.pop(name) for name in first], **values)

    changed = [
        one.replace(
            annotation=Annotated[one.annotation, typer.Argument(show_default=False)],
            kind=inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        if one.name in first
        else one
        for one in given
    ]
    run.__signature__ = signature.replace(parameters=changed)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in changed}
    return run


class _ClickCommand(TyperCommand):
    """A command of Click's own, which Typer's group cannot hold: it reads its words itself."""

    def __init__(self, command: Any) -> None:  # Any: Click is not among what Trivet needs
        super().__init__(command.name, help=command.help, hidden=command.hidden)
        self._command = command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return []

    def invoke(self, ctx: Any) -> Any:
        return self._command.main(args=ctx.args, prog_name=ctx.command_path)
