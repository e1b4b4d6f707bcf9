"""One posted field into what its input holds, and into the value that Pydantic is given.

What is empty is a lack, unless the type takes an empty text; what is not there at all leaves the
default, except for what browsers send only where it is chosen.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import NaiveDatetime
from starlette.datastructures import UploadFile

from trivet.forms.messages import Message, message_of
from trivet.forms.plan import Leaf
from trivet.forms.texts import Raw
from trivet.forms.widgets import Checkbox, Moment, Password, Textarea, Upload

__all__ = ["ABSENT", "Posted", "Read", "lack_of", "read_leaf"]

Posted = str | UploadFile

ABSENT: Any = object()
"""What stands for no value at all."""

_UNTICKED = frozenset({"", "0", "false", "off", "no"})
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Read:
    """One field as it was read."""

    raw: Raw
    value: Any
    message: Message | None = None
    has_file: bool = False


def read_leaf(leaf: Leaf, items: Sequence[Posted] | None) -> Read:
    """Read what was posted under the name of `leaf`; None where nothing was."""
    if isinstance(leaf.widget, Upload):
        return _files(leaf, leaf.widget, items or ())
    texts = [one for one in items or () if isinstance(one, str)]
    if isinstance(leaf.widget, Checkbox):
        is_ticked = bool(texts) and texts[-1].lower() not in _UNTICKED
        if leaf.is_needed and not is_ticked:
            return Read(False, ABSENT, lack_of(leaf))
        return Read(is_ticked, is_ticked)
    if leaf.is_several:
        return _several(leaf, texts)
    if items is None:
        return Read("", ABSENT)  # the default, or Pydantic says that it is missing
    return _text(leaf, texts[-1] if texts else "")


def _text(leaf: Leaf, text: str) -> Read:
    widget = leaf.widget
    if isinstance(widget, Textarea):
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    elif not isinstance(widget, Password):
        text = text.strip()
    raw = "" if isinstance(widget, Password) else text
    if not _is_storable(text):
        shown = raw.replace("\0", "").encode("utf-8", "replace").decode()
        return Read(shown, ABSENT, message_of("control_characters"))
    if not text or (text.isspace() and not isinstance(widget, Password)):
        if leaf.facts.is_nullable:
            return Read("", None)
        if leaf.takes_empty:
            return Read("", "")
        return Read("", ABSENT, lack_of(leaf))
    if leaf.choices is not None:
        return Read(raw, _chosen(leaf, text))
    if isinstance(widget, Moment):
        return _moment(leaf, widget, text)
    return Read(raw, text)


def _is_storable(text: str) -> bool:
    """Tell whether a page can show a text and a database keep it: no NUL, no half of a pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def lack_of(leaf: Leaf) -> Message:
    """Give the message for a field that has to be filled in and is not."""
    if isinstance(leaf.widget, Upload):
        return message_of("no_file")
    if isinstance(leaf.widget, Checkbox):
        return message_of("not_ticked")
    has_choices = leaf.choices is not None or leaf.pick is not None
    return message_of("not_chosen" if has_choices else "missing")


def _several(leaf: Leaf, texts: Sequence[str]) -> Read:
    chosen = tuple(dict.fromkeys(text for text in texts if text and "\0" not in text))
    return Read(chosen, [_chosen(leaf, text) for text in chosen])


def _chosen(leaf: Leaf, text: str) -> Any:
    """Give the value that a text stands for; what is none of the choices is left to Pydantic."""
    return next((one.value for one in leaf.choices or () if one.text == text), text)


def _moment(leaf: Leaf, widget: Moment, text: str) -> Read:
    """Read a time, which is in the widget's zone if it has none; Pydantic is left what is none."""
    if leaf.facts.type is NaiveDatetime:
        return Read(text, text)
    try:
        found = datetime.datetime.fromisoformat(text)
        found = found.replace(tzinfo=widget.tzinfo) if found.tzinfo is None else found
        found.astimezone(datetime.UTC)
    except ValueError:
        return Read(text, text)
    except OverflowError:
        return Read(text, ABSENT, message_of("datetime_parsing"))
    return Read(text, found)


def _files(leaf: Leaf, widget: Upload, items: Sequence[Posted]) -> Read:
    files = [one for one in items if isinstance(one, UploadFile) and (one.filename or one.size)]
    for file in files:
        if widget.max_bytes is not None and (file.size or 0) > widget.max_bytes:
            return Read(
                "", ABSENT, message_of("file_too_large", {"most": _size(widget.max_bytes)}), True
            )
        if not widget.takes(file.filename or "", file.content_type or ""):
            return Read(
                "", ABSENT, message_of("file_type", {"types": ", ".join(widget.types)}), True
            )
    if not files:
        if leaf.is_needed:
            return Read("", ABSENT, lack_of(leaf))
        return Read("", [] if leaf.is_several else ABSENT)
    return Read("", files if leaf.is_several else files[-1], has_file=True)


def _size(size: int) -> str:
    if size >= _KIB * _KIB:
        return f"{size / _KIB / _KIB:g} MB"
    return f"{size / _KIB:g} kB" if size >= _KIB else f"{size} bytes"
