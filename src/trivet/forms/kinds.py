"""Which widget a type has, and which hints its limits give to a browser.

Tables from types to widgets; asked once for each field of a model.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import ipaddress
import pathlib
import re
import uuid
from collections.abc import Callable
from typing import Any, get_args

from pydantic import (
    AnyUrl,
    AwareDatetime,
    EmailStr,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    SecretBytes,
    SecretStr,
)
from starlette.datastructures import UploadFile

from trivet.forms.choices import choices_of
from trivet.forms.facts import Facts, facts_of
from trivet.forms.html import Attributes
from trivet.forms.picking import Pick
from trivet.forms.widgets import (
    Checkbox,
    Checkboxes,
    Input,
    Moment,
    Password,
    Select,
    Textarea,
    Upload,
    Widget,
)
from trivet.schema.annotations import is_subclass

__all__ = ["hints_of", "is_text", "widget_for"]

_LONG = 500  # characters: a longer text needs several lines
_NEW = ("new", "repeat", "confirm")
_SECRETS = re.compile(r"(.*_)?(password|passphrase)(_.*)?")
_LOOKS = re.compile(r"\^([^|]*)\$")

# The first that a type is or is below decides.
_WIDGETS: tuple[tuple[Any, Callable[[], Widget]], ...] = (
    (bool, Checkbox),
    (EmailStr, lambda: Input("email")),
    (AnyUrl, lambda: Input("url")),
    (UploadFile, Upload),
    (
        (datetime.datetime, AwareDatetime, NaiveDatetime, PastDatetime, FutureDatetime),
        Moment,
    ),
    ((datetime.date, PastDate, FutureDate), lambda: Input("date")),
    (datetime.time, lambda: Input("time")),
    ((int, float, decimal.Decimal), lambda: Input("number")),
    (
        (
            str, uuid.UUID, datetime.timedelta, pathlib.PurePath, complex, fractions.Fraction,
            ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network,
            ipaddress.IPv6Network, ipaddress.IPv4Interface, ipaddress.IPv6Interface,
        ),
        Input,
    ),
)  # fmt: skip

# What a browser may fill in, by the name of a field (HTML, autofill detail tokens).
_AUTOCOMPLETE = {
    "email": "email",
    "username": "username",
    "name": "name",
    "given_name": "given-name",
    "first_name": "given-name",
    "family_name": "family-name",
    "last_name": "family-name",
    "phone": "tel",
    "organization": "organization",
    "street": "street-address",
    "postal_code": "postal-code",
    "country": "country-name",
    "otp": "one-time-code",
    "totp": "one-time-code",
    "one_time_code": "one-time-code",
}


def widget_for(name: str, facts: Facts) -> Widget | None:
    """Give the widget of a field that names none; None where its type says nothing about one."""
    if facts.item is not None:
        return _several(facts)
    if get_args(facts.type) == (True,):
        return Checkbox()  # Literal[True]: what has to be ticked
    if facts.mark(Pick) is not None or choices_of(facts) is not None:
        return Select()
    if is_subclass(facts.type, (SecretStr, SecretBytes)) or (
        facts.type is str and _SECRETS.fullmatch(name)
    ):
        return Password(new=any(word in name for word in _NEW))
    if facts.type is bool and facts.is_nullable:
        return Select()
    if is_subclass(facts.type, str) and facts.limits.get("max_length", 0) > _LONG:
        return Textarea()
    for kinds, make in _WIDGETS:
        if is_subclass(facts.type, kinds):
            return make()
    return None


def _several(facts: Facts) -> Widget | None:
    """Give the widget that takes a whole list; None where each item has a row of its own."""
    if facts.mark(Pick) is not None:
        return Select()
    item = facts_of(facts.item)
    if choices_of(item) is not None:
        return Checkboxes()
    return Upload() if is_subclass(item.type, UploadFile) else None


def is_text(facts: Facts) -> bool:
    """Tell whether an empty text is a value of the type, and not the lack of one."""
    return is_subclass(facts.type, (str, SecretStr))


def hints_of(name: str, facts: Facts, widget: Widget) -> Attributes:
    """Give the attributes by which a browser knows of limits, and of what it may fill in."""
    found: dict[str, str | int | float | bool | None] = {}
    limits = facts.limits
    if isinstance(widget, Textarea) or (isinstance(widget, Input) and is_text(facts)):
        found |= {"minlength": limits.get("min_length"), "maxlength": limits.get("max_length")}
        pattern = limits.get("pattern", "")
        look = _LOOKS.fullmatch(getattr(pattern, "pattern", pattern))
        if look is not None and isinstance(widget, Input):
            found["pattern"] = look[1]
    if isinstance(widget, Input) and widget.type == "number":
        found |= _numbers(facts)
    elif isinstance(widget, Input) and widget.type in ("date", "time"):
        found |= {"min": _said(limits.get("ge")), "max": _said(limits.get("le"))}
    if isinstance(widget, Input | Textarea) and not isinstance(widget, Password):
        known = "email" if getattr(widget, "type", "") == "email" else _AUTOCOMPLETE.get(name)
        found["autocomplete"] = known
        if known == "one-time-code":
            found["inputmode"] = "numeric"
    return {name: value for name, value in found.items() if value is not None}


def _numbers(facts: Facts) -> dict[str, str | int | float | bool | None]:
    limits = facts.limits
    if is_subclass(facts.type, int):
        least, most = limits.get("ge"), limits.get("le")
        if least is None and limits.get("gt") is not None:
            least = int(limits["gt"]) + 1
        if most is None and limits.get("lt") is not None:
            most = int(limits["lt"]) - 1
        step: Any = limits.get("multiple_of")
        return {"min": _said(least), "max": _said(most), "step": _said(step)}
    places = limits.get("decimal_places")
    step = "any" if places is None else f"{decimal.Decimal(1).scaleb(-places):f}"
    return {"min": _said(limits.get("ge")), "max": _said(limits.get("le")), "step": step}


def _said(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
