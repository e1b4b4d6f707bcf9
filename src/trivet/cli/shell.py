"""`trivet shell`: a Python prompt with the application, a client, and what its module offers."""

from __future__ import annotations

import code
import importlib.util
import platform
import sys
from typing import Annotated, Any

import typer

from trivet.cli.listing import list_routes
from trivet.cli.opened import open_any
from trivet.cli.options import AppArgument, LoadOptions
from trivet.terminal import Pen

__all__ = ["shell"]

# By name: it is the user's to install, and nothing of ours needs it.
_IPYTHON = "IPython"
# By name: it needs an HTTP library, which is not among what Trivet itself needs.
_CLIENT_MODULE = "starlette.testclient"


def shell(
    options: LoadOptions,
    argument: AppArgument = None,
    command: Annotated[
        str | None,
        typer.Option("--command", "-c", metavar="CODE", help="Run this and stop"),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Python's own prompt, even where IPython is installed")
    ] = False,
) -> None:
    """Open a Python prompt with the application in it.

    There are app, client (which calls it without a server) and the public names of its module.

    \b
      trivet shell
      trivet shell -c "print(client.get('/health').json())"
    """
    loaded = open_any(options, argument)
    names = _names(loaded.app, loaded.place.module)
    if command is not None:
        exec(compile(command, "<command>", "exec"), names)
        return
    if not sys.stdin.isatty():
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)
        return
    banner = _banner(loaded.place.import_string, loaded.app, names)
    if not plain and importlib.util.find_spec(_IPYTHON) is not None:
        ipython: Any = importlib.import_module(_IPYTHON)  # Any: not installed with Trivet
        Pen().write(banner)
        ipython.start_ipython(argv=["--no-banner"], user_ns=names)
        return
    code.interact(banner=banner, local=names, exitmsg="")


def _names(app: Any, module: str) -> dict[str, Any]:  # Any: a prompt's own names
    """Give what is there at the prompt: the module's public names, then ours."""
    found = vars(sys.modules[module])
    public = found.get("__all__") or [name for name in found if not name.startswith("_")]
    names = {name: found[name] for name in public if name in found and name != "annotations"}
    if importlib.util.find_spec("httpx2") is not None:
        testing = importlib.import_module(_CLIENT_MODULE)
        names["client"] = testing.TestClient(app)
    return {**names, "app": app, "__name__": "__console__", "__doc__": None}


def _banner(target: str, app: Any, names: dict[str, Any]) -> str:  # Any: as above
    pen = Pen()
    routes = sum(route.kind == "http" for route in list_routes(getattr(app, "routes", ())))
    offered = [name for name in names if not name.startswith("__")]
    return "\n".join(
        [
            f"{pen.paint('Trivet shell', 'mark')}, Python {platform.python_version()}",
            f"{target}, {routes} routes",
            f"Here: {', '.join(sorted(offered))}",
        ]
    )
