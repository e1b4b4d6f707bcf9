"""Rows from a file: sent, matched with fields, tried, and stored.

What was read goes back and forth within the form: the site keeps nothing of it between the steps,
so that it works with any database and any number of servers, and nothing has to be forgotten. It is
read anew at each step, within the same limits, and is trusted no more than the file was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from starlette.datastructures import UploadFile
from starlette.responses import Response

from trivet.admin.importing.matching import Mapped, fields_of, guessed, uniques_of
from trivet.admin.importing.reading import MOST_BYTES, MOST_ROWS, Cells, again, packed, read_upload
from trivet.admin.importing.storing import Imported, import_rows
from trivet.admin.importing.unread import Unread
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.form import FieldPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.names import titled
from trivet.admin.views import Choice, Crumb, ImportColumn
from trivet.admin.views import ImportPage as View
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.concurrency import run_in_thread
from trivet.routing.options import RouteOptions
from trivet.texts import lazy

__all__ = ["ImportPage"]

_ROOM = 2 * MOST_BYTES  # bytes of what goes back and forth: packed, and as text
_SHOWN = 3  # values of a column, as an example


class ImportPage(ModelPage):
    """The steps of an import, all at one address."""

    path = "/{model}/import"
    posts = True
    is_dangerous = True
    options: ClassVar[RouteOptions] = {
        "max_body_size": _ROOM + 1024 * 1024,
        "form_limits": {"max_files": 1, "max_fields": 1000, "max_part_size": _ROOM},
    }

    async def get(self, visit: Visit) -> Response:
        """Ask for a file."""
        return await self._show(visit, await self._plan(visit), "file")

    async def post(self, visit: Visit) -> Response:
        """Read what was sent, and go one step on."""
        plan = await self._plan(visit)
        try:
            cells = await self._cells(visit)
        except Unread as error:
            return await self._show(visit, plan, "file", problem=str(error), status=422)
        fields = await fields_of(visit, plan)
        uniques = await uniques_of(visit, plan, fields)
        if visit.sent("data") is None:
            mapped = self._guess(plan, cells, fields, uniques)
            return await self._ask(visit, plan, cells, fields, uniques, mapped)
        mapped = self._chosen(visit, cells, fields, uniques)
        if not mapped.columns:
            problem = lazy("Say which column is which field.")
            return await self._ask(visit, plan, cells, fields, uniques, mapped, problem)
        if mapped.by and mapped.by not in mapped.columns.values():
            problem = lazy("No column has what rows are found by.")
            return await self._ask(visit, plan, cells, fields, uniques, mapped, problem)
        keeps = visit.sent("confirmed") == "yes"
        found = await import_rows(self.site.plan, visit, plan, cells, mapped, keeps=keeps)
        if keeps and not found.wrong:
            counts = {"new": f"{found.new:,}", "changed": f"{found.changed:,}"}
            text = lazy("Imported: %(new)s new, %(changed)s changed.", **counts)
            return await self.site.go(visit, self.site.to(visit.request, plan.slug, ""), text)
        return await self._ask(visit, plan, cells, fields, uniques, mapped, found=found)

    # -- what was sent ---------------------------------------------------------------------------

    async def _plan(self, visit: Visit) -> ModelPlan:
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        await self.require(visit, "import", plan.model)
        if not await visit.may("add", plan.model) and not await visit.may("change", plan.model):
            raise NotAllowed
        return plan

    async def _cells(self, visit: Visit) -> Cells:
        sent = visit.sent("data")
        if sent is not None:
            return await run_in_thread(again, sent)
        files = [one for name, one in visit.posted if name == "file"]
        if not files or not isinstance(files[-1], UploadFile) or not files[-1].filename:
            raise Unread(lazy("Choose a file first."))
        content = await files[-1].read(MOST_BYTES + 1)
        return await run_in_thread(read_upload, content)

    def _guess(
        self, plan: ModelPlan, cells: Cells, fields: Sequence[FieldPlan], uniques: Sequence[str]
    ) -> Mapped:
        key = plan.keys.names[0] if len(plan.keys.names) == 1 else ""
        columns = guessed(cells.heads, fields, key)
        return Mapped(columns, next((one for one in uniques if one in columns.values()), ""))

    def _chosen(
        self, visit: Visit, cells: Cells, fields: Sequence[FieldPlan], uniques: Sequence[str]
    ) -> Mapped:
        known = {one.name for one in fields} | set(uniques)
        columns: dict[int, str] = {}
        for number in range(len(cells.heads)):
            name = visit.sent(f"column-{number}") or ""
            if name in known and name not in columns.values():
                columns[number] = name
        by = visit.sent("by") or ""
        return Mapped(columns, by if by in uniques else "")

    # -- what is shown ---------------------------------------------------------------------------

    async def _ask(
        self,
        visit: Visit,
        plan: ModelPlan,
        cells: Cells,
        fields: Sequence[FieldPlan],
        uniques: Sequence[str],
        mapped: Mapped,
        problem: str = "",
        found: Imported | None = None,
    ) -> Response:
        labels = {one: titled(one) for one in uniques} | {one.name: one.label for one in fields}
        columns = [
            ImportColumn(
                f"column-{number}",
                head,
                [str(row[number])[:60] for row in cells.rows[:_SHOWN]],
                [
                    Choice(name, label, mapped.columns.get(number) == name)
                    for name, label in labels.items()
                ],
            )
            for number, head in enumerate(cells.heads)
        ]
        is_wrong = bool(problem) or (found is not None and found.wrong > 0)
        return await self._show(
            visit,
            plan,
            "match" if found is None else "tried",
            status=422 if is_wrong else 200,
            problem=problem,
            data=await run_in_thread(packed, cells),
            count=f"{len(cells.rows):,}",
            columns=columns,
            by=[Choice(one, labels[one], one == mapped.by) for one in uniques],
            found=found,
        )

    async def _show(
        self,
        visit: Visit,
        plan: ModelPlan,
        step: Literal["file", "match", "tried"],
        *,
        status: int = 200,
        **more: Any,  # what the step shows
    ) -> Response:
        back = self.site.to(visit.request, plan.slug, "")
        view = View(
            title=lazy("Import %(what)s", what=plan.plural_within),
            back_url=back,
            step=step,
            limits=lazy(
                "CSV, JSON or Excel (XLSX), at most %(size)s MB and %(rows)s rows.",
                size=MOST_BYTES // 1024 // 1024,
                rows=f"{MOST_ROWS:,}",
            ),
            **more,
        )
        crumbs = [Crumb(plan.plural, back), Crumb(lazy("Import"))]
        return await self.site.show(visit, "import", crumbs, status=status, page=view)
