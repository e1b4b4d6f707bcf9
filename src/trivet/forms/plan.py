"""What a form of a model is made of: decided once for each model, and never changed.

A plan is a tree of leaves (one input), groups (a nested model) and rows (a list). A request adds
values and messages to it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from trivet.errors import SetupError
from trivet.forms.choices import Choice, choices_of
from trivet.forms.facts import Facts, facts_of
from trivet.forms.html import Html, attributes_html
from trivet.forms.kinds import hints_of, is_text, widget_for
from trivet.forms.picking import Pick
from trivet.forms.widgets import Checkbox, Hidden, Upload, Widget

__all__ = ["Default", "Group", "Leaf", "Node", "Rows", "plan_of"]

MOST_ROWS = 100  # of a list that says nothing about its length
_DEEPEST = 6  # groups and rows within each other

_YES_OR_NO = (Choice("true", "Yes", True), Choice("false", "No", False))


@dataclass(frozen=True)
class Default:
    """What a field has where nobody gave anything: a value, or what makes one each time."""

    value: Any = None
    make: Callable[[], Any] | None = None

    @classmethod
    def of(cls, info: FieldInfo) -> Default:
        """Read the default of a field; one that needs the other fields is none for a new form."""
        if info.is_required() or info.default_factory_takes_validated_data:
            return cls()
        if info.default_factory is not None:
            return cls(make=lambda: info.get_default(call_default_factory=True))
        return cls(info.default)

    def fresh(self) -> Any:
        """Give the value."""
        return self.value if self.make is None else self.make()


@dataclass(frozen=True, eq=False)
class Leaf:
    """One input: its `key` is the name on the wire, its `name` that of the attribute."""

    key: str
    name: str
    label: str
    help: str
    facts: Facts
    widget: Widget
    is_needed: bool
    """True where nothing is not enough."""
    is_required: bool
    """True where a browser may say so at once: what is needed, but not only if its group is."""
    is_several: bool
    choices: tuple[Choice, ...] | None
    pick: Pick | None
    default: Default
    attributes: Html
    """What is the same in every request: type, limits, hints."""
    lenient: Html
    """The same, but that no browser insists on it."""

    @property
    def takes_empty(self) -> bool:
        """True where an empty text is a value."""
        return is_text(self.facts) and not self.is_needed and not self.facts.is_nullable


@dataclass(frozen=True, eq=False)
class Group:
    """A model: the whole form, or a part of it."""

    key: str
    name: str
    label: str
    help: str
    is_nullable: bool
    fields: tuple[Node, ...]
    default: Default

    def leaves(self) -> Iterator[Leaf]:
        """Give all inputs of it and below it."""
        for node in self.fields:
            inner = node.item if isinstance(node, Rows) else node
            if isinstance(inner, Leaf):
                yield inner
            else:
                yield from inner.leaves()


@dataclass(frozen=True, eq=False)
class Rows:
    """A list whose items each have a row, from `least` to `most`."""

    key: str
    name: str
    label: str
    help: str
    item: Leaf | Group
    least: int
    most: int
    default: Default


Node = Leaf | Group | Rows


@lru_cache(maxsize=1024)
def plan_of(model: type[BaseModel]) -> Group:
    """Give the plan of a model; raises `SetupError` for a field that no input fits."""
    return Group("", "", "", "", False, _fields(model, 0, is_sure=True), Default())


def _fields(model: type[BaseModel], depth: int, *, is_sure: bool) -> tuple[Node, ...]:
    if depth > _DEEPEST:
        raise SetupError(
            f"A form of {model.__name__} has no end: more than {_DEEPEST} models in each other",
            code="forms.too-deep",
            mend="give the form a model of its own, without the inner one",
        )
    return tuple(
        _node(model, name, info, depth, is_sure=is_sure)
        for name, info in model.model_fields.items()
    )


def _node(model: type[BaseModel], name: str, info: FieldInfo, depth: int, *, is_sure: bool) -> Node:
    facts = facts_of(info.annotation, info.metadata)
    where = f"{model.__module__}.{model.__name__}.{name}"
    key = _key(model, name, info, where)
    label = info.title or name.removesuffix("_id").replace("_", " ").strip().capitalize()
    texts = (key, name, label, info.description or "")
    default = Default.of(info)
    if facts.model is not None:
        is_sure = is_sure and not facts.is_nullable
        fields = _fields(facts.model, depth + 1, is_sure=is_sure)
        return Group(*texts, facts.is_nullable, fields, default)
    widget = facts.mark(Widget) or widget_for(name, facts)
    if widget is not None:
        is_needed = _is_needed(facts, widget, default, info)
        return _leaf(texts, facts, widget, default, needs=(is_needed, is_needed and is_sure))
    if facts.item is None:
        raise _unfit(where, info)
    item = facts_of(facts.item)
    least = int(facts.limits.get("min_length", 0))
    most = int(facts.limits.get("max_length", MOST_ROWS))
    inner: Leaf | Group
    if item.model is not None:
        inner = Group(
            "", "", label, "", False, _fields(item.model, depth + 1, is_sure=True), Default()
        )
    else:
        widget = item.mark(Widget) or widget_for(name, item)
        if widget is None:
            raise _unfit(where, info)
        # An empty line is left out, so that nobody has to fill it in.
        inner = _leaf(("", "", label, ""), item, widget, Default(), needs=(True, False))
    return Rows(*texts, inner, least, most, default)


def _is_needed(facts: Facts, widget: Widget, default: Default, info: FieldInfo) -> bool:
    """Tell whether nothing is not enough: a text may be emptied where its default is one."""
    if facts.is_nullable:
        return False
    if facts.item is not None:
        return bool(facts.limits.get("min_length"))
    if isinstance(widget, Checkbox):
        return facts.type is not bool
    return info.is_required() or not (is_text(facts) and isinstance(default.value, str))


def _leaf(
    texts: tuple[str, str, str, str],
    facts: Facts,
    widget: Widget,
    default: Default,
    *,
    needs: tuple[bool, bool],
) -> Leaf:
    is_several = facts.item is not None
    kind = facts_of(facts.item) if is_several else facts
    choices = choices_of(kind)
    if facts.type is bool and widget.has_choices:
        choices = _YES_OR_NO
    known: dict[str, Any] = {"type": getattr(widget, "type", None)}
    known |= hints_of(texts[1] or texts[2].lower(), kind, widget)
    can_say = not isinstance(widget, Hidden) and widget.template != "checkboxes"
    if isinstance(widget, Upload):
        known |= {"type": "file", "multiple": is_several}
    if widget.template == "select" and is_several:
        known["multiple"] = True
    told = known | {"required": needs[1] and can_say} | dict(widget.attributes)
    return Leaf(
        *texts,
        facts,
        widget,
        *needs,
        is_several,
        choices,
        facts.mark(Pick),
        default,
        attributes_html(told),
        attributes_html(told | {"required": None}),
    )


def _key(model: type[BaseModel], name: str, info: FieldInfo, where: str) -> str:
    if model.model_config.get("validate_by_alias") is False:
        return name
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((one for one in alias.choices if isinstance(one, str)), alias)
    if alias is None:
        return name
    if not isinstance(alias, str):
        raise SetupError(
            f"{where} is found by a path in its input, and a form's field needs a name",
            code="forms.alias",
            mend='Field(alias="name"), or a model of the form\'s own',
        )
    return alias


def _unfit(where: str, info: FieldInfo) -> SetupError:
    return SetupError(
        f"No input fits {where}, which is {info.annotation!r}",
        code="forms.no-widget",
        mend="say how its text is typed in: Annotated[…, Textarea()] with a validator that reads"
        " it; or leave it out of the form's model: schema(Model, exclude=[…])",
    )
