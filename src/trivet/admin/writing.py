"""How numbers, dates and moments are written: as the visitor's locale does, where there is one.

`trivet.i18n` is known by the functions that templates have of it, so that an application without it
needs none of its libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from trivet.admin.visits import Visit
from trivet.app.part import Part

__all__ = ["Functions", "functions_of", "let_write"]

Functions = dict[str, Callable[..., Any]]
_NEEDED = ("locale", "format_number", "format_date", "format_time")


def functions_of(parts: Iterable[Part]) -> Functions:
    """Give the functions of the part that knows locales; none where there is none."""
    for part in parts:
        found = dict(part.template_functions())
        if all(name in found for name in _NEEDED):
            return found
    return {}


def let_write(visit: Visit, functions: Functions) -> None:
    """Let a visit write as its locale does."""
    if not functions or visit.request is None:
        return
    request = visit.request

    def number(value: Any) -> str:
        if isinstance(value, Decimal) and (digits := -int(value.as_tuple().exponent)) > 0:
            return str(functions["format_number"](request, value, f"#,##0.{'0' * digits}"))
        return str(functions["format_number"](request, value))

    def day(value: date) -> str:
        return str(functions["format_date"](request, value))

    def moment(value: datetime) -> str:
        # In the visitor's zone already: as a day and a time of day it is moved no more.
        time = functions["format_time"](request, value.time())
        return f"{day(value.date())} {time}"

    visit.number, visit.day, visit.moment = number, day, moment
    visit.is_localised = True
    visit.zone = str(functions["locale"](request).timezone)
