"""Values as the texts that an input holds; the way back is Pydantic's.

Secrets and files have no text: nothing of them is ever sent back.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Any

from pydantic import SecretBytes, SecretStr

from trivet.forms.plan import Leaf
from trivet.forms.widgets import Checkbox, Moment, Password, Upload

__all__ = ["Raw", "raw_of"]

_LONG = 50  # digits

Raw = str | bool | tuple[str, ...]
"""What an input holds: a text, whether it is ticked, or the texts that are chosen."""


def raw_of(leaf: Leaf, value: Any) -> Raw:
    """Give what the input of `leaf` holds for a value."""
    if isinstance(leaf.widget, Checkbox):
        return value is True
    if leaf.is_several:
        found = value if isinstance(value, Sequence | Set) and not isinstance(value, str) else ()
        return tuple(_text(leaf, one) for one in found)
    return _text(leaf, value)


def _text(leaf: Leaf, value: Any) -> str:
    if value is None or isinstance(leaf.widget, Password | Upload):
        return ""
    if isinstance(value, SecretStr | SecretBytes):
        return ""
    if leaf.choices is not None:
        found = (one.text for one in leaf.choices if one.value == value)
        return next(found, str(value))
    if isinstance(value, datetime.datetime):
        return _moment(leaf, value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _span(value)
    if isinstance(value, decimal.Decimal):
        # Written out only where that is short: 1E+999999999 would take a gigabyte.
        return f"{value:f}" if abs(value.adjusted()) < _LONG else str(value)
    return str(value)


def _moment(leaf: Leaf, value: datetime.datetime) -> str:
    widget = leaf.widget
    if not isinstance(widget, Moment):
        return value.isoformat()
    if value.tzinfo is not None:
        with suppress(OverflowError):  # at the ends of time
            value = value.astimezone(widget.tzinfo)
    precise = "milliseconds" if value.microsecond else "seconds" if value.second else "minutes"
    return value.replace(tzinfo=None).isoformat(timespec=precise)


def _span(value: datetime.timedelta) -> str:
    seconds = value % datetime.timedelta(days=1)
    return f"P{value.days}DT{seconds.total_seconds():g}S" if value.days else str(seconds)
