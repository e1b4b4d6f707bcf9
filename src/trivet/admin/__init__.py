"""The admin: a site in which staff see and change the rows of an application's models.

``from trivet.admin import Admin, ModelAdmin``
"""

from __future__ import annotations

from trivet.admin.accounts import GroupAdmin, SecurityEventAdmin, UserAdmin
from trivet.admin.declared import (
    Action,
    Card,
    Chart,
    Computed,
    Fieldset,
    Figure,
    Files,
    Filter,
    FullText,
    Inline,
    ModelAdmin,
    action,
    computed,
)
from trivet.admin.part import Admin
from trivet.admin.plan.inputs import Colour, JsonInput, Markdown, RichText, Url

__all__ = [
    "Action",
    "Admin",
    "Card",
    "Chart",
    "Colour",
    "Computed",
    "Fieldset",
    "Figure",
    "Files",
    "Filter",
    "FullText",
    "GroupAdmin",
    "Inline",
    "JsonInput",
    "Markdown",
    "ModelAdmin",
    "RichText",
    "SecurityEventAdmin",
    "Url",
    "UserAdmin",
    "action",
    "computed",
]
