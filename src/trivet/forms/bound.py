"""The parts of a form with what stands in them: made for each request, drawn by templates.

A field knows its place in the plan, its name, what its input holds, and what is wrong with it.
Names are joined with dashes: ``address-city``, ``items-0-title``.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trivet.forms.choices import Choice
from trivet.forms.drawing import drawn, translate_now, translated
from trivet.forms.html import Html, attributes_html
from trivet.forms.messages import Message
from trivet.forms.plan import Group, Leaf, Rows
from trivet.forms.texts import Raw
from trivet.forms.widgets import Checkbox, Hidden, Moment

__all__ = ["BoundField", "BoundGroup", "BoundRows", "Gathered", "Part"]


@dataclass(eq=False, slots=True)
class BoundField:
    """One input of a form, as templates see it."""

    is_group: ClassVar[bool] = False

    leaf: Leaf
    name: str
    id: str
    raw: Raw
    choices: Sequence[Choice] | None = None
    messages: list[Message] = field(default_factory=list)
    is_focused: bool = False
    has_file: bool = False
    """True where a file was posted, whatever it is."""

    @property
    def template(self) -> str:
        """The template that draws the whole field."""
        return "forms/hidden_field.html" if self.is_hidden else "forms/field.html"

    @property
    def input_template(self) -> str:
        """The template that draws the input alone."""
        return f"forms/inputs/{self.leaf.widget.template}.html"

    @property
    def is_hidden(self) -> bool:
        """True for a field that nobody sees."""
        return isinstance(self.leaf.widget, Hidden)

    @property
    def is_checkbox(self) -> bool:
        """True where the label stands behind the input."""
        return isinstance(self.leaf.widget, Checkbox)

    @property
    def is_set(self) -> bool:
        """True where there are several inputs under one label."""
        return self.leaf.widget.template in ("radios", "checkboxes")

    @property
    def is_required(self) -> bool:
        """True where something must be filled in."""
        return self.leaf.is_required

    @property
    def is_several(self) -> bool:
        """True where several may be chosen."""
        return self.leaf.is_several

    @property
    def title(self) -> str:
        """What the field is called."""
        return translated(self.leaf.label)

    @property
    def help_text(self) -> str:
        """What is said about it, and in which time zone a time is."""
        known = translated(self.leaf.help)
        if isinstance(self.leaf.widget, Moment):
            return f"{known} ({self.leaf.widget.zone})".strip()
        return known

    @property
    def told(self) -> list[str]:
        """What is wrong with it, in sentences."""
        if not self.messages:
            return []
        translate = translate_now()
        return [message.told(translate) for message in self.messages]

    @property
    def options(self) -> Iterator[tuple[Choice, str, bool]]:
        """Each choice, what people read for it, and whether it is chosen."""
        chosen = self.raw if isinstance(self.raw, tuple) else (self.raw,)
        for choice in self.choices or ():
            label = choice.label if self.leaf.pick is not None else translated(choice.label)
            yield choice, label, choice.text in chosen

    @property
    def has_blank(self) -> bool:
        """True where a select begins with a line for none."""
        chosen = isinstance(self.raw, str) and bool(self.raw)
        return not self.leaf.is_several and not (self.leaf.is_required and chosen)

    def word(self, text: str) -> str:
        """Give a text of a template in the language of the page."""
        return translated(text)

    def option_id(self, number: int) -> str:
        """Give the id of one of several inputs: the first has that of the field."""
        return self.id if number == 0 else f"{self.id}-{number}"

    @property
    def set_notes(self) -> Html:
        """The attributes of what holds several inputs."""
        is_radio = self.leaf.widget.template == "radios"
        return attributes_html(
            {
                "role": "radiogroup" if is_radio else None,
                "aria_describedby": self._describing(),
                "aria_invalid": "true" if self.messages and is_radio else None,
                "aria_required": "true" if self.leaf.is_required and is_radio else None,
            }
        )

    def _describing(self) -> str | None:
        ids = [f"{self.id}-help"] if self.leaf.help or isinstance(self.leaf.widget, Moment) else []
        if self.messages:
            ids.append(f"{self.id}-errors")
        return " ".join(ids) or None

    @property
    def notes(self) -> Html:
        """The attributes that say what describes it, whether it is wrong, and who has the focus."""
        described = self._describing()
        if described is None and not self.is_focused:
            return Html()
        return attributes_html(
            {
                "aria_describedby": described,
                "aria_invalid": "true" if self.messages else None,
                "autofocus": self.is_focused,
            }
        )

    @property
    def attributes(self) -> Html:
        """All attributes of its input but the value."""
        own = f' id="{html.escape(self.id)}" name="{html.escape(self.name)}"'
        return Html(own + self.leaf.attributes + self.notes)

    @property
    def label(self) -> Html:
        """The label alone."""
        return drawn("label", field=self)

    @property
    def input(self) -> Html:
        """The input alone."""
        return drawn(f"inputs/{self.leaf.widget.template}", field=self)

    @property
    def errors(self) -> Html:
        """What is wrong with it, as a list; empty where nothing is."""
        return drawn("errors", field=self) if self.messages else Html()

    @property
    def help(self) -> Html:
        """What is said about it, for the input to refer to."""
        return drawn("help", field=self)

    def __html__(self) -> str:
        """Draw label, help, input and errors."""
        return drawn(self.template.removeprefix("forms/").removesuffix(".html"), field=self)


class Gathered:
    """What holds other parts: what it is called, and what is wrong with the whole of it."""

    __slots__ = ()

    plan: Group | Rows
    messages: list[Message]

    @property
    def legend(self) -> str:
        """What the whole is called."""
        return translated(self.plan.label)

    @property
    def help_text(self) -> str:
        """What is said about it."""
        return translated(self.plan.help)

    @property
    def told(self) -> list[str]:
        """What is wrong with the whole of it."""
        translate = translate_now()
        return [message.told(translate) for message in self.messages]


@dataclass(eq=False, slots=True)
class BoundGroup(Gathered):
    """A nested model, or the whole form."""

    template: ClassVar[str] = "forms/group.html"
    is_hidden: ClassVar[bool] = False
    is_group: ClassVar[bool] = True

    plan: Group
    name: str
    id: str
    parts: dict[str, Part] = field(default_factory=dict)
    """By the name of the attribute."""
    messages: list[Message] = field(default_factory=list)

    @property
    def fields(self) -> Sequence[Part]:
        """Its parts, in declared order."""
        return list(self.parts.values())

    def __getitem__(self, name: str) -> Part:
        """Give one part by its name."""
        return self.parts[name]

    def __getattr__(self, name: str) -> Part:
        try:
            return self.parts[name]
        except KeyError:
            raise AttributeError(name) from None

    def __html__(self) -> str:
        """Draw the group with all that is in it."""
        return drawn("group", field=self)


@dataclass(eq=False, slots=True)
class BoundRows(Gathered):
    """A list: a row for each item, and one that is copied for a new one."""

    template: ClassVar[str] = "forms/rows.html"
    is_hidden: ClassVar[bool] = False
    is_group: ClassVar[bool] = False

    plan: Rows
    name: str
    id: str
    rows: list[BoundField | BoundGroup] = field(default_factory=list)
    blank: BoundField | BoundGroup | None = None
    """An empty row, in whose names a sign stands for the number."""
    messages: list[Message] = field(default_factory=list)

    @property
    def fields(self) -> Sequence[Part]:
        """Its rows."""
        return list(self.rows)

    def word(self, text: str) -> str:
        """Give a text of a template in the language of the page."""
        return translated(text)

    @property
    def sign(self) -> str:
        """What stands for the number in the names of the empty row."""
        return "" if self.blank is None else self.blank.name.removeprefix(f"{self.name}-")

    @property
    def is_full(self) -> bool:
        """True where there may be no more rows."""
        return len(self.rows) >= self.plan.most

    @property
    def most(self) -> int:
        """The most rows that there may be."""
        return self.plan.most

    def __getitem__(self, number: int) -> BoundField | BoundGroup:
        """Give one row, from 0."""
        return self.rows[number]

    def __html__(self) -> str:
        """Draw all rows, and the buttons that add and remove one."""
        return drawn("rows", field=self)


Part = BoundField | BoundGroup | BoundRows
