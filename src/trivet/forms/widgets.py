"""What a person fills a field in with, as data: stands in an annotation, and draws nothing itself.

``body: Annotated[str, Textarea(rows=8)]``. Each names the template below `forms/inputs` that draws
it; further arguments are attributes of the element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from trivet.forms.html import Attributes

__all__ = [
    "Checkbox",
    "Checkboxes",
    "Hidden",
    "Input",
    "Moment",
    "Password",
    "Radios",
    "Select",
    "Textarea",
    "Upload",
    "Widget",
]

_Value = str | int | float | bool | None


class Widget:
    """What all of them are: the name of a template, and attributes."""

    template: ClassVar[str] = "input"
    has_choices: ClassVar[bool] = False

    def __init__(self, **attributes: _Value) -> None:
        self.attributes: Attributes = attributes


class Input(Widget):
    """One line: ``Input("tel")``, ``Input("search", autocomplete="off")``; any `type` of HTML's."""

    def __init__(self, type: str = "text", /, **attributes: _Value) -> None:
        self.type = type
        super().__init__(**attributes)


class Textarea(Widget):
    """Several lines; line ends come as a line feed alone."""

    template = "textarea"


class Password(Input):
    """A secret: what was typed is never sent back. `new` is for one that is chosen here."""

    def __init__(self, *, new: bool = False, **attributes: _Value) -> None:
        known = {"autocomplete": "new-password" if new else "current-password"}
        super().__init__("password", **(known | attributes))


class Hidden(Input):
    """A value that is sent back as it is; whoever sends it may have changed it."""

    template = "hidden"

    def __init__(self, **attributes: _Value) -> None:
        super().__init__("hidden", **attributes)


class Moment(Input):
    """A date with a time in `zone`, which is not sent with it: ``Moment("Europe/Berlin")``."""

    def __init__(self, zone: str = "UTC", /, **attributes: _Value) -> None:
        self.zone = zone
        self.tzinfo = ZoneInfo(zone)
        super().__init__("datetime-local", **attributes)


class Checkbox(Widget):
    """Yes or no; not ticked is no."""

    template = "checkbox"


class Select(Widget):
    """One of several in a list, or some of them where the field is a list."""

    template = "select"
    has_choices = True


class Radios(Widget):
    """One of several, all of them seen."""

    template = "radios"
    has_choices = True


class Checkboxes(Widget):
    """Some of several, all of them seen."""

    template = "checkboxes"
    has_choices = True


class Upload(Widget):
    """A file: at most `max_bytes` long, and of one of `types`, if they are given.

    A type is a media type (``image/png``, ``image/*``) or the end of a name (``.pdf``). Both are
    what the client says of the file, and nobody has looked into it.
    """

    template = "upload"

    def __init__(
        self, *, max_bytes: int | None = None, types: Sequence[str] = (), **attributes: _Value
    ) -> None:
        self.max_bytes = max_bytes
        self.types = tuple(one.lower() for one in types)
        super().__init__(**({"accept": ",".join(self.types) or None} | attributes))

    def takes(self, name: str, media_type: str) -> bool:
        """Tell whether a file of this name and type is one that is asked for."""
        name, media_type = name.lower(), media_type.lower().partition(";")[0].strip()
        return not self.types or any(
            name.endswith(one)
            if one.startswith(".")
            else media_type == one or (one.endswith("/*") and media_type.startswith(one[:-1]))
            for one in self.types
        )
