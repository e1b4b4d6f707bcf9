"""The pages of one row: a new one, a copy of one, and one that is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from starlette.responses import Response

from trivet.admin.editing.files import FileStore
from trivet.admin.editing.filling import blind_of, copied, initial_of, new_rows
from trivet.admin.editing.merging import Merged, merged, seen, shown_of, written
from trivet.admin.editing.posting import given_of, left_out, read_form
from trivet.admin.editing.prefilled import MADE, prefilled
from trivet.admin.editing.relations import Picked, picked, standing_rows
from trivet.admin.editing.saving import Refused, Saving
from trivet.admin.editing.shape import shape_of
from trivet.admin.editing.sheets import Sheet, prints_of, sheet_of
from trivet.admin.editing.standing import Standing, standing_of, with_relations
from trivet.admin.history import new_batch, recorded
from trivet.admin.pages.conflict_view import conflict_view
from trivet.admin.pages.form_view import Draft, FormView
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.readers import Shape
from trivet.admin.views import Crumb
from trivet.admin.views import FormPage as View
from trivet.admin.visits import Visit
from trivet.forms import Form
from trivet.forms.messages import message_of
from trivet.texts import lazy

__all__ = ["AddPage", "ChangePage", "CopyPage", "FormPages"]

_SHOWN = "version"  # the input that has the fingerprints
_KEEP = "keep-"  # what begins the inputs of a conflict


class FormPages(ModelPage):
    """What a new row and one that is there have in common."""

    posts = True
    recorded_as: ClassVar[str] = ""
    """What the history calls it; empty for what was done with the row."""
    refused_status: ClassVar[int] = 422
    """Of an answer to what the database does not take."""

    async def shape(self, visit: Visit, plan: ModelPlan, standing: Standing | None) -> Shape:
        """Give what the visitor may fill in."""
        has_storage = self.site.brought.storage is not None
        return await shape_of(visit, plan.form, standing, has_storage=has_storage)

    async def draft(
        self, visit: Visit, plan: ModelPlan, standing: Standing | None, initial: dict[str, Any]
    ) -> Draft:
        """Give a form in which these values stand."""
        shape = await self.shape(visit, plan, standing)
        form: Form[Any] = Form(plan.form.readers(shape), initial=initial)
        return await self._drafted(visit, plan, standing, shape, form)

    async def _drafted(
        self,
        visit: Visit,
        plan: ModelPlan,
        standing: Standing | None,
        shape: Shape,
        form: Form[Any],
    ) -> Draft:
        sheet = sheet_of(plan.form, form)
        found = await picked(self.site.plan, visit, sheet, standing)
        return Draft(plan, form, shape, sheet, standing, found, {}, self._then(visit))

    async def show(
        self, visit: Visit, draft: Draft, *, status: int = 200, is_copy: bool = False
    ) -> Response:
        """Show a form."""
        view = await self.view(visit, draft, is_copy=is_copy)
        plan = draft.plan
        crumbs = [Crumb(plan.plural, self.site.to(visit.request, plan.slug, "")), Crumb(view.title)]
        form = None if view.view_only else draft.form
        return await self.site.show(visit, "form", crumbs, status=status, page=view, form=form)

    async def view(self, visit: Visit, draft: Draft, *, is_copy: bool) -> View:
        """Give what the page shows."""
        return await FormView(self.site, visit).page(draft, is_copy=is_copy)

    def saving(self, visit: Visit, draft: Draft, found: Merged) -> Saving:
        """Give what stores a form."""
        return Saving(visit, found, draft.picked, FileStore(self.site.brought.storage))

    # -- what was posted -------------------------------------------------------------------------

    async def answer(self, visit: Visit, plan: ModelPlan, row: Any) -> Response:
        """Store what was posted, or show what is wrong with it."""
        standing = None
        if row is not None:
            standing = await standing_of(self.site.plan, visit, plan.form, row, is_held=True)
        shape = await self.shape(visit, plan, standing)
        reader = plan.form.readers(shape)
        theirs = self._theirs(plan, standing, shape)
        out = left_out(plan.form, theirs, visit.posted)
        form, items = read_form(plan.form, reader, visit.posted, out)
        draft = await self._drafted(visit, plan, standing, shape, form)
        shown = shown_of(visit.sent(_SHOWN))
        blind = {} if standing is None else blind_of(standing)
        now = {} if theirs is None else prints_of(theirs, blind)
        draft.prints = now if shown is None else shown
        if form.is_action:
            return await self.show(visit, draft)
        given = given_of(draft.sheet, items, shown or ())
        found = self._merged(visit, draft, theirs, shown, given, blind)
        self._ask(draft, found, out)
        await self._ask_files(draft, found)
        if not form.is_valid:
            return await self.show(visit, draft, status=422)
        if found.conflicts:
            return await self._ask_which(visit, draft, found, now)
        return await self._store(visit, draft, found)

    def _theirs(self, plan: ModelPlan, standing: Standing | None, shape: Shape) -> Sheet | None:
        """Give the form as it is with what is stored now."""
        if standing is None:
            return None
        reader = plan.form.readers(shape)
        bare = initial_of(self.site.plan, standing, shape)
        return sheet_of(plan.form, Form(reader, initial=bare))

    def _merged(
        self,
        visit: Visit,
        draft: Draft,
        theirs: Sheet | None,
        shown: Mapping[str, str] | None,
        given: set[str],
        blind: Mapping[str, str],
    ) -> Merged:
        if theirs is None:
            paths = {path for one in draft.sheet.every() for path, _, _ in one.known()}
            return Merged(changed=paths & given)
        chosen = {
            name.removeprefix(_KEEP): text
            for name, text in visit.posted
            if name.startswith(_KEEP) and isinstance(text, str)
        }
        self._refuse_strangers(draft, theirs)
        return merged(draft.sheet, theirs, shown, given, chosen, blind)

    def _refuse_strangers(self, draft: Draft, theirs: Sheet) -> None:
        """Say which rows are not there, or are another's: the two look the same from here."""
        known = {one.path for one in theirs.every()}
        for one in draft.sheet.every():
            if one.key and one.path not in known:
                part = next(iter(one.fields.values()), one.part)
                part.messages.append(message_of("", otherwise=lazy("This is not there any more.")))

    def _ask(self, draft: Draft, found: Merged, out: set[str]) -> None:
        """Ask for what must be there and may be left out in some cases alone."""
        if not draft.form.is_valid:
            return  # asked for once the rest is
        value = draft.form.value
        for path, field, part in draft.sheet.known():
            if field.shown_when is None or field.name in out or not field.is_needed:
                continue
            is_new = draft.standing is None
            if (is_new or path in found.changed) and getattr(value, field.name) is None:
                part.messages.append(message_of("missing"))

    async def _ask_files(self, draft: Draft, found: Merged) -> None:
        if not draft.form.is_valid:
            return
        value = draft.form.value
        store = FileStore(self.site.brought.storage)
        for path, field, part in draft.sheet.known():
            if not field.is_file:
                continue
            upload = getattr(value, field.name)
            if upload is None and field.is_needed and draft.standing is None:
                part.messages.append(message_of("no_file"))
            elif path in found.changed:
                await store.check(field, part, upload)

    async def _store(self, visit: Visit, draft: Draft, found: Merged) -> Response:
        plan = draft.plan
        saving = self.saving(visit, draft, found)
        try:
            row = await saving.save(draft.sheet, draft.form.value, draft.standing, plan.model)
        except Refused:
            if draft.standing is not None:  # what was read is worth nothing any more
                query = with_relations(plan.form, plan.query()).for_update()
                row = await self.row(visit, plan, "change", query=query)
                draft.standing = await standing_of(self.site.plan, visit, plan.form, row)
            return await self.show(visit, draft, status=self.refused_status)
        await self._record(visit, row, saving)
        notice = lazy("“%(name)s” was saved.", name=plan.name_of(row))
        return await self.site.go(visit, self.next_url(visit, plan, row), notice)

    async def _record(self, visit: Visit, row: Any, saving: Saving) -> None:
        """Write down what was done with the row, and with those within its form."""
        batch = new_batch() if len(saving.changes) > 1 else None
        for one in saving.changes:
            about = self.site.plan.of(type(one.row))
            action = one.action if one.row is not row else self.recorded_as or one.action
            await recorded(visit, about, one.row, action, one.values, batch=batch)

    async def _ask_which(
        self, visit: Visit, draft: Draft, found: Merged, now: Mapping[str, str]
    ) -> Response:
        """Show what two people changed, for one of them to choose."""
        back = visit.request.url.path
        kept = [one for one in visit.posted if one[0] != _SHOWN and not one[0].startswith(_KEEP)]
        prints = seen(draft.prints, now, found.conflicts)
        view = await conflict_view(
            self.site, visit, draft, found.conflicts, [*kept, (_SHOWN, written(prints))], back
        )
        plan = draft.plan
        crumbs = [Crumb(plan.plural, self.site.to(visit.request, plan.slug, "")), Crumb(view.title)]
        return await self.site.show(visit, "conflict", crumbs, status=409, page=view)

    # -- where one goes on -----------------------------------------------------------------------

    def _then(self, visit: Visit) -> str:
        """Give the page of this site that asked for a new row; empty for none."""
        given = visit.request.query_params.get("then", "")
        below = self.site.to(visit.request, "")
        is_ours = given.startswith(below) and len(given) < 2000
        if not is_ours or any(one in given for one in "\\?#\r\n\t") or "//" in given:
            return ""
        return "" if ".." in given else given

    def next_url(self, visit: Visit, plan: ModelPlan, row: Any) -> str:
        """Give where one goes on from a row that was stored."""
        key = plan.keys.written(row)
        then = self._then(visit)
        field = visit.request.query_params.get("for", "")
        if visit.sent("_then") == "again":
            return self.site.to(visit.request, plan.slug, "add")
        if visit.sent("_then") == "stay":
            return self.site.to(visit.request, plan.slug, key)
        if then and field.isidentifier():
            return f"{then}?{field}={quote(key)}&{MADE}={field}"
        return then or self.site.to(visit.request, plan.slug, "")


class AddPage(FormPages):
    """A new row."""

    path = "/{model}/add"

    async def get(self, visit: Visit) -> Response:
        """Show an empty form, with what the address says."""
        plan = self.plan(visit)
        await self.require(visit, "add", plan.model)
        shape = await self.shape(visit, plan, None)
        initial = new_rows(plan.form) | prefilled(
            plan.form, shape, visit.request.query_params.multi_items()
        )
        return await self.show(visit, await self.draft(visit, plan, None, initial))

    async def post(self, visit: Visit) -> Response:
        """Store the row."""
        plan = self.plan(visit)
        await self.require(visit, "add", plan.model)
        return await self.answer(visit, plan, None)


class CopyPage(FormPages):
    """A new row that begins as another one is."""

    path = "/{model}/{key}/copy"

    async def get(self, visit: Visit) -> Response:
        """Show a form with the values of the row, but for files and what is unique."""
        plan = self.plan(visit)
        await self.require(visit, "add", plan.model)
        row = await self.row(visit, plan, query=with_relations(plan.form, plan.query()))
        standing = await standing_of(self.site.plan, visit, plan.form, row)
        shape = await self.shape(visit, plan, None)
        initial = copied(initial_of(self.site.plan, standing, shape), plan.form)
        return await self.show(visit, await self.draft(visit, plan, None, initial), is_copy=True)

    async def post(self, visit: Visit) -> Response:
        """Store the row."""
        plan = self.plan(visit)
        await self.require(visit, "add", plan.model)
        await self.row(visit, plan)
        return await self.answer(visit, plan, None)


class ChangePage(FormPages):
    """A row that is there."""

    path = "/{model}/{key}"

    async def get(self, visit: Visit) -> Response:
        """Show the row in its form; or its values, to who may not change it."""
        plan = self.plan(visit)
        row = await self.row(visit, plan, query=with_relations(plan.form, plan.query()))
        standing = await standing_of(self.site.plan, visit, plan.form, row)
        if not await visit.may("change", row):
            form: Form[Any] = Form(plan.form.readers(Shape(())))
            known = Picked(standing_rows(self.site.plan, standing))
            sheet = sheet_of(plan.form, form)
            draft = Draft(plan, form, Shape(()), sheet, standing, known, {})
            return await self.show(visit, draft)
        shape = await self.shape(visit, plan, standing)
        initial = initial_of(self.site.plan, standing, shape)
        theirs = sheet_of(plan.form, Form(plan.form.readers(shape), initial=initial))
        query = visit.request.query_params.multi_items()
        asked = prefilled(plan.form, shape, query, initial)
        draft = await self.draft(visit, plan, standing, initial | asked)
        draft.prints = prints_of(theirs, blind_of(standing))
        return await self.show(visit, draft)

    async def post(self, visit: Visit) -> Response:
        """Store the changes."""
        plan = self.plan(visit)
        query = with_relations(plan.form, plan.query()).for_update()
        row = await self.row(visit, plan, "change", query=query)
        return await self.answer(visit, plan, row)
