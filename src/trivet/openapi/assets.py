"""The scripts and styles of the documentation pages: from installed files, or from a CDN.

The files are not ours. A build of Trivet puts them into the folder ``bundled`` beside this file,
out of ``drf-spectacular-sidecar``: it is kept most current of all on the index, has followed
Swagger UI and ReDoc about once a month since 2021, and carries their licences (2026.10.1 has
Swagger UI 5.33.1 and ReDoc 2.5.4). It asks for Django, so it is a requirement of the build alone.
The others that were looked at are years old (swagger-ui-bundle: 4.15.5; openapi-ui-bundles: no
release since 2024), or have no ReDoc (swagger-ui-py, flask-openapi3-swagger).
Where the folder is missing `find_assets` gives None, and the pages need the CDN.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = ["CDN", "Assets", "PageUrls", "find_assets"]

# Three legs, seen from above: an icon that needs no request.
_FAVICON = (
    "data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2016%2016"
    "%22%3E%3Cpath%20d=%22M8%208V1M8%208L2%2012M8%208L14%2012%22%20stroke=%22%23c05621%22%20"
    "stroke-width=%222.5%22%20stroke-linecap=%22round%22/%3E%3C/svg%3E"
)

SWAGGER_JS = "swagger-ui.js"
SWAGGER_CSS = "swagger-ui.css"
REDOC_JS = "redoc.js"
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class PageUrls:
    """Where a browser finds what the pages load."""

    swagger_js: str
    swagger_css: str
    redoc_js: str
    favicon: str = _FAVICON


CDN = PageUrls(
    swagger_js="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css",
    redoc_js="https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js",
)


@dataclass(frozen=True)
class Assets:
    """The files of the pages by the names under which they are served."""

    files: Mapping[str, Path]

    def read(self, name: str) -> bytes:
        """Give the file `name`; blocks. Raises `KeyError` for a name that is not served."""
        return self.files[name].read_bytes()

    def media_type(self, name: str) -> str:
        """Give the media type of the file `name`."""
        return _MEDIA_TYPES[Path(name).suffix]

    def urls(self, prefix: str) -> PageUrls:
        """Give the addresses below `prefix`; they change with the files: cache them for ever."""
        versioned = {name: f"{prefix}/{name}?v={_version(path)}" for name, path in self}
        return PageUrls(versioned[SWAGGER_JS], versioned[SWAGGER_CSS], versioned[REDOC_JS])

    def __iter__(self) -> Iterator[tuple[str, Path]]:
        return iter(self.files.items())


_BUNDLED = Path(__file__).parent / "bundled"


def find_assets(folder: Path = _BUNDLED) -> Assets | None:
    """Give the files that came with the installation; None where they are missing."""
    files = {
        SWAGGER_JS: folder / "swagger-ui-bundle.js",
        SWAGGER_CSS: folder / "swagger-ui.css",
        REDOC_JS: folder / "redoc.standalone.js",
    }
    return Assets(files) if all(path.is_file() for path in files.values()) else None


@lru_cache(maxsize=16)
def _version(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
