"""A form: a model's fields, what stands in them, what is wrong with them, and the value they make.

A form is data for one request: unbound (`Form(Note)`, for a page that shows it) or bound to what
was posted (`Posted[Note]`). It draws itself by templates, where one says ``{{ form }}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar, cast

from pydantic import BaseModel, ValidationError

from trivet.errors import RequestValidationError, SetupError
from trivet.forms.bound import BoundField, BoundGroup, BoundRows, Part
from trivet.forms.choices import Choice
from trivet.forms.drawing import drawn, translated
from trivet.forms.filling import filled
from trivet.forms.html import Html, attributes_html
from trivet.forms.leaves import Posted, lack_of
from trivet.forms.messages import Message, message_of
from trivet.forms.picking import Rows as Query
from trivet.forms.plan import Group, Leaf, plan_of
from trivet.forms.reading import Reading, fields_below, silence
from trivet.forms.widgets import Password, Upload
from trivet.schema.field import errors_at

__all__ = ["Form", "Picks"]

Model = TypeVar("Model", bound=BaseModel)

Picks = Mapping[Leaf, Sequence[Choice]]
"""What may be picked in each field that is picked from rows."""


class Form(Generic[Model]):
    """A form of a Pydantic model, with nothing posted yet; `initial` is what stands in it.

    `initial` is a mapping, or any object with attributes of the fields' names, such as a row. `id`
    begins the ids of the inputs, and differs where a page has two forms. A field whose name is
    also an attribute of the form is ``form["value"]``. Raises `SetupError` for a model that no form
    fits.

    Cost, measured: 9 µs for five fields; a page that draws them costs 0.15 of Django's.
    """

    def __init__(self, model: type[Model], *, initial: Any = None, id: str = "form") -> None:
        self.model = model
        self.id = id
        self.is_bound = False
        self._plan = plan_of(model)
        self._whole = filled(self._plan, initial, "", id)
        self._value: Model | None = None
        self._is_action = False
        self._details: list[Mapping[str, Any]] = []
        self._picks: Picks = {}

    # -- how one is made -------------------------------------------------------------------------

    @classmethod
    def read(
        cls,
        model: type[Model],
        items: Iterable[tuple[str, Posted]],
        *,
        id: str = "form",
        picks: Picks,
    ) -> Self:
        """Give the form with what was posted, validated."""
        made = cls._bare(model, id)
        reading = Reading(made._plan, items, id)
        made._whole = reading.whole
        made._is_action = reading.is_action
        made.offer(picks)
        if reading.is_action:
            silence(reading.whole)
            if reading.focus is not None:
                reading.focus.is_focused = True
            return made
        made._refuse_others()
        try:
            value = model.model_validate(reading.data)
        except ValidationError as error:
            made._take(error)
        else:
            made._value = value if made.is_valid else None
        made._focus()
        return made

    @classmethod
    def of(cls, value: Model, *, id: str = "form", picks: Picks) -> Self:
        """Give the form of a value that came as such, in JSON, with its picks checked."""
        made = cls._bare(type(value), id)
        made._whole = filled(made._plan, value, "", id)
        made.offer(picks)
        made._refuse_others()
        made._value = value if made.is_valid else None
        return made

    @classmethod
    def refused(cls, model: type[Model], error: ValidationError, *, id: str = "form") -> Self:
        """Give the form of JSON that did not fit; nothing of it stands in the inputs."""
        made = cls._bare(model, id)
        made._whole = filled(made._plan, None, "", id)
        made._take(error)
        has_secrets = any(isinstance(leaf.widget, Password) for leaf in made._plan.leaves())
        for found in errors_at(error, ("body",)):
            if has_secrets:
                found.pop("input", None)
            made._details.append(found)
        return made

    @classmethod
    def _bare(cls, model: type[Model], id: str) -> Self:
        made = cls.__new__(cls)
        made.model, made.id, made.is_bound = model, id, True
        made._plan = plan_of(model)
        made._value = None
        made._is_action = False
        made._details = []
        made._picks = {}
        return made

    def fill(self, initial: Any) -> Form[Model]:
        """Give the same form with other initial values: a mapping, or an object such as a row."""
        made = Form(self.model, initial=initial, id=self.id)
        made.offer(self._picks)
        return made

    async def load(self, **queries: Query) -> Self:
        """Read the rows that may be picked; `queries` stand for those that depend on a request."""
        found = {}
        for leaf in self._plan.leaves():
            if leaf.pick is not None:
                found[leaf] = await leaf.pick.choices(queries.get(leaf.name))
        self.offer(found)
        return self

    def offer(self, picks: Picks) -> None:
        """Say what may be picked, where that is known already."""
        self._picks = picks
        if picks:
            for part in _parts_below(self._whole, blanks=True):
                if isinstance(part, BoundField) and part.leaf in picks:
                    part.choices = picks[part.leaf]

    # -- what a handler asks ---------------------------------------------------------------------

    @property
    def is_valid(self) -> bool:
        """True where something was posted, all of it fits, and it is to be stored."""
        return self.is_bound and not self._is_action and not self._has_messages()

    @property
    def is_action(self) -> bool:
        """True where a row was to be added or taken away, and nothing to be stored."""
        return self._is_action

    @property
    def value(self) -> Model:
        """The posted value; raises `RequestValidationError`, answered with 422, without one."""
        if self._value is None or not self.is_valid:
            raise RequestValidationError(self.details())
        return self._value

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, by the name of the field; that of the whole form is the empty text."""
        return {
            part.name: [message.told() for message in part.messages]
            for part in self._parts()
            if part.messages
        }

    def add_error(self, name: str, text: str) -> None:
        """Say what else is wrong with a field (``items-0-title``), or with the whole: ``""``.

        Raises `KeyError` for a field that there is not.
        """
        for part in self._parts():
            if part.name == name:
                part.messages.append(Message(text))
                self._focus()
                return
        raise KeyError(name)

    def details(self) -> list[Mapping[str, Any]]:
        """Give what is wrong as an answer in JSON tells it, without what was typed."""
        if self._details:
            return self._details
        return [
            {"type": "form", "loc": ("body", *_location(name)), "msg": text}
            for name, texts in self.errors.items()
            for text in texts
        ]

    # -- what a template asks --------------------------------------------------------------------

    @property
    def fields(self) -> Sequence[Part]:
        """The parts of the form that people see, in declared order."""
        return [part for part in self._whole.fields if not part.is_hidden]

    @property
    def hidden_fields(self) -> Sequence[BoundField]:
        """The inputs that nobody sees, those within groups and rows left to these."""
        return [cast("BoundField", part) for part in self._whole.fields if part.is_hidden]

    @property
    def has_rows(self) -> bool:
        """True where there are buttons that add and remove rows."""
        return any(isinstance(part, BoundRows) for part in self._parts())

    @property
    def has_files(self) -> bool:
        """True where a file is asked for."""
        return has_files(self._plan)

    @property
    def attributes(self) -> Html:
        """What the form's own tag needs: ``<form {{ form.attributes }}>``; a file its encoding."""
        encoding = "multipart/form-data" if self.has_files else None
        return Html(attributes_html({"method": "post", "enctype": encoding}).strip())

    @property
    def told(self) -> list[str]:
        """What is wrong with the whole form."""
        return self._whole.told

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Everything that is wrong: the id of the input, what it is called, and a sentence."""
        return [
            (part.id, part.title if isinstance(part, BoundField) else part.legend, text)
            for part in self._parts()
            if part.messages
            for text in part.told
        ]

    @property
    def summary(self) -> Html:
        """What is wrong, with links to the inputs; empty where nothing is."""
        return drawn("summary", form=self) if self._has_messages() else Html()

    @property
    def hidden(self) -> Html:
        """The inputs that nobody sees, and the token against forgery where the pages have one."""
        return drawn("hidden", form=self)

    def word(self, text: str) -> str:
        """Give a text of a template in the language of the page."""
        return translated(text)

    def __getitem__(self, name: str) -> Part:
        """Give a field by its name."""
        return self._whole.parts[name]

    def __getattr__(self, name: str) -> Part:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._whole.parts[name]
        except KeyError:
            raise AttributeError(
                f"a form of {self.model.__name__} has no field {name!r}", name=name, obj=self
            ) from None

    def __iter__(self) -> Iterator[Part]:
        return iter(self._whole.fields)

    def __html__(self) -> str:
        """Draw all of it but the form's own tag and its button."""
        return drawn("form", form=self)

    def __repr__(self) -> str:
        return f"<Form of {self.model.__name__}>"  # never what was typed

    # -- messages --------------------------------------------------------------------------------

    def _parts(self) -> Iterator[Part]:
        return _parts_below(self._whole)

    def _inputs(self) -> Iterator[BoundField]:
        return fields_below(self._whole)

    def _has_messages(self) -> bool:
        return any(part.messages for part in self._parts())

    def _refuse_others(self) -> None:
        """Refuse what was not offered."""
        for field in self._inputs():
            if field.leaf.pick is None:
                continue
            if field.leaf not in self._picks:
                raise _unloaded(field)
            offered = {choice.text for choice in self._picks[field.leaf]}
            chosen = field.raw if isinstance(field.raw, tuple) else (field.raw,)
            if any(text and text not in offered for text in chosen):
                field.messages.append(message_of("not_offered"))

    def _take(self, error: ValidationError) -> None:
        for found in error.errors(include_url=False):
            part = self._at(found["loc"])
            kind, values = found["type"], found.get("ctx")
            if kind == "missing" and isinstance(part, BoundField):
                message = lack_of(part.leaf)
            else:
                message = message_of(kind, values, found["msg"])
            # What the reader has said already is why it is missing.
            if not (kind == "missing" and part.messages) and message not in part.messages:
                part.messages.append(message)

    def _at(self, location: Iterable[int | str]) -> Part:
        """Give the part that a place of Pydantic's is in, or that it is within."""
        part: Part = self._whole
        for step in location:
            inner: Part | None = None
            if isinstance(part, BoundGroup):
                found = part.parts.values()
                inner = next((one for one in found if _key(one) == step), None)
            elif isinstance(part, BoundRows) and isinstance(step, int) and step < len(part.rows):
                inner = part.rows[step]
            if inner is None:
                break
            part = inner
        return part

    def _focus(self) -> None:
        for field in self._inputs():
            field.is_focused = False
        wrong = (one for one in self._inputs() if one.messages and not one.is_hidden)
        first = next(wrong, None)
        if first is not None:
            first.is_focused = True


def has_files(plan: Group) -> bool:
    """Tell whether a plan asks for a file."""
    return any(isinstance(leaf.widget, Upload) for leaf in plan.leaves())


def _location(name: str) -> list[int | str]:
    return [int(step) if step.isdecimal() else step for step in name.split("-") if step]


def _key(part: Part) -> str:
    return part.leaf.key if isinstance(part, BoundField) else part.plan.key


def _parts_below(part: Part, *, blanks: bool = False) -> Iterator[Part]:
    yield part
    if isinstance(part, BoundField):
        return
    for one in part.fields:
        yield from _parts_below(one, blanks=blanks)
    if blanks and isinstance(part, BoundRows) and part.blank is not None:
        yield from _parts_below(part.blank, blanks=True)


def _unloaded(field: BoundField) -> SetupError:
    return SetupError(
        f"{field.name!r} is picked from rows that were not read",
        code="forms.not-loaded",
        mend="await Form(Model).load(), or take the form as a dependency: form: Blank[Model]",
    )
