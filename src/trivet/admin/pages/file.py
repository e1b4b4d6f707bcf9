"""The file in a column of a row, for who may see it: always saved, or shown where that is safe."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response, StreamingResponse

from trivet.admin.editing.files import storage_of
from trivet.admin.pages.page import ModelPage
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.db import FileRef
from trivet.errors import HTTPException
from trivet.storage.showing import SAFE_INLINE, disposition_of, may_show

__all__ = ["FilePage"]

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class FilePage(ModelPage):
    """One file."""

    path = "/{model}/{key}/file/{field}"

    async def get(self, visit: Visit) -> Response:
        """Give it."""
        plan = self.plan(visit)
        field = plan.form.field(visit.request.path_params["field"])
        if field is None or not field.is_file:
            raise HTTPException(404, "Not Found")
        row = await self.row(visit, plan)
        if not await visit.may("view", row, field.name):
            raise NotAllowed
        value: Any = getattr(row, field.name)
        if isinstance(value, bytes):
            headers = {**_HEADERS, "Content-Disposition": disposition_of("", f"{field.name}.bin")}
            return Response(value, media_type="application/octet-stream", headers=headers)
        storage = storage_of(field, self.site.brought.storage)
        if not isinstance(value, FileRef) or storage is None:
            raise HTTPException(404, "Not Found")
        shown = may_show(value.content_type, SAFE_INLINE)
        kind = value.content_type if shown else "application/octet-stream"
        how = disposition_of(kind, value.filename or value.name.rpartition("/")[2])
        content = await storage.open(value.name)
        headers = {**_HEADERS, "Content-Disposition": how, "Content-Length": str(value.size)}
        return StreamingResponse(content, media_type=kind, headers=headers)
