"""What a user writes: classes and marks that only hold what was said, and do nothing."""

from __future__ import annotations

from trivet.admin.declared.action import Action, action
from trivet.admin.declared.computed import Computed, computed
from trivet.admin.declared.dashboard import Card, Chart, Figure
from trivet.admin.declared.filters import Filter
from trivet.admin.declared.inline import Files, Inline
from trivet.admin.declared.layout import Fieldset
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.declared.searching import FullText

__all__ = [
    "Action",
    "Card",
    "Chart",
    "Computed",
    "Fieldset",
    "Figure",
    "Files",
    "Filter",
    "FullText",
    "Inline",
    "ModelAdmin",
    "action",
    "computed",
]
