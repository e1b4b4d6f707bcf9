"""Files on their way to a client: which one is meant, in which encoding, and whether it is news.

Nothing outside a folder is ever given away: a path is taken apart at its slashes, pieces that climb
or that a file system reads in its own way are refused, and what is left is resolved and compared.
The look-ups block and belong on a worker thread; the decisions are pure functions over headers.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from mimetypes import guess_type

from starlette.datastructures import Headers
from starlette.responses import FileResponse as StarletteFileResponse
from starlette.responses import Response

from trivet.concurrency import run_in_thread
from trivet.http.conditional import KEPT_BY_NOT_MODIFIED, verdict
from trivet.http.exchange import Receive, Scope, Send

__all__ = [
    "IMMUTABLE",
    "FileResponse",
    "Folder",
    "Stored",
    "accepted_encodings",
    "accepts_page",
    "file_response",
    "is_device",
    "is_hashed",
    "is_hidden",
    "media_type_of",
    "path_below_mount",
    "preferred",
    "status_of",
]

# A year in seconds, the longest that caches honour; RFC 8246 for the second word.
IMMUTABLE = "public, max-age=31536000, immutable"

# Suffixes of ready encoded neighbours, best compression first.
_ENCODINGS = (("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz"))

# What the web calls these types, whatever the machine's own tables say (Windows keeps them in its
# registry, where other programs write too).
_MEDIA_TYPES = {
    ".avif": "image/avif",
    ".br": "application/octet-stream",
    ".css": "text/css",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".zst": "application/zstd",
}

# The digits are also those that are written high.
_DEVICE = re.compile(
    r"con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE
)

_CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


class FileResponse(StarletteFileResponse):
    """A file with ranges (RFC 9110, 14) and preconditions (13): 206, 304, 412 and 416 where due.

    Who asks for more than ten ranges gets the whole file; those that overlap are sent once.
    Raises `RuntimeError` when it is sent and the file is not there.
    """

    max_ranges = 10

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(scope)
        if refusal is None:
            await super().__call__(scope, receive, send)
            return
        await refusal(scope, receive, send)
        if self.background is not None:
            await self.background()

    async def _refusal(self, scope: Scope) -> Response | None:
        """Give the answer that stands for the file, or None where the file itself is due."""
        if scope["type"] != "http" or scope["method"].upper() not in ("GET", "HEAD"):
            return None
        asked = Headers(scope=scope)
        if self.status_code != 200 or not any(name in asked for name in _CONDITIONS):
            return None
        if self.stat_result is None:
            try:
                found = await run_in_thread(os.stat, self.path)
            except OSError:
                return None  # Starlette's own look says what is wrong
            if not stat.S_ISREG(found.st_mode):
                return None
            self.stat_result = found
            self.set_stat_headers(found)
        status = verdict(asked, self.headers["etag"], self.headers["last-modified"])
        if status is None:
            return None
        answer = Response(status_code=status)
        if status == 304:
            answer.raw_headers = [
                (name, value)
                for name, value in self.raw_headers
                if name.decode("latin-1") in KEPT_BY_NOT_MODIFIED
            ]
        return answer


class Folder:
    """The files below some directories, the first that has a path winning.

    Links that lead out are followed only with `follow_symlink`; names that begin with a dot are
    hidden (except `.well-known`) unless `dot_files`.
    """

    def __init__(
        self,
        *directories: str | os.PathLike[str],
        follow_symlink: bool = False,
        dot_files: bool = False,
    ) -> None:
        self.directories = directories
        self.follow_symlink = follow_symlink
        self.dot_files = dot_files

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Give the full path and state of what `path` names, or an empty path and None. Blocks.

        `path` is relative, decoded, with slashes. Raises what the system raises for what is there
        and cannot be read.
        """
        pieces = [piece for piece in path.split("/") if piece not in ("", ".")]
        if any(_is_dangerous(piece) for piece in pieces):
            return "", None
        if not self.dot_files and is_hidden(path):
            return "", None
        resolve = os.path.abspath if self.follow_symlink else os.path.realpath
        for directory in self.directories:
            root = resolve(directory)
            full = resolve(os.path.join(root, *pieces))
            if os.path.commonpath([full, root]) != root:
                continue
            try:
                return full, os.stat(full)
            except (FileNotFoundError, NotADirectoryError):
                continue
        return "", None


def _is_dangerous(piece: str) -> bool:
    # A colon is a drive or a second stream on Windows; a backslash is a slash there.
    if piece == ".." or "\\" in piece or "\0" in piece:
        return True
    return os.name == "nt" and (":" in piece or is_device(piece))


def is_device(piece: str) -> bool:
    """Tell whether a piece of a path is a device on Windows, whatever extension stands behind."""
    return _DEVICE.fullmatch(piece.partition(".")[0].rstrip()) is not None


def status_of(error: OSError | ValueError) -> int:
    """Give the status for a look-up that failed; raises what is not the path's fault.

    401 for what may not be read; 404 for names that no file can have.
    """
    if isinstance(error, PermissionError):
        return 401
    if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
        raise error
    return 404


def path_below_mount(scope: Scope) -> str:
    """Give the path of a scope without the mount under which it came."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        return path[len(root) :]
    return path


def is_hidden(path: str) -> bool:
    """Tell whether a piece of `path` begins with a dot; `.well-known` (RFC 8615) does not count."""
    return any(
        piece.startswith(".") and piece not in (".", "..", ".well-known")
        for piece in path.split("/")
    )


def is_hashed(name: str) -> bool:
    """Tell whether a file's name carries a hash of its content, so that it never changes.

    Knows what bundlers write: `app.3f2a91bc.js` (eight hexadecimal digits or more) and
    `index-Dx8wK2fQ.js` (eight letters and digits in disorder). A name that could be a word or a
    date is not taken for a hash: a wrong yes would keep an old file for a year.
    """
    found = re.search(r"[.-]([A-Za-z0-9_-]{8}|[0-9a-f]{9,})(?:\.[A-Za-z][A-Za-z0-9]*)+$", name)
    if found is None:
        return False
    mark = found[1]
    if re.fullmatch(r"[0-9a-f]+", mark):
        return sum(sign.isalpha() for sign in mark) >= 2 and any(sign.isdigit() for sign in mark)
    kinds = ["a" if s.islower() else "A" if s.isupper() else "0" for s in mark]
    return sum(one != other for one, other in pairwise(kinds)) >= 4


def media_type_of(path: str) -> str:
    """Give the media type of a file by its name, as the web names it."""
    known = _MEDIA_TYPES.get(os.path.splitext(path)[1].lower())
    return known or guess_type(path)[0] or "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it will be sent: where it lies, and how its bytes are encoded.

    `varies` tells that another client may get another encoding.
    """

    path: str
    state: os.stat_result
    media_type: str
    encoding: str | None = None
    varies: bool = False


def accepted_encodings(accept_encoding: str) -> dict[str, float]:
    """Give what an Accept-Encoding header says: the weight of each coding, 0 for refused."""
    found: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if coding:
            found[coding] = weight
    return found


def accepts_page(accept: str) -> bool:
    """Tell whether an Accept header asks for a page by name; `*/*` alone does not."""
    for item in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        if media_type in _PAGES and not any(_is_zero(one) for one in parameters):
            return True
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    try:
        return name.strip() == "q" and float(value) == 0
    except ValueError:
        return False


def preferred(path: str, state: os.stat_result, accept_encoding: str = "") -> Stored:
    """Choose between a file and its ready encoded neighbours (`.br`, `.zst`, `.gz`). Blocks.

    A neighbour that is older than the file is left alone: it was made of another one.
    """
    media_type = media_type_of(path)
    accepted = accepted_encodings(accept_encoding)
    best: tuple[float, str, str, os.stat_result] | None = None
    varies = False
    for coding, suffix in _ENCODINGS:
        try:
            # Not through a link: it could lead out of the folder.
            neighbour = os.lstat(path + suffix)
        except OSError:
            continue
        if not stat.S_ISREG(neighbour.st_mode) or neighbour.st_mtime < state.st_mtime:
            continue
        varies = True
        weight = accepted.get(coding, accepted.get("*", 0.0))
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, coding, path + suffix, neighbour)
    # Equal weights leave the order to the server; a client that prefers plain bytes gets them.
    if best is None or accepted.get("identity", 0.0) > best[0]:
        return Stored(path, state, media_type, varies=varies)
    return Stored(best[2], best[3], media_type, encoding=best[1], varies=True)


def file_response(
    stored: Stored, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> FileResponse:
    """Give the response that sends `stored`."""
    response = FileResponse(
        stored.path,
        status_code=status_code,
        headers=headers,
        media_type=stored.media_type,
        stat_result=stored.state,
    )
    if stored.encoding is not None:
        response.headers["content-encoding"] = stored.encoding
    if stored.varies:
        response.headers.add_vary_header("Accept-Encoding")
    return response
