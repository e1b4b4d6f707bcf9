"""Static files as a part: `static = app.use(Static("static"))`.

Links carry a fingerprint of the content, so that browsers keep what they have for good and ask for
what is new at once. Files are served from the folders as they are, or from where
`trivet collectstatic` has put them together.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.concurrency import run_in_thread
from trivet.errors import SetupError
from trivet.http.exchange import Scope
from trivet.http.files import IMMUTABLE, Folder
from trivet.http.mounts import mount_of
from trivet.static.collecting import collect
from trivet.static.files import StaticFiles
from trivet.static.fingerprints import Fingerprints, marked, unmarked
from trivet.static.manifest import read_manifest
from trivet.terminal import Pen

__all__ = ["Static"]


class Static(Part):
    """The files of a folder beside the one that says so, and of other parts, below `path`.

    `collected` is where `trivet collectstatic` puts them for production: once it is there, they are
    served from it, except with debug. `url` is what links begin with where another server has the
    files: ``https://cdn.example.com/static``.
    """

    name = "static"

    def __init__(
        self,
        folder: str | Path = "static",
        *,
        path: str = "/static",
        collected: str | Path | None = None,
        url: str | None = None,
    ) -> None:
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve().parent
        self.folder = beside / folder
        if not self.folder.is_dir():
            raise SetupError(
                f"There is no folder {str(self.folder)!r} for static files",
                code="static.no-folder",
                mend="make the folder, or name one that is there, beside the file that says so",
            )
        self.path = "/" + path.strip("/")
        self.collected = None if collected is None else beside / collected
        self._url = None if url is None else url.rstrip("/")
        self._app: App | None = None
        self._manifest: dict[str, str] | None = None
        self._fingerprints = Fingerprints(self.find, watches=False)

    def url(self, name: str, request: Request | None = None) -> str:
        """Give the address of a file, with its fingerprint; raises `SetupError` if there is none.

        `request` says where the application is mounted.
        """
        name = name.lstrip("/")
        if self._manifest is not None:
            found = self._manifest.get(name)
        else:
            mark = self._fingerprints.of(name)
            found = None if mark is None else marked(name, mark)
        if found is None:
            raise self._missing(name)
        return self._root(request) + "/" + quote(found)

    def find(self, name: str) -> tuple[str, Any]:
        """Give the path and the state of the file that is served as `name`, or "" and None."""
        return Folder(*self.folders()).lookup_path(name)

    def is_current(self, name: str) -> bool:
        """Tell whether `name` carries the fingerprint of what is served for it. Blocks."""
        found = unmarked(name)
        if found is None:
            return False
        if self._manifest is not None:
            return self._manifest.get(found[0]) == name
        return self._fingerprints.of(found[0]) == found[1]

    def folders(self) -> list[Path]:
        """Give the folders that files are served from, the first that has a name winning."""
        if self._manifest is not None and self.collected is not None:
            return [self.collected]
        return self._sources()

    def _sources(self) -> list[Path]:
        parts = () if self._app is None else self._app.parts.values()
        return [self.folder, *(Path(one) for part in parts for one in part.static_folders())]

    def _root(self, request: Request | None) -> str:
        if self._url is not None:
            return self._url
        if request is not None:
            return mount_of(request.scope) + self.path
        return ("" if self._app is None else self._app.root_path.rstrip("/")) + self.path

    def _missing(self, name: str) -> SetupError:
        if self._manifest is not None:
            there, again = list(self._manifest), ", or collect again: trivet collectstatic FOLDER"
        else:
            again = ""
            there = [
                one.relative_to(folder).as_posix()
                for folder in self.folders()
                for one in sorted(folder.rglob("*"))
                if one.is_file()
            ]
        near = get_close_matches(name, there, 1)
        return SetupError(
            f"There is no static file {name!r} in"
            f" {', '.join(repr(str(folder)) for folder in self.folders())}",
            code="static.not-found",
            mend=(repr(near[0]) if near else "put the file there") + again,
        )

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Serve the files below the path."""
        self._app = app
        if self.collected is not None and not app.debug:
            self._manifest = read_manifest(self.collected)
        self._fingerprints = Fingerprints(self.find, watches=app.debug)
        app.mount(self.path, MarkedFiles(self), name="static")

    def template_functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give templates ``{{ static('site.css') }}``."""

        def static(request: Request | None, name: str) -> str:
            return self.url(name, request)

        return {"static": static}

    def commands(self) -> Sequence[Any]:
        """Give `trivet collectstatic`."""
        return [self.collectstatic]

    def collectstatic(self, folder: str, /) -> None:
        """Put all static files into FOLDER: with fingerprints, compressed, and a collected.json."""
        pen = Pen()
        found = collect(self._sources(), Path(folder), lambda name: pen.live(f"collecting {name}"))
        for name, reason in found.left_out:
            pen.write(f"{pen.paint('left out', 'warn')} {name}: {reason}")
        pen.write(
            f"{pen.paint('collected', 'good')} {len(found.files)} files of {found.bytes} bytes"
            f" into {folder}, and {found.variants} compressed ones"
        )

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of files that should have been collected and were not."""
        if self.collected is None or read_manifest(self.collected) is not None:
            return ()
        return [
            Finding(
                Level.WARNING,
                "static.not-collected",
                f"static files are to be served from {str(self.collected)!r}, where none are yet",
                f"trivet collectstatic {self.collected}",
            )
        ]

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Tell of files that are served as they are, without being packed and named ahead."""
        if self.collected is not None or self._url is not None:
            return ()
        return [
            Finding(
                Level.INFO,
                "deploy.static",
                "static files are served from where they are written: not packed, and looked at"
                " again by each process",
                'Static(…, collected="collected"), and trivet collectstatic collected',
            )
        ]


class MarkedFiles(StaticFiles):
    """The files of a `Static`, also under the names that carry fingerprints.

    The one of now is kept for good. One of before gives the file of now, which is asked for again:
    a page that is still open does better with it than with nothing.
    """

    def __init__(self, static: Static) -> None:
        super().__init__(directory=static.folder, check_dir=False)
        self._static = static

    def lookup_path(self, path: str) -> tuple[str, Any]:
        found = self._static.find(path)
        plain = unmarked(path) if found[1] is None else None
        return found if plain is None else self._static.find(plain[0])

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            if await run_in_thread(self._static.is_current, path):
                response.headers["cache-control"] = IMMUTABLE
            else:
                response.headers.setdefault("cache-control", "no-cache")
        return response
