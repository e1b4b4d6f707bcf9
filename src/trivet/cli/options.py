"""Options that several commands share, as records whose fields become options of the command.

A command is a plain function; a parameter whose type is a dataclass stands for all its fields.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

__all__ = ["AppArgument", "HeaderOption", "LoadOptions", "flatten", "headers_of"]

T = TypeVar("T")

_PANEL = "Application"

AppArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        help="module:attribute, a module, a file or a folder; without it the application is looked "
        "for in pyproject.toml and in main.py, app.py, api.py, app/main.py",
        show_default=False,
    ),
]

HeaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        "-H",
        metavar="NAME: VALUE",
        help="A header that the client sends, where routes of one path are told apart by it",
    ),
]


@dataclasses.dataclass(frozen=True, slots=True)
class LoadOptions:
    """Where the application is and how it is loaded; the same for every command."""

    app: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="APP", help="The same as the argument APP", rich_help_panel=_PANEL
        ),
    ] = None
    app_dir: Annotated[
        Path,
        typer.Option(
            "--app-dir",
            metavar="FOLDER",
            help="Look for APP in this folder, and import from it",
            show_default="the current one",
            rich_help_panel=_PANEL,
        ),
    ] = Path()
    factory: Annotated[
        bool,
        typer.Option(
            "--factory",
            help="APP is a function that makes the application; main:create_app() says the same",
            rich_help_panel=_PANEL,
        ),
    ] = False
    dropin: Annotated[
        str | None,
        typer.Option(
            "--dropin",
            metavar="FRAMEWORK",
            help="Let the imports of this framework find Trivet's parts: fastapi",
            rich_help_panel=_PANEL,
        ),
    ] = None
    env_file: Annotated[
        Path | None,
        typer.Option(
            "--env-file",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Read environment variables from this file first; those that are set already stay",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def target(self, argument: str | None = None) -> str | None:
        """Give what was typed for APP, as the argument or the option; both must agree."""
        if argument is not None and self.app is not None and argument != self.app:
            raise typer.BadParameter(
                f"APP is given twice: as {argument!r} and with --app {self.app!r}"
            )
        return argument if argument is not None else self.app


def headers_of(given: Sequence[str] | None) -> dict[str, str]:
    """Give the headers that were typed, by name."""
    found: dict[str, str] = {}
    for one in given or ():
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise typer.BadParameter('write a header as it is sent: --header "API-Version: 2"')
        found[name.strip()] = value.strip()
    return found


def flatten(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command's function with every record among its parameters replaced by its fields.

    A record may hold records. Names must differ, as those of a command's options do.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters: list[inspect.Parameter] = []
    records: dict[str, type] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        if _is_record(hint):
            records[name] = hint
            parameters += _fields(hint)
        else:
            parameters.append(
                parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
            )

    def command(**values: Any) -> T:  # Any: what the command line's own types gave
        for name, record in records.items():
            values[name] = _made(record, values)
        return function(**values)

    command.__name__ = function.__name__
    command.__doc__ = function.__doc__
    command.__module__ = function.__module__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(command)["__signature__"] = inspect.Signature(parameters)
    return command


def _is_record(hint: Any) -> bool:  # Any: a type expression
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _made(record: type, values: dict[str, Any]) -> Any:  # Any: an instance of `record`
    """Make a record of the values of its fields, which are taken out of `values`."""
    hints = get_type_hints(record)
    return record(
        **{
            field.name: _made(hints[field.name], values)
            if _is_record(hints[field.name])
            else values.pop(field.name)
            for field in dataclasses.fields(record)
        }
    )


def _fields(record: type) -> list[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    found: list[inspect.Parameter] = []
    for field in dataclasses.fields(record):
        if _is_record(hints[field.name]):
            found += _fields(hints[field.name])
            continue
        default = field.default
        if default is dataclasses.MISSING:
            default = inspect.Parameter.empty
        found.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=hints[field.name],
            )
        )
    return found
