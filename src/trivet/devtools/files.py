"""The style sheet and the scripts, served by the pages' own router, marked by their content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.responses import Response

__all__ = ["Files"]

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Files:
    """The files, read once, and their addresses below `path`."""

    def __init__(self, path: str) -> None:
        self._content = {file.name: file.read_bytes() for file in sorted(_FOLDER.iterdir())}
        mark = sha256(b"".join(self._content.values())).hexdigest()[:12]
        self._below = f"{path}/files/{mark}"

    def of(self, name: str, mount: str = "") -> str:
        """Give the address of a file."""
        return f"{mount}{self._below}/{name}"

    def answer(self, name: str) -> Response:
        """Give a file, or a 404."""
        content = self._content.get(name)
        if content is None:
            return Response(status_code=404)
        headers = {
            "cache-control": "private, max-age=86400",  # the address changes with the content
            "x-content-type-options": "nosniff",
        }
        return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
