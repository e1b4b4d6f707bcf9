"""From the options of a command to a loaded application."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from trivet.app.application import App
from trivet.cli.find import CannotLoad, Place, find
from trivet.cli.load import Loaded, load
from trivet.cli.options import LoadOptions

__all__ = ["locate", "open_any", "open_app"]

# python-dotenv, which comes with pydantic-settings; by name, for the few runs that read a file.
_READER = "dotenv"


def locate(options: LoadOptions, argument: str | None = None) -> Place:
    """Find the application that was asked for, with its environment read and nothing imported."""
    if options.env_file is not None:
        _read_environment(options.env_file)
    return find(options.target(argument), options.app_dir, is_factory=options.factory)


def _read_environment(file: Path) -> None:
    reader: Any = importlib.import_module(_READER)  # Any: see _READER
    reader.load_dotenv(file)


def open_any(options: LoadOptions, argument: str | None = None) -> Loaded:
    """Find and load the application that was asked for, of whatever kind."""
    return load(locate(options, argument), dropin=options.dropin)


def open_app(options: LoadOptions, argument: str | None = None) -> App:
    """Find and load the application, which must be one of Trivet's.

    Raises `CannotLoad` for any other: it can be served, and has nothing that we could look into.
    """
    loaded = open_any(options, argument)
    app: Any = loaded.app  # Any: also other frameworks' applications
    if isinstance(app, App):
        return app
    kind = f"{type(app).__module__}.{type(app).__qualname__}"
    is_fastapi = kind.startswith("fastapi.")
    raise CannotLoad(
        f"{loaded.place.import_string} is a {kind}, not a trivet.App",
        code="cli.not-a-trivet-app",
        mend="run it on Trivet's parts: --dropin fastapi"
        if is_fastapi
        else "this command looks inside Trivet's applications; dev and run serve any",
    )
