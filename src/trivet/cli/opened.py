"""From the options of a command to a loaded application."""

from __future__ import annotations

from typing import Any

from trivet.app.application import App
from trivet.cli.find import CannotLoad, find
from trivet.cli.load import Loaded, load
from trivet.cli.options import LoadOptions

__all__ = ["open_any", "open_app"]


def open_any(options: LoadOptions, argument: str | None = None) -> Loaded:
    """Find and load the application that was asked for, of whatever kind."""
    place = find(options.target(argument), options.app_dir, is_factory=options.factory)
    return load(place, dropin=options.dropin)


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
