"""Initial values into the parts of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from trivet.forms.bound import BoundField, BoundGroup, BoundRows, Part
from trivet.forms.plan import Group, Leaf, Node, Rows
from trivet.forms.texts import raw_of

__all__ = ["empty", "filled", "new_row"]

_NOT_THERE: Any = object()


def filled(node: Group, given: Any, name: str, id: str) -> BoundGroup:
    """Give the parts of a group for a mapping or an object; defaults where that has nothing."""
    made = BoundGroup(node, name, id)
    for inner in node.fields:
        value = _value(given, inner)
        made.parts[inner.name] = _part(inner, value, _joined(name, inner.key), f"{id}-{inner.key}")
    return made


def empty(node: Leaf | Group, name: str, id: str) -> BoundField | BoundGroup:
    """Give a row as a new one is."""
    if isinstance(node, Leaf):
        return BoundField(node, name, id, raw_of(node, node.default.fresh()), node.choices)
    return filled(node, None, name, id)


def new_row(node: Rows, name: str, id: str) -> BoundField | BoundGroup:
    """Give the row that is copied for a new one: `__row0__` stands for its number.

    One within another has a sign of its own, so that each is put in by itself.
    """
    sign = f"__row{name.count('__row')}__"
    return empty(node.item, f"{name}-{sign}", f"{id}-{sign}")


def _value(given: Any, node: Node) -> Any:
    if isinstance(given, Mapping):
        found = given.get(node.name, given.get(node.key, _NOT_THERE))
    else:
        found = _NOT_THERE if given is None else getattr(given, node.name, _NOT_THERE)
    return node.default.fresh() if found is _NOT_THERE else found


def _part(node: Node, value: Any, name: str, id: str) -> Part:
    if isinstance(node, Leaf):
        return BoundField(node, name, id, raw_of(node, value), node.choices)
    if isinstance(node, Group):
        return filled(node, value, name, id)
    made = BoundRows(node, name, id, blank=new_row(node, name, id))
    items = list(value) if isinstance(value, Sequence | Set) and not isinstance(value, str) else []
    for number, item in enumerate(items[: node.most]):
        made.rows.append(_row(node, item, f"{name}-{number}", f"{id}-{number}"))
    for number in range(len(made.rows), min(node.least, node.most)):
        made.rows.append(empty(node.item, f"{name}-{number}", f"{id}-{number}"))
    return made


def _row(node: Rows, item: Any, name: str, id: str) -> BoundField | BoundGroup:
    if isinstance(node.item, Leaf):
        return BoundField(node.item, name, id, raw_of(node.item, item), node.item.choices)
    return filled(node.item, item, name, id)


def _joined(name: str, key: str) -> str:
    return f"{name}-{key}" if name else key
