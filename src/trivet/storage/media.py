"""Files of a storage as a part: `media = app.use(Media(LocalStorage("media"), secrets=…))`.

Whatever a client brought is served so that it can do nothing: its type is what its name says and
what browsers may not guess (nosniff), only types without scripts are shown, the rest is saved, and
a page that is opened all the same stands in a sandbox. Nothing is looked for on the disk before the
link is good, so that nobody learns which files there are.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trivet.app.application import App
from trivet.app.part import Part
from trivet.binding.markers import Query
from trivet.checks import Finding, Level
from trivet.concurrency import run_in_thread
from trivet.errors import SetupError
from trivet.http.conditional import KEPT_BY_NOT_MODIFIED, http_date, verdict
from trivet.http.files import FileResponse, media_type_of
from trivet.routing.router import Router
from trivet.static.part import Static
from trivet.storage.errors import FileMissing
from trivet.storage.links import Grant, Links
from trivet.storage.local import LocalStorage
from trivet.storage.memory import MemoryStorage
from trivet.storage.names import check_name, clean_filename
from trivet.storage.reference import FileRef
from trivet.storage.showing import SAFE_INLINE, disposition_of
from trivet.storage.storage import Storage

__all__ = ["Media"]


class Media(Part):
    """The files of a storage below `path`, for those who have a signed link.

    `secrets` sign the links, as those of `Signer`; `public` serves every file to everybody instead.
    `inline` are the types that a browser may show; types that can carry scripts never are. A public
    answer may be kept for `max_age` seconds. A folder's files are served with ranges; those of
    other storages as streams. The links of a bucket are its provider's and do not come here.

    Raises `SetupError` without secrets, unless it is `public`, and for weak ones.
    """

    name = "media"
    may_be_several = True

    def __init__(
        self,
        storage: Storage,
        path: str = "/media",
        *,
        secrets: str | SecretStr | Sequence[str | SecretStr] | None = None,
        public: bool = False,
        inline: Collection[str] = SAFE_INLINE,
        max_age: int = 3600,
    ) -> None:
        if (secrets is None) is not public:
            raise SetupError(
                "media is served either to everybody or by signed links, and this says"
                f" {'both' if public else 'neither'}",
                code="storage.signed-or-public",
                mend="Media(storage, secrets=settings.secret), or Media(storage, public=True)",
            )
        self.storage = storage
        self.path = "/" + path.strip("/")
        self._inline = frozenset(inline)
        self._max_age = max_age
        self._links = Links(self.path, secrets)
        storage.link_by(self._links)

    async def url(
        self, file: FileRef | str, *, expires: float = 3600.0, inline: bool = True
    ) -> str:
        """Give an address of a file, good for `expires` seconds, at most a week.

        Of a `FileRef` it is saved under the name that its owner gave it.
        """
        if isinstance(file, str):
            return await self.storage.url(file, expires=expires, inline=inline)
        return await self.storage.url(
            file.name, expires=expires, filename=file.filename, inline=inline
        )

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Let links begin with where the application stands."""
        self._links.root = app.root_path.rstrip("/")

    def router(self) -> Router:
        """Give the one route of all files."""
        router = Router(include_in_schema=False)

        @router.api_route(self.path + "/{name:path}", methods=["GET", "HEAD"])
        async def media(
            request: Request, name: str, token: Annotated[str | None, Query()] = None
        ) -> Response:
            grant = self._links.read(name, token)
            check_name(name)
            return await self._answer(request, name, grant)

        return router

    async def _answer(self, request: Request, name: str, grant: Grant) -> Response:
        content_type = media_type_of(name)
        headers = self._headers(name, content_type, grant)
        if isinstance(self.storage, LocalStorage):
            path, state = await run_in_thread(self.storage.find, name)
            return FileResponse(path, headers=headers, media_type=content_type, stat_result=state)
        found = await self.storage.state(name)
        if found is None:
            raise FileMissing(name)
        headers["etag"] = found.etag
        headers["last-modified"] = http_date(datetime.fromtimestamp(found.modified, UTC))
        status = verdict(request.headers, headers["etag"], headers["last-modified"])
        if status is not None:
            kept = {name: one for name, one in headers.items() if name in KEPT_BY_NOT_MODIFIED}
            return Response(status_code=status, headers=kept)
        headers["content-length"] = str(found.size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=content_type)
        content = await self.storage.open(name)
        return StreamingResponse(content, headers=headers, media_type=content_type)

    def _headers(self, name: str, content_type: str, grant: Grant) -> dict[str, str]:
        filename = clean_filename(grant.filename) or name.rpartition("/")[2]
        headers = {
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
            "content-disposition": disposition_of(
                content_type, filename, inline=grant.inline, allowed=self._inline
            ),
        }
        if grant.until is None:
            headers["cache-control"] = f"public, max-age={self._max_age}"
        else:
            left = max(0, int(grant.until - time.time()))
            headers["cache-control"] = f"private, max-age={left}"
            # The token is in the address, which is nobody else's business.
            headers["referrer-policy"] = "no-referrer"
            headers["cross-origin-resource-policy"] = "same-site"
        return headers

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of files that end with the process, and of those that are served without rules."""
        found = []
        if isinstance(self.storage, MemoryStorage) and not app.debug:
            found.append(
                Finding(
                    Level.WARNING,
                    "storage.in-memory",
                    "media is kept in memory and ends with the process, and debug is off",
                    'Media(LocalStorage("media"), …) or Media(BucketStorage("s3://…"), …)',
                )
            )
        if isinstance(self.storage, LocalStorage):
            found += _found_in_static(self.storage, app)
        return found


def _found_in_static(storage: LocalStorage, app: App) -> Iterator[Finding]:
    folder = storage.folder.resolve()
    for part in app.parts.values():
        for served in part.folders() if isinstance(part, Static) else ():
            if folder.is_relative_to(served.resolve()):
                yield Finding(
                    Level.ERROR,
                    "storage.in-static",
                    f"what people bring is kept in {str(folder)!r}, and everybody may read and"
                    f" open it as a static file of {str(served)!r}",
                    "a folder of its own, outside of the static one",
                )
