"""What two people changed at the same time, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape

from trivet.admin.editing.last_change import last_change
from trivet.admin.editing.merging import Difference
from trivet.admin.listing.cells import cell
from trivet.admin.pages.form_view import Draft
from trivet.admin.showing import Site
from trivet.admin.views import BothChanged, ConflictPage
from trivet.admin.visits import Visit
from trivet.forms.bound import BoundField, Part
from trivet.forms.drawing import translated
from trivet.texts import lazy

__all__ = ["conflict_view"]


async def conflict_view(
    site: Site,
    visit: Visit,
    draft: Draft,
    conflicts: Sequence[Difference],
    posted: Sequence[tuple[str, Any]],
    back_url: str,
) -> ConflictPage:
    """Give the page on which one chooses."""
    assert draft.standing is not None, "there was something to change"
    told = await last_change(visit, draft.plan, draft.standing.row)
    return ConflictPage(
        title=draft.plan.name_of(draft.standing.row),
        fields=[_field(site, draft, one) for one in conflicts],
        hidden=[(name, text) for name, text in posted if isinstance(text, str)],
        back_url=back_url,
        who="" if told is None else told.who,
        when="" if told is None else cell("moment", told.when, visit),
    )


def _field(site: Site, draft: Draft, one: Difference) -> BothChanged:
    where = _where(site, draft, one)
    if one.plan is None or one.mine is None or one.theirs is None:
        taken = lazy("Taken away")
        return BothChanged(one.path, where, lazy("Changed"), taken, chosen="theirs")
    label = f"{where}: {one.plan.label}" if where else one.plan.label
    if one.plan.is_file:
        new = lazy("A new file; choose it again to be sure")
        return BothChanged(one.path, label, lazy("Another file"), new, chosen="theirs")
    if one.plan.is_blind:
        return BothChanged(one.path, label, lazy("Changed"), lazy("Changed"))
    return BothChanged(
        one.path, label, _shown(site, draft, one, one.theirs), _shown(site, draft, one, one.mine)
    )


def _where(site: Site, draft: Draft, one: Difference) -> str:
    if not one.sheet.path or draft.standing is None:
        return ""
    found = (known for known in draft.standing.every() if known.path == one.sheet.path)
    row = next(found, None)
    return "" if row is None else site.plan.name_of(row.row)


def _shown(site: Site, draft: Draft, one: Difference, part: Part) -> Markup:
    """Give what stands in a field, as people read it."""
    known = draft.picked.rows.get(one.path, {})
    texts = []
    for field in _fields(part):
        raw = field.raw
        if isinstance(raw, bool):
            texts.append(translated(lazy("Yes") if raw else lazy("No")))
            continue
        for text in raw if isinstance(raw, tuple) else (raw,):
            labels = {choice.text: choice.label for choice in field.leaf.choices or ()}
            row = known.get(text)
            texts.append(labels.get(text, text) if row is None else site.plan.name_of(row))
    return Markup('<span class="whole">{}</span>').format(escape("\n".join(texts)))


def _fields(part: Part) -> Iterator[BoundField]:
    if isinstance(part, BoundField):
        yield part
    else:
        for one in part.fields:
            yield from _fields(one)
