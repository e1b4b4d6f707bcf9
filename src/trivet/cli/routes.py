"""`trivet routes`: what the application answers, in the order in which it looks."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trivet.cli.listing import Listed, list_routes
from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, LoadOptions
from trivet.terminal import Pen

__all__ = ["routes"]

_KINDS = {"websocket": "WS", "mount": "MOUNT", "host": "HOST"}


def routes(
    options: LoadOptions,
    argument: AppArgument = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a JSON array, for scripts")
    ] = False,
) -> None:
    """List the routes in the order in which they are tried.

    Each with its methods, path, name, and the file and line of its handler.
    """
    app = open_app(options, argument)
    found = list(list_routes(app.routes))
    if as_json:
        print(json.dumps([route.as_dict() for route in found], indent=2))
        return
    pen = Pen()
    rows = [(_methods(route), _path(route), route.name, route.where) for route in found]
    pen.table(("METHODS", "PATH", "NAME", "HANDLER"), rows, ("good", "strong", "", "dim"))


def _methods(route: Listed) -> str:
    return _KINDS.get(route.kind) or ",".join(route.methods) or "ANY"


def _path(route: Listed) -> str:
    return route.path if route.when is None else f"{route.path}  [{route.when}]"
