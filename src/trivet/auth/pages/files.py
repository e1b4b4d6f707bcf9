"""The style sheet and the script of the pages: among the static files, or served by themselves."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from trivet.app.application import App
from trivet.http.mounts import mount_of
from trivet.routing.router import Router
from trivet.static import Static

__all__ = ["FOLDER", "ICON", "add_files", "file_addresses"]

FOLDER = Path(__file__).parent / "static"
ICON = FOLDER / "account" / "icon.svg"
"""What a browser shows beside the title of a page; without one it asks the application in vain."""
_TYPES = {
    "account.css": "text/css",
    "account.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


def file_addresses(app: App, path: str) -> Callable[[Request | None, str], str]:
    """Give `account_file` for templates: the address of a file by its name."""
    static = next((part for part in app.parts.values() if isinstance(part, Static)), None)
    marks = {name: sha256(_read(name)).hexdigest()[:12] for name in _TYPES}

    def account_file(request: Request | None, name: str) -> str:
        if static is not None:
            return static.url(f"account/{name}", request)
        mount = "" if request is None else mount_of(request.scope)
        return f"{mount}{path}/files/{name}?v={marks[name]}"

    return account_file


def add_files(router: Router) -> None:
    """Serve the files where the application has no static files."""
    for name, media_type in _TYPES.items():
        _add_file(router, name, media_type)


def _add_file(router: Router, name: str, media_type: str) -> None:
    content = _read(name)

    @router.get(f"/files/{name}")
    async def account_file() -> Response:
        return Response(content, media_type=media_type, headers=_FOR_GOOD)


def _read(name: str) -> bytes:
    return (FOLDER / "account" / name).read_bytes()
