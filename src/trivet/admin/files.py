"""The style sheet and the scripts, served by the admin itself under a mark of their content."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.pages.files import ICON
from trivet.forms import part as forms
from trivet.http.mounts import mount_of
from trivet.routing.router import Router

__all__ = ["FileAddresses", "add_files"]

FOLDER = Path(__file__).parent / "static" / "admin"
_ROWS = Path(forms.__file__).parent / "static" / "forms" / "forms.js"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
}
_FOR_GOOD = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


class FileAddresses:
    """Where the files are: below `path`, with a mark of all of them, so that none is kept too long.

    The mark is a step of the path, because scripts import each other by their bare names.
    """

    def __init__(self, path: str, more: Mapping[str, Path] | None = None) -> None:
        """Read the files; `more` are those of the user, by the names that they have here."""
        content = {
            file.name: file.read_bytes() for file in [*sorted(FOLDER.iterdir()), _ROWS, ICON]
        }
        content |= {name: file.read_bytes() for name, file in (more or {}).items()}
        mark = sha256(b"".join(content.values())).hexdigest()[:12]
        self.content: Mapping[str, bytes] = content
        self.below = f"{path}/files/{mark}"

    def of(self, request: Request) -> Mapping[str, str]:
        """Give the addresses by the names of the files."""
        mount = mount_of(request.scope)
        return {name: f"{mount}{self.below}/{name}" for name in self.content}


def add_files(router: Router, files: FileAddresses) -> None:
    """Serve the files; they are no secret."""

    @router.get("/files/{mark}/{name}")
    async def admin_file(mark: str, name: str) -> Response:
        content = files.content.get(name)
        if content is None:
            return Response(status_code=404)
        media_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
        return Response(content, media_type=media_type, headers=_FOR_GOOD)
