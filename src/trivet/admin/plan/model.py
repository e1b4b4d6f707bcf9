"""One model of a site: everything that its pages need to know, frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.keys import Keys
from trivet.admin.plan.actions import ActionPlan, actions_of, is_soft
from trivet.admin.plan.cells import cells_of
from trivet.admin.plan.columns import ColumnPlan, columns_of, totals_of
from trivet.admin.plan.derived import with_what_suits
from trivet.admin.plan.filters import DatesFilter, FilterPlan, filters_of, hierarchy_of
from trivet.admin.plan.form import FormPlan, form_of
from trivet.admin.plan.icons import icon_for
from trivet.admin.plan.naming import named_by, naming_of
from trivet.admin.plan.search import SearchPlan, search_of
from trivet.admin.plan.subjects import Subject, subjects_of
from trivet.auth.permissions.names import permission_name
from trivet.db import Query
from trivet.db.describe import Description, describe

__all__ = ["ModelPlan", "plan_of"]


@dataclass(frozen=True, eq=False)
class ModelPlan:
    """How one model is listed and edited."""

    admin: ModelAdmin
    model: Any
    description: Description
    keys: Keys
    slug: str
    label: str
    plural: str
    columns: tuple[ColumnPlan, ...]
    filters: tuple[FilterPlan, ...]
    search: SearchPlan | None
    hierarchy: DatesFilter | None
    totals: tuple[str, ...]
    form: FormPlan
    naming: Callable[[Any], str]
    """Gives what a row is called."""
    named_by: tuple[str, ...] | None = None
    """The columns that `naming` reads besides the key; None where it may read any."""
    cells: FormPlan | None = None
    """The form of one row of the list, where something is changed there."""
    actions: tuple[ActionPlan, ...] = ()
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    """What conditions of the list may be about, by name."""

    @property
    def is_soft(self) -> bool:
        """True where rows that are deleted go to the trash."""
        return is_soft(self.model)

    def action(self, name: str) -> ActionPlan | None:
        """Give an action by its name, or None."""
        return next((one for one in self.actions if one.name == name), None)

    @property
    def label_within(self) -> str:
        """What a row is called inside of a sentence: a word of one's own stays as it is.

        Not every language writes nouns small; what was made of a class's name is English.
        """
        return self.label if type(self.admin).label else self.label.lower()

    @property
    def plural_within(self) -> str:
        """The same of several rows."""
        kind = type(self.admin)
        return self.plural if kind.plural or kind.label else self.plural.lower()

    @property
    def icon(self) -> str:
        """The drawing beside its name."""
        return self.admin.icon or icon_for(self.model)

    @property
    def has_badge(self) -> bool:
        """True where the menu says a number beside its name."""
        return type(self.admin).badge is not ModelAdmin.badge

    @property
    def is_in_palette(self) -> bool:
        """True where its rows are found from everywhere."""
        chosen = type(self.admin).in_palette
        return self.search is not None if chosen is None else chosen

    @property
    def all_filters(self) -> Sequence[FilterPlan]:
        """The filters, and the hierarchy where it is none of them."""
        if self.hierarchy is None or any(one.name == self.hierarchy.name for one in self.filters):
            return self.filters
        return (*self.filters, self.hierarchy)

    def query(self, *, is_trash: bool = False) -> Query[Any]:
        """Give the rows that the site knows at all; or those that are in the trash."""
        if is_trash and self.is_soft:
            return self.admin.query(self.model.only_deleted())
        begin = getattr(self.model, "all", None)
        return self.admin.query(Query(self.model) if begin is None else begin())

    def name_of(self, row: Any) -> str:
        """Give what a row is called."""
        return self.naming(row)


def plan_of(admin: ModelAdmin) -> ModelPlan:
    """Check what was declared, and freeze it; raises `SetupError`."""
    admin = with_what_suits(admin)
    kind = type(admin)
    known = describe(admin.model)
    words = permission_name("", admin.model).rstrip(".")
    columns = columns_of(kind, known)
    label = kind.label or words.replace("_", " ").capitalize()
    filters, search = filters_of(kind, known), search_of(kind, known)
    hierarchy = hierarchy_of(kind, known)
    every = filters if hierarchy is None else (*filters, hierarchy)
    return ModelPlan(
        admin=admin,
        model=admin.model,
        description=known,
        keys=Keys(admin.model),
        slug=kind.slug or words.replace("_", "-"),
        label=label,
        plural=kind.plural or _plural(label),
        columns=columns,
        filters=filters,
        search=search,
        hierarchy=hierarchy,
        totals=totals_of(kind, known),
        form=form_of(kind, known),
        naming=naming_of(admin),
        named_by=named_by(admin),
        cells=cells_of(kind, known, columns),
        actions=actions_of(kind),
        subjects=subjects_of(known, every, search),
    )


def _plural(label: str) -> str:
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return f"{label[:-1]}ies"
    if label.endswith(("s", "x", "z", "ch", "sh")):
        return f"{label}es"
    return f"{label}s"
