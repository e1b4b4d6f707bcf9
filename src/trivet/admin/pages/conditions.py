"""Where the conditions of a list are put together, with or without a script.

A form that is sent by GET: each of its buttons leads to the form as it is then, and the last one to
the list. It shows no row of the list and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from trivet.admin.conditions.fields import changed, group_of, is_filled_in, read_fields
from trivet.admin.conditions.fitting import Asking
from trivet.admin.conditions.tree import (
    MOST,
    MOST_LEVELS,
    Condition,
    Group,
    Item,
    Unreadable,
    Where,
    checked,
    normal,
)
from trivet.admin.listing.beside import Names, picked_by_conditions, read_beside
from trivet.admin.listing.seen import Seen
from trivet.admin.listing.state import ListState
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.plan.lookups import LOOKUPS
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.subjects import RowSubject, Subject
from trivet.admin.views import Choice, ConditionGroup, ConditionRow, Crumb
from trivet.admin.views import ConditionsPage as View
from trivet.admin.visits import Visit
from trivet.errors import HTTPException
from trivet.texts import lazy

__all__ = ["ConditionsPage"]

_INPUTS: Mapping[str, Any] = {"number": "number", "day": "date", "row": "row"}


class ConditionsPage(ModelPage):
    """The form of a list's conditions."""

    path = "/{model}/conditions"

    async def get(self, visit: Visit) -> Response:
        """Show the form, or go to the list with what it says."""
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        asked = visit.request.query_params.multi_items()
        path = self.site.to(visit.request, plan.slug, "")
        state = ListState.read(path, asked, plan)
        button = visit.request.query_params.get("do", "")
        try:
            root = _root(state, asked, button)
            asking = Asking(plan, Seen(plan, visit), visit)
            problems = {} if button != "show" else await _problems(root, asking)
            if button == "show" and not problems:
                found = normal(_chosen(root))
                where = Where.of(None if found is None else checked(found))
                return await self.site.go(visit, state.url(where=where))
        except Unreadable as error:
            raise HTTPException(400, error.text) from error
        form = _Form(self, visit, plan, asking, problems)
        view = await form.view(root, state, has_focus=button.startswith(("add", "group")))
        crumbs = [Crumb(plan.plural, view.back_url), Crumb(view.title)]
        status = 422 if problems else 200
        return await self.site.show(visit, "conditions", crumbs, status=status, page=view)


def _root(state: ListState, asked: Sequence[tuple[str, str]], button: str) -> Group:
    """Give the conditions of the form, or where it is opened, of the list; raises `Unreadable`."""
    fields = read_fields(asked)
    if fields:
        return group_of(changed(fields, button))
    if state.where.problem:
        raise Unreadable(state.where.problem)
    return state.where.root or Group("all", (Condition("", ""),))


def _chosen(root: Group) -> Group:
    """Give the same without the lines in which no column was chosen."""
    items: list[Item] = []
    for one in root.items:
        if isinstance(one, Group):
            items.append(_chosen(one))
        elif one.name:
            items.append(one)
    return Group(root.how, tuple(items))


async def _problems(root: Group, asking: Asking) -> dict[int, str]:
    """Give what is wrong with conditions, by their identity."""
    found: dict[int, str] = {}
    for one in root.conditions():
        if not one.name:
            continue
        subject = await asking.subject(one.name)
        if subject is not None and not is_filled_in(one):
            found[id(one)] = lazy("Say what it is asked for.")
            continue
        try:
            await asking.asked(one)
        except UnfitFilter:
            found[id(one)] = lazy("No row of this list can be asked for that.")
    return found


class _Form:
    """The form, drawn for one visit."""

    def __init__(
        self,
        page: ConditionsPage,
        visit: Visit,
        plan: ModelPlan,
        asking: Asking,
        problems: Mapping[int, str],
    ) -> None:
        self._site = page.site
        self._visit = visit
        self._plan = plan
        self._asking = asking
        self._problems = problems
        self._subjects: dict[str, Subject] = {}
        self._names: Names = {}
        self._last: Condition | None = None
        self._count = 0

    async def view(self, root: Group, state: ListState, *, has_focus: bool) -> View:
        """Give all that the page shows; `has_focus` lets the newest line have it."""
        self._subjects = {one.name: one for one in await self._asking.subjects()}
        conditions = list(root.conditions())
        self._count = len(conditions)
        picks = picked_by_conditions(self._subjects.values(), conditions)
        self._names = (await read_beside(self._site.plan, self._visit, self._plan, picks)).names
        new = [one for one in conditions if not one.name]
        self._last = new[-1] if has_focus and new else None
        return View(
            title=lazy("Conditions"),
            path=self._site.to(self._visit.request, self._plan.slug, "conditions"),
            back_url=state.url(),
            root=self._group(root, ""),
            kept=state.pairs(where=Where()),
            clear_url=state.url(where=Where()) if state.where.text else "",
            limit=""
            if self._count < MOST
            else lazy("At most %(most)s conditions at once.", most=MOST),
        )

    def _group(self, group: Group, place: str) -> ConditionGroup:
        items = [
            self._group(one, f"{place}.{number}")
            if isinstance(one, Group)
            else self._row(one, f"{place}.{number}")
            for number, one in enumerate(group.items)
        ]
        can_add = self._count < MOST
        is_last = place.count(".") + 1 >= MOST_LEVELS
        return ConditionGroup(place, group.how, items, can_add, can_add and not is_last)

    def _row(self, one: Condition, place: str) -> ConditionRow:
        subject = self._subjects.get(one.name)
        subjects = [
            Choice(name, each.label, name == one.name) for name, each in self._subjects.items()
        ]
        problem = self._problems.get(id(one), "")
        if subject is None:
            return ConditionRow(place, "", subjects, problem=problem, has_focus=one is self._last)
        lookup = one.lookup if one.lookup in subject.lookups else subject.lookups[0]
        takes = LOOKUPS[lookup].takes
        choices = [
            Choice(text, label, text in one.values)
            for text, label in subject.choices_for(lookup).items()
        ]
        pick_url = ""
        if isinstance(subject, RowSubject):
            choices = [
                Choice(text, self._names.get((one.name, text), text), True) for text in one.values
            ]
            target = self._site.plan.of(subject.relation.target)
            if target is not None:
                pick_url = self._site.to(self._visit.request, target.slug, "pick")
        return ConditionRow(
            place,
            subject.label,
            subjects,
            [Choice(each, LOOKUPS[each].label, each == lookup) for each in subject.lookups],
            takes,
            _INPUTS.get(subject.kind, "choice" if choices else "text"),
            one.values if takes == "some" else (*one.values, "", "")[:2],
            choices,
            pick_url,
            problem,
        )
