"""StaticFiles: an application to mount that serves the files of a folder or of packages.

It is Starlette's with three additions: ready encoded neighbours (`app.js.br`) are sent to who takes
them, names that carry a hash are kept by caches for good, and names that begin with a dot are not
there. Every look at the disk happens on a worker thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles as StarletteStaticFiles

from trivet.concurrency import run_in_thread
from trivet.errors import HTTPException
from trivet.http.addresses import url_of
from trivet.http.exchange import Scope
from trivet.http.files import (
    IMMUTABLE,
    Folder,
    Stored,
    file_response,
    is_hashed,
    media_type_of,
    path_below_mount,
    preferred,
    status_of,
)

__all__ = ["StaticFiles"]


class StaticFiles(StarletteStaticFiles):
    """The files below `directory` and `packages`, at the path where this is mounted.

    `immutable` tells by a file's name whether it never changes; None says that none is such.
    `precompressed` looks for neighbours with `.br`, `.zst` and `.gz`, as old as the file or
    younger. The other options are Starlette's: `html`, `check_dir` and `follow_symlink`.
    """

    def __init__(
        self,
        *,
        immutable: Callable[[str], bool] | None = is_hashed,
        precompressed: bool = True,
        dot_files: bool = False,
        **options: Any,  # Starlette's: its own signature checks them
    ) -> None:
        super().__init__(**options)
        self.immutable = immutable
        self.precompressed = precompressed
        self.folder = Folder(
            *self.all_directories, follow_symlink=self.follow_symlink, dot_files=dot_files
        )

    def get_path(self, scope: Scope) -> str:
        return path_below_mount(scope).lstrip("/")

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return self.folder.lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        headers = Headers(scope=scope)
        accepted = ",".join(headers.getlist("accept-encoding"))
        status, stored, is_index = await run_in_thread(partial(self._find, path, accepted))
        if stored is None:
            raise HTTPException(status)
        if is_index and not scope["path"].endswith("/"):
            url = url_of(scope)
            return RedirectResponse(url.replace(path=url.path + "/"))
        name = os.path.basename(stored.path)
        fixed = status == 200 and self.immutable is not None and self.immutable(name)
        return file_response(stored, status, {"Cache-Control": IMMUTABLE} if fixed else None)

    def _find(self, path: str, accept_encoding: str) -> tuple[int, Stored | None, bool]:
        """Give the status, what to send, and whether it is the index page of a folder."""
        try:
            full, state = self.lookup_path(path)
        except (OSError, ValueError) as error:
            return status_of(error), None, False
        is_index = False
        if self.html and state is not None and stat.S_ISDIR(state.st_mode):
            full, state = self.lookup_path(os.path.join(path, "index.html"))
            is_index = True
        if state is not None and stat.S_ISREG(state.st_mode):
            return 200, self._stored(full, state, accept_encoding), is_index
        if self.html:
            full, state = self.lookup_path("404.html")
            if state is not None and stat.S_ISREG(state.st_mode):
                return 404, self._stored(full, state, accept_encoding), False
        return 404, None, False

    def _stored(self, full: str, state: os.stat_result, accept_encoding: str) -> Stored:
        if not self.precompressed:
            return Stored(full, state, media_type_of(full))
        return preferred(full, state, accept_encoding)
