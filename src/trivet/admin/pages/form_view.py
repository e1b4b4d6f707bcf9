"""A form as its template draws it: sections, tabs, facts, pickers, and what the script goes by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from markupsafe import Markup

from trivet.admin.editing.merging import written
from trivet.admin.editing.relations import Picked
from trivet.admin.editing.sheets import Sheet, blank_sheets
from trivet.admin.editing.standing import Standing
from trivet.admin.listing.cells import cell
from trivet.admin.listing.offers import row_offers
from trivet.admin.markup import ALLOWED, cleaned
from trivet.admin.plan.form import FieldPlan, FieldsetPlan
from trivet.admin.plan.inputs import Markdown, Offered, RelationInput, RichText
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.readers import Shape
from trivet.admin.showing import Site
from trivet.admin.views import Button, Fact, FormPage, Link, Presence, Section, Tab
from trivet.admin.visits import Visit
from trivet.forms import Choice, Form, Textarea
from trivet.forms.bound import BoundField, BoundGroup, BoundRows, Part
from trivet.forms.html import Html, attributes_html
from trivet.texts import lazy

__all__ = ["Draft", "FormView"]

_RICH = Markup('<div class="preview">{}</div>')


@dataclass
class Draft:
    """A form in the making, and the row that it is about."""

    plan: ModelPlan
    form: Form[Any]
    shape: Shape
    sheet: Sheet
    standing: Standing | None
    picked: Picked
    prints: dict[str, str]
    """The fingerprints that go with it."""
    then: str = ""


class FormView:
    """Makes the view of a form."""

    def __init__(self, site: Site, visit: Visit) -> None:
        self.site = site
        self.visit = visit

    async def page(self, draft: Draft, *, is_copy: bool = False) -> FormPage:
        """Give the whole page."""
        plan, standing, shape = draft.plan, draft.standing, draft.shape
        is_new = standing is None
        title: str = lazy("New %(label)s", label=plan.label)
        if standing is not None:
            title = plan.name_of(standing.row)
        view_only = not (shape.names or shape.inlines)
        sections, tabs = await self._sections(draft)
        self._mark(draft)
        pickers = await self._pickers(draft)
        return FormPage(
            title=title,
            sections=sections,
            tabs=tabs,
            is_new=is_new,
            buttons=[] if view_only else await self._buttons(draft),
            actions=await self._actions(draft),
            delete_url=await self._delete_url(draft),
            history_url=self._history_url(draft),
            view_only=view_only,
            pickers=pickers,
            wide=[one.name for one in draft.form if _is_wide(one)],
            sort={
                one.name: one.sort
                for one in plan.form.inlines
                if one.sort and one.sort in (shape.within(one.name) or Shape(())).names
            },
            tables=[one.name for one in plan.form.inlines if one.kind == "table"],
            version="" if is_new else written(draft.prints),
            draft=f"{plan.slug}/{'copy' if is_copy else 'add' if is_new else standing.key}",  # type: ignore[union-attr]
            rich=ALLOWED if _has_rich_text(draft) else "",
            related=await self._related(draft),
            presence=self._presence(draft),
        )

    def _history_url(self, draft: Draft) -> str:
        if draft.standing is None or self.visit.history is None:
            return ""
        key = draft.standing.key
        return self.site.to(self.visit.request, draft.plan.slug, key, "history")

    def _presence(self, draft: Draft) -> Presence | None:
        live = self.site.brought.live
        if live is None or draft.standing is None:
            return None
        channel = live.presence.channel(self.visit, draft.plan, draft.standing.key)
        if not channel:
            return None
        return Presence(channel, live.client_url(self.visit.request), self.visit.user.handle)

    # -- sections --------------------------------------------------------------------------------

    async def _sections(self, draft: Draft) -> tuple[list[Section], list[Tab]]:
        loose: list[Section] = []
        tabs: dict[str, list[Section]] = {}
        for one in draft.plan.form.fieldsets:
            made = await self._section(draft, one)
            if made.fields or made.facts:
                (tabs.setdefault(one.tab, []) if one.tab else loose).append(made)
        for inline in draft.plan.form.inlines:
            if draft.shape.within(inline.name) is not None:
                loose.append(Section("", [inline.name]))
            else:
                shown = self._seen(draft, inline.name)
                if shown:
                    loose.append(Section(inline.label, [], inline.hint, facts=shown))
        made_tabs = [
            Tab(str(number), label, sections, self._problems(draft, sections))
            for number, (label, sections) in enumerate(tabs.items(), 1)
        ]
        return loose, made_tabs

    async def _section(self, draft: Draft, one: FieldsetPlan) -> Section:
        names = [field.name for field in one.fields if field.name in draft.shape.names]
        facts = []
        for field in one.fields:
            if field.name not in draft.shape.names and draft.standing is not None:
                fact = await self._fact(draft.standing, field)
                if fact is not None:
                    facts.append(fact)
        return Section(one.label, names, one.hint, one.is_closed, facts)

    async def stored(self, standing: Standing, fields: Sequence[FieldPlan]) -> list[Fact]:
        """Give what stands in fields of a row now, as far as the visitor may see it."""
        found = [await self._fact(standing, one) for one in fields]
        return [one for one in found if one is not None]

    async def _fact(self, standing: Standing, field: FieldPlan) -> Fact | None:
        """Give a field that is seen and not changed; None for what may not be seen."""
        name, row = field.name, standing.row
        if name in standing.hidden or name in standing.overfull:
            return None
        if field.is_blind and not field.is_file:
            return None  # a hash or a password is shown to nobody
        if field.relation is None:
            value = getattr(row, name)
            if field.is_file and value is not None:
                url = self._file_url(standing, field)
                return Fact(field.label, _file_label(value), url)
            if isinstance(field.widget, RichText) and value:
                # What is stored may have come by another way than a form.
                return Fact(field.label, _RICH.format(cleaned(str(value))))
            return Fact(field.label, cell(field.kind, value, self.visit))
        if field.relation.is_many:
            names = ", ".join(self.site.plan.name_of(one) for one in standing.related.get(name, ()))
            return Fact(field.label, cell("text", names, self.visit))
        value = getattr(row, name)
        if value is None:
            return Fact(field.label, cell("text", None, self.visit))
        if not await self.visit.may("view", value):
            return Fact(field.label, cell("text", self._key(value), self.visit))
        shown = cell("text", self.site.plan.name_of(value), self.visit)
        return Fact(field.label, shown, self._row_url(value))

    def _seen(self, draft: Draft, name: str) -> list[Fact]:
        """Give the rows of an inline that may be seen and not changed."""
        if draft.standing is None:
            return []
        return [
            Fact(str(number), self.site.plan.name_of(one.row), self._row_url(one.row))
            for number, one in enumerate(draft.standing.children.get(name, ()), 1)
        ]

    def _problems(self, draft: Draft, sections: Sequence[Section]) -> int:
        names = [name for one in sections for name in one.fields]
        return sum(len(part.messages) for name in names for part in _below(draft.form[name]))

    # -- what is done with it --------------------------------------------------------------------

    async def _buttons(self, draft: Draft) -> list[Button]:
        found = [
            Button("", "", lazy("Save"), "first"),
            Button("_then", "stay", lazy("Save and go on editing")),
        ]
        if await self.visit.may("add", draft.plan.model) and not draft.then:
            found.append(Button("_then", "again", lazy("Save and add another")))
        return found

    async def _actions(self, draft: Draft) -> list[Link]:
        plan, standing = draft.plan, draft.standing
        if standing is None:
            return []
        auth = self.visit.auth
        if auth is not None and plan.model is auth.user:
            if not await self.visit.may("change", standing.row):
                return []
            url = self.site.to(self.visit.request, plan.slug, standing.key, "account")
            return [Link(lazy("Password and sessions"), url, "key")]
        to = partial(self.site.to, self.visit.request, plan.slug)
        found = await row_offers(self.visit, plan, standing.row, to, is_page=True)
        if not plan.admin.can_copy or not await self.visit.may("add", plan.model):
            return found
        url = self.site.to(self.visit.request, plan.slug, standing.key, "copy")
        return [Link(lazy("Duplicate"), url, "copy"), *found]

    async def _delete_url(self, draft: Draft) -> str:
        if draft.standing is None or not await self.visit.may("delete", draft.standing.row):
            return ""
        return self.site.to(self.visit.request, draft.plan.slug, draft.standing.key, "delete")

    async def _related(self, draft: Draft) -> list[Link]:
        """Give the lists of rows that are too many for the form."""
        found = []
        standing = draft.standing
        for name in sorted(standing.overfull) if standing is not None else ():
            inline = draft.plan.form.inline(name)
            relation = draft.plan.description.relation(name)
            target: Any = inline.model if inline is not None else relation and relation.target
            plan = self.site.plan.of(target)
            if plan is None or standing is None or not await self.visit.may("view", target):
                continue
            back = [
                one.name
                for one in plan.description.relations
                if one.columns and one.target is draft.plan.model
            ]
            url = self.site.to(self.visit.request, plan.slug, "")
            if back:
                url += f"?f.{back[0]}={standing.key}"
            found.append(Link(inline.label if inline is not None else plan.plural, url, "list"))
        return found

    # -- pickers ---------------------------------------------------------------------------------

    async def _pickers(self, draft: Draft) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        sheets = [*draft.sheet.every(), *blank_sheets(draft.plan.form, draft.form)]
        for sheet in sheets:
            for path, field, part in sheet.known():
                if field.relation is not None and isinstance(part, BoundField):
                    found[part.name] = await self._picker(draft, path, field, part)
                    if part.name in draft.picked.offers:
                        found[part.name]["offers"] = draft.picked.offers[part.name]
        return found

    async def _picker(
        self, draft: Draft, path: str, field: FieldPlan, part: BoundField
    ) -> dict[str, Any]:
        assert field.relation is not None, "asked for relations alone"
        assert isinstance(part.leaf.widget, RelationInput), "made so by the plan"
        target = field.relation.target
        request = self.visit.request
        url = self.site.to(request, draft.plan.slug, "pick")
        found: dict[str, Any] = {"url": f"{url}?of={part.leaf.widget.path}"}
        known = draft.picked.rows.get(path, {})
        labels = {}
        for key, row in known.items():
            may_see = await self.visit.may("view", row)
            labels[key] = self.site.plan.name_of(row) if may_see else key
        found["labels"] = labels
        plan = self.site.plan.of(target)
        if not part.is_several and str(part.raw) in labels:
            found["label"] = labels[str(part.raw)]
            if plan is not None and await self.visit.may("view", target):
                found["open_url"] = self.site.to(request, plan.slug, str(part.raw))
        if plan is not None and await self.visit.may("add", target):
            here = request.url.path
            found["add_url"] = (
                f"{self.site.to(request, plan.slug, 'add')}?then={here}&for={part.leaf.widget.path}"
            )
        return found

    # -- what inputs are told of a request -------------------------------------------------------

    def _mark(self, draft: Draft) -> None:
        """Give inputs their addresses, and lock what may not be changed of single rows."""
        preview = self.site.to(self.visit.request, "preview")
        standing = (
            {} if draft.standing is None else {one.path: one for one in draft.standing.every()}
        )
        _let_stay_empty(draft.sheet)
        for sheet in [*draft.sheet.every(), *blank_sheets(draft.plan.form, draft.form)]:
            known = standing.get(sheet.path)
            for _, field, part in sheet.known():
                if not isinstance(part, BoundField):
                    continue
                if isinstance(part.leaf.widget, Offered):
                    part.choices = self._offered(part.leaf.widget, part)
                if isinstance(part.leaf.widget, Markdown):
                    _add(part, data_preview_url=preview)
                if known is None:
                    continue
                if sheet.path and (not known.can_change or field.name in known.hidden):
                    _add(part, readonly=True, data_locked=True)
                if field.is_file:
                    self._show_file(known, field, part)

    def _offered(self, widget: Offered, part: BoundField) -> list[Choice]:
        models = [one.model for one in self.site.plan.models.values()]
        stored = part.raw if isinstance(part.raw, tuple) else ()
        texts = dict.fromkeys([*widget.offers(self.visit, models), *stored])
        return [Choice(text, text, text) for text in texts]

    def _show_file(self, standing: Standing, field: FieldPlan, part: BoundField) -> None:
        value = getattr(standing.row, field.name)
        if value is not None:
            url = self._file_url(standing, field)
            kind = getattr(value, "content_type", "")
            part.choices = [Choice(url, _file_label(value), (kind, field.may_be_empty))]

    def _file_url(self, standing: Standing, field: FieldPlan) -> str:
        plan = self.site.plan.of(standing.plan.model)
        if plan is None:
            return ""
        return self.site.to(self.visit.request, plan.slug, standing.key, "file", field.name)

    def _row_url(self, row: Any) -> str:
        plan = self.site.plan.of(type(row))
        return "" if plan is None else self.site.to(self.visit.request, plan.slug, self._key(row))

    def _key(self, row: Any) -> str:
        return self.site.plan.keys_of(type(row)).written(row)


def _add(part: BoundField, **attributes: Any) -> None:
    more = attributes_html(attributes)
    part.leaf = replace(part.leaf, attributes=Html(part.leaf.attributes + more))


def _let_stay_empty(form: Sheet) -> None:
    """Let no browser insist on rows that stand ready: one that nobody fills in is left out."""
    for sheet in form.every():
        if sheet.key or not sheet.path:
            continue
        for _, _, part in sheet.known():
            if isinstance(part, BoundField):
                part.leaf = replace(part.leaf, is_required=False, attributes=part.leaf.lenient)


def _has_rich_text(draft: Draft) -> bool:
    """Tell whether rich text is written anywhere in a form, also in rows that are added to it."""
    sheets = [*draft.sheet.every(), *blank_sheets(draft.plan.form, draft.form)]
    return any(
        isinstance(part, BoundField) and isinstance(part.leaf.widget, RichText)
        for sheet in sheets
        for _, _, part in sheet.known()
    )


def _is_wide(part: Part) -> bool:
    return isinstance(part, BoundField) and isinstance(part.leaf.widget, Textarea)


def _below(part: Part) -> Iterator[Part]:
    yield part
    if isinstance(part, BoundGroup | BoundRows):
        for one in part.fields:
            yield from _below(one)


def _file_label(value: Any) -> str:
    if isinstance(value, bytes):
        return lazy("%(count)s bytes", count=len(value))
    return str(getattr(value, "filename", None) or getattr(value, "name", value))
