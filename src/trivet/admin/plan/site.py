"""All of a site: its models by their place in addresses, and by their classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trivet.admin.keys import Keys
from trivet.admin.plan.model import ModelPlan
from trivet.db.labels import label_columns, label_of
from trivet.forms import Choice

__all__ = ["SitePlan"]


@dataclass(frozen=True)
class SitePlan:
    """What a site has, in the order in which it was registered."""

    models: Mapping[str, ModelPlan]
    _keys: dict[Any, Keys] = field(default_factory=dict)
    _by_model: dict[Any, ModelPlan] = field(init=False)

    def __post_init__(self) -> None:
        found = {one.model: one for one in self.models.values()}
        object.__setattr__(self, "_by_model", found)

    def of(self, model: Any) -> ModelPlan | None:
        """Give the plan of a mapped class, or None where the site does not have it."""
        return self._by_model.get(model)

    def keys_of(self, model: Any) -> Keys:
        """Give the keys of a mapped class, whether or not the site has it."""
        found = self._keys.get(model)
        if found is None:
            found = self._keys[model] = Keys(model)
        return found

    def name_of(self, row: Any) -> str:
        """Give what a row of any mapped class is called."""
        model: Any = type(row)
        plan = self.of(model)
        return label_of(row) if plan is None else plan.name_of(row)

    def named_by(self, model: Any) -> tuple[str, ...] | None:
        """Give the attributes that `name_of` reads besides the key; None where it may read any."""
        plan = self.of(model)
        return label_columns(model) if plan is None else plan.named_by

    def choice_of(self, row: Any) -> Choice:
        """Give a row as something that may be chosen."""
        key = self.keys_of(type(row)).written(row)
        return Choice(key, self.name_of(row), key)
