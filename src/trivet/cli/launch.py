"""The way of an application into the processes that serve it.

The command line writes what is to be loaded into one environment variable; every process that
serves (this one, workers, reloaded children) reads it and loads the application in the same way,
with the drop-in installed before, and with the same messages when it fails.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from trivet.adapters.access import AccessLog
from trivet.app.application import App
from trivet.cli.find import Place
from trivet.cli.load import load
from trivet.cli.trouble import EXIT_CANNOT_LOAD, tell
from trivet.devtools import DEVTOOLS_PATH, DevTools
from trivet.errors import SetupError
from trivet.terminal import Pen

__all__ = ["TARGET", "Launch", "application"]

# What the server is told to load, as a factory.
TARGET = "trivet.cli.launch:application"
_VARIABLE = "TRIVET_LAUNCH"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a serving process loads: the place, the drop-in, and whether debug pages are on.

    `address` is told in the banner by the first process that creates the file `marker`; both None
    where no banner is wanted.
    """

    place: Place
    dropin: str | None = None
    is_debug: bool = False
    address: str | None = None
    marker: str | None = None

    def publish(self) -> None:
        """Write it where this process and its children read it."""
        place = asdict(replace(self.place, folder=self.place.folder.resolve()))
        text = json.dumps({**asdict(self), "place": place}, default=str)
        os.environ[_VARIABLE] = text

    @classmethod
    def read(cls) -> Launch:
        """Read what the command line published; raises `KeyError` in any other process."""
        found: dict[str, Any] = json.loads(os.environ[_VARIABLE])  # Any: our own JSON
        place = found.pop("place")
        file = place.pop("file")
        folder = Path(place.pop("folder"))
        return cls(Place(**place, folder=folder, file=Path(file) if file else None), **found)


def application() -> Any:  # Any: an App, or any ASGI application
    """Load the published application; a process that cannot ends with exit code 3."""
    launch = Launch.read()
    App.forces_debug = launch.is_debug
    try:
        loaded = load(launch.place, dropin=launch.dropin)
        app = loaded.app
        if isinstance(app, App):
            if launch.is_debug:
                _add_devtools(app)
            app.built()  # so that mistakes in the routes are told now, not by the first request
    except SetupError as error:
        tell(error, Pen(sys.stderr))
        sys.exit(EXIT_CANNOT_LOAD)
    # What is loaded now stays: collections that look for garbage need never look at it again. With
    # a thousand routes a request costs a tenth less (benchmarks: routes).
    gc.collect()
    gc.freeze()
    if launch.address is not None and launch.marker is not None and _is_first(launch.marker):
        _tell_banner(app, loaded.place, launch.address)
    return app


def _add_devtools(app: App) -> None:
    """Give the application the pages of development, where it has not asked for them itself."""
    AccessLog.skipped = DEVTOOLS_PATH
    if DevTools not in app.parts:
        app.use(DevTools())
        # First: what fits every path, such as a mount at the root, may not stand before them.
        app.routes.insert(0, app.routes.pop())


def _is_first(marker: str) -> bool:
    try:
        Path(marker).touch(exist_ok=False)
    except OSError:
        return False
    return True


def _tell_banner(app: Any, place: Place, address: str) -> None:  # Any: see application
    pen = Pen(sys.stderr)
    lines = [("API", address)]
    if isinstance(app, App) and DevTools in app.parts:
        lines.append(("Pages", address + DEVTOOLS_PATH))
    if getattr(app, "openapi_url", None):
        pages = (("Docs", "docs_url"), ("ReDoc", "redoc_url"))
        lines += [
            (title, address + url) for title, name in pages if (url := getattr(app, name, None))
        ]
    title = f"{pen.paint('Trivet', 'mark')} serves {pen.paint(place.import_string, 'strong')}"
    pen.write(f"\n  {title}  {pen.paint(f'(found by {place.origin})', 'dim')}\n")
    for name, url in lines:
        pen.write(f"  {name.ljust(7)}{pen.paint(url, 'name')}")
    pen.write(f"\n  {pen.paint('Saved changes are served at once. Stop with Ctrl+C.', 'dim')}\n")
