"""Files that were posted: looked at, kept in their storage, and put into their columns.

What is kept for a row that is then not stored is deleted again. A file that another one takes the
place of stays in its storage: what a row was can be looked at, and gone back to.
"""

from __future__ import annotations

from typing import Any

from trivet.admin.plan.readers import FieldPlan
from trivet.admin.visits import Visit
from trivet.errors import RequestValidationError
from trivet.forms.bound import BoundField, Part
from trivet.forms.messages import Message
from trivet.storage import Storage, UploadRules

__all__ = ["FileStore", "storage_of"]


def storage_of(plan: FieldPlan, usual: Storage | None) -> Storage | None:
    """Give where the files of a field are kept; None where there is no such place."""
    found: Storage | None = plan.files.storage
    return usual if found is None else found


class FileStore:
    """The files of one form."""

    def __init__(self, usual: Storage | None) -> None:
        self._usual = usual
        self._kept: list[tuple[Storage, str]] = []

    async def check(self, plan: FieldPlan, part: Part, upload: Any) -> None:
        """Say at its field what is wrong with a file."""
        if upload is None or not isinstance(part, BoundField):
            return
        rules = UploadRules(types=plan.files.types, max_size=plan.files.max_size)
        try:
            await rules.check(upload, name=plan.name)
        except RequestValidationError as error:
            part.messages += [Message(str(one["msg"])) for one in error.errors()]

    async def of(self, plan: FieldPlan, part: Part, upload: Any, visit: Visit) -> dict[str, Any]:
        """Give what goes into the column: nothing where no file was chosen."""
        if upload is None:
            name = part.name
            clears = any(one == f"{name}-clear" and text for one, text in visit.posted)
            return {plan.name: None} if clears and plan.may_be_empty else {}
        if plan.kind == "bytes":
            await upload.seek(0)
            return {plan.name: await upload.read()}
        storage = storage_of(plan, self._usual)
        assert storage is not None, "the field is not asked for without one"
        kept = await storage.save(upload, folder=plan.files.folder, max_size=plan.files.max_size)
        self._kept.append((storage, kept.name))
        return {plan.name: kept}

    async def undo(self) -> None:
        """Delete what was kept for a row that is not stored."""
        for storage, name in self._kept:
            await storage.delete(name)
        self._kept = []
