"""What a field is filled in with, beyond the widgets of `trivet.forms`.

A widget here may bring `checks`, which stand in the annotation beside it: what makes JSON of a
text, what takes scripts out of HTML.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pydantic import AfterValidator, BeforeValidator

from trivet.admin.markup import cleaned
from trivet.forms import Input, Textarea, Upload, Widget
from trivet.texts import lazy

__all__ = [
    "Colour",
    "FileInput",
    "JsonInput",
    "Markdown",
    "RelationInput",
    "RichText",
    "Url",
    "checks_of",
    "json_text",
    "marked",
]

_DEEPEST = 64  # levels of JSON


class RelationInput(Widget):
    """Rows of another model, found by what is typed; what is sent are their keys.

    `field` is the plan of the field, `path` where it is: ``artist``, ``tracks.artist``.
    """

    template: ClassVar[str] = "relation"

    def __init__(self, field: Any, path: str) -> None:
        super().__init__(autocomplete="off")
        self.field = field
        self.path = path

    @property
    def target(self) -> Any:
        """The model whose rows are picked."""
        return self.field.relation.target

    @property
    def is_many(self) -> bool:
        """True where several may be picked."""
        return bool(self.field.relation.is_many)


class Offered(Widget):
    """Texts of a list, ticked: those that are offered, and those that are stored already.

    `offers` is given the visit and the models of the site.
    """

    template: ClassVar[str] = "checkboxes"

    def __init__(self, offers: Callable[[Any, Sequence[Any]], Sequence[str]]) -> None:
        super().__init__()
        self.offers = offers


class FileInput(Upload):
    """A file that takes the place of the one that is there; or none, where it may be taken away."""

    template: ClassVar[str] = "file"


class JsonInput(Textarea):
    """JSON as a text."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(
            **_with(attributes, {"rows": 8, "spellcheck": "false", "data_kind": "json"})
        )

    checks: ClassVar[Sequence[Any]] = (BeforeValidator(lambda given: _from_json(given)),)


class Markdown(Textarea):
    """Text in Markdown, with a preview; it is stored as it was written."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**_with(attributes, {"rows": 10, "data_kind": "markdown"}))


class RichText(Textarea):
    """HTML, stored without all that could do harm in the pages that show it.

    A browser shows it as it will look, with buttons; without a script its tags are typed.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**_with(attributes, {"rows": 10, "data_kind": "html"}))

    checks: ClassVar[Sequence[Any]] = (
        AfterValidator(lambda given: str(cleaned(given)) if isinstance(given, str) else given),
    )


class Colour(Input):
    """A colour, such as ``#1d4ed8``."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__("text", **_with(attributes, {"data_colour": True}))

    checks: ClassVar[Sequence[Any]] = (AfterValidator(lambda given: _colour(given)),)


class Url(Input):
    """An address of the web in a column of text."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__("url", **attributes)

    checks: ClassVar[Sequence[Any]] = (AfterValidator(lambda given: _url(given)),)


def _with(attributes: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    return usual | attributes


def checks_of(widget: Widget) -> Sequence[Any]:
    """Give what stands beside a widget in an annotation."""
    found: Sequence[Any] = getattr(widget, "checks", ())
    return found


def marked(widget: Widget, **attributes: Any) -> Widget:
    """Give a widget with further attributes; the one that was given stays as it is."""
    made = copy.copy(widget)
    made.attributes = {**widget.attributes, **attributes}
    return made


def json_text(value: Any) -> str | None:
    """Give a value as JSON that people can read."""
    return (
        None if value is None else json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    )


def _plain(value: Any) -> Any:
    dumped = getattr(value, "model_dump", None)
    if dumped is not None:
        return dumped(mode="json")
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)


def _from_json(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        found = json.loads(given, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(_wrong(error)) from None
    _check(found)
    return found


def _wrong(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return lazy("This is no JSON: look at line %(line)s.", line=error.lineno)
    return lazy("This is no JSON that can be kept.")


def _refused(constant: str) -> Any:
    raise ValueError(constant)


def _check(found: Any) -> None:
    """Refuse what no database keeps: too deep, signs that are none, numbers without an end."""
    waiting = [(found, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ValueError(lazy("This is no JSON that can be kept."))
        if isinstance(one, dict):
            waiting += [(inner, depth + 1) for pair in one.items() for inner in pair]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, str) and re.search("[\0\ud800-\udfff]", one):
            raise ValueError(lazy("This holds signs that cannot be kept; write it again."))
        elif isinstance(one, float) and one in (float("inf"), float("-inf")):
            raise ValueError(lazy("This is no JSON that can be kept."))


def _colour(given: Any) -> Any:
    if given and not re.fullmatch("#[0-9a-fA-F]{6}", given):
        raise ValueError(lazy("Enter a colour, such as #1d4ed8."))
    return given


def _url(given: Any) -> Any:
    if given and not re.fullmatch(r"https?://[^\s<>\"']+", given, re.IGNORECASE):
        raise ValueError(lazy("Enter a web address, such as https://example.com."))
    return given
