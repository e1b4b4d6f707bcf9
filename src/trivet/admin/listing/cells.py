"""What stands in a cell: one function for each kind of column, chosen at the start.

A list has hundreds: marks are put together by `f""` where what is in them is escaped or cannot be
markup, not by `Markup.format`, and a plain text is left to the template, which escapes it once.
With what is chosen once for a page, the case `admin-first` takes a seventh less of the processor.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from trivet.admin.visits import Visit
from trivet.db import FileRef
from trivet.storage.showing import may_show
from trivet.texts import lazy

__all__ = ["Draw", "cell", "drawn_by", "image"]

Draw: TypeAlias = Callable[[Any, Visit], str]

_MOST = 80  # characters of a text in a cell
_EMPTY = Markup("<i>&ndash;</i>")
_YES, _NO = lazy("Yes"), lazy("No")


def cell(kind: str, value: Any, visit: Visit) -> str:
    """Give a value as it stands in a cell: markup, or a text that the template escapes."""
    return drawn_by(kind)(value, visit)


@cache
def drawn_by(kind: str) -> Draw:
    """Give the function that draws values of a kind."""
    draw = _CELLS.get(kind, _text)

    def drawn(value: Any, visit: Visit) -> str:
        return _EMPTY if value is None or value == "" else draw(value, visit)

    return drawn


def _text(value: Any, visit: Visit) -> str:
    if hasattr(value, "__html__"):
        return Markup(value)
    text = str(value)
    if len(text) <= _MOST:
        return text  # the template escapes it, once
    return Markup('<span title="{}">{}…</span>').format(text[:500], text[:_MOST])


def _boolean(value: Any, visit: Visit) -> Markup:
    text = escape(visit.say(_YES if value else _NO))
    return Markup(f'<b class="{"y" if value else "no"}">{text}</b>')


def _moment(value: datetime, visit: Visit) -> Markup:
    here = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    shown = here.astimezone(_zone(visit.time_zone))
    return Markup(f'<time datetime="{here.isoformat()}">{escape(visit.moment(shown))}</time>')


def _date(value: date, visit: Visit) -> Markup:
    return Markup(f'<time datetime="{value.isoformat()}">{escape(visit.day(value))}</time>')


def _number(value: Any, visit: Visit) -> str:
    # Whole numbers are often keys and years: they are not parted into groups.
    return str(value) if isinstance(value, int) or not visit.is_localised else visit.number(value)


def _badge(value: Any, visit: Visit) -> Markup:
    shown = value.name.replace("_", " ").capitalize() if isinstance(value, Enum) else str(value)
    return Markup(f'<b class="t">{escape(shown)}</b>')


def _json(value: Any, visit: Visit) -> Markup:
    return Markup("<code>{}</code>").format(json.dumps(value, default=str)[:_MOST])


def _bytes(value: Any, visit: Visit) -> Markup:
    return Markup("{} bytes").format(len(value))


def _file(value: FileRef, visit: Visit) -> str:
    return _text(_name_of(value), visit)


def image(value: Any, url: str) -> Markup | None:
    """Give an image that a browser may show, small, as found at `url`; None for other files."""
    if not isinstance(value, FileRef) or not value.content_type.startswith("image/"):
        return None
    if not may_show(value.content_type):
        return None
    drawing = '<img class="thumb" src="{}" alt="{}" loading="lazy" width="32" height="32">'
    return Markup(drawing).format(url, _name_of(value))


def _name_of(file: FileRef) -> str:
    return file.filename or file.name.rpartition("/")[2]


_zone = cache(ZoneInfo)

_CELLS: dict[str, Draw] = {
    "boolean": _boolean,
    "moment": _moment,
    "date": _date,
    "number": _number,
    "badge": _badge,
    "json": _json,
    "bytes": _bytes,
    "file": _file,
}
