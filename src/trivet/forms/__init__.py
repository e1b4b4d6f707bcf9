"""Forms: typed values in, errors beside what was typed, mark-up that everybody can use.

``from trivet.forms import Form, Forms, Posted``
"""

from __future__ import annotations

from trivet.forms.choices import Choice
from trivet.forms.dressing import dressed
from trivet.forms.form import Form
from trivet.forms.part import Forms
from trivet.forms.picking import Pick
from trivet.forms.posted import Blank, Posted, blank, posted
from trivet.forms.widgets import (
    Checkbox,
    Checkboxes,
    Hidden,
    Input,
    Moment,
    Password,
    Radios,
    Select,
    Textarea,
    Upload,
    Widget,
)

__all__ = [
    "Blank",
    "Checkbox",
    "Checkboxes",
    "Choice",
    "Form",
    "Forms",
    "Hidden",
    "Input",
    "Moment",
    "Password",
    "Pick",
    "Posted",
    "Radios",
    "Select",
    "Textarea",
    "Upload",
    "Widget",
    "blank",
    "dressed",
    "posted",
]
