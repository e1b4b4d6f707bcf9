"""What was posted into the parts of a form, and into what Pydantic validates.

Only what the plan names is taken; the rest is as if it were not there. Everything is bounded: the
rows of a list by the plan, names and sizes by the reader of forms below. Whatever was posted gives
values or messages, and never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trivet.forms.bound import BoundField, BoundGroup, BoundRows, Part
from trivet.forms.filling import empty, new_row
from trivet.forms.leaves import ABSENT, Posted, read_leaf
from trivet.forms.messages import message_of
from trivet.forms.plan import Group, Leaf, Node, Rows
from trivet.forms.texts import raw_of
from trivet.forms.widgets import Upload

__all__ = ["Reading", "fields_below", "silence"]

_Names = Mapping[str, Sequence[Posted]]
_DIGITS = 4  # of a row's number


class Reading:
    """One form that was posted: `whole` has what stands in its inputs, `data` what they mean.

    `is_action` says that a row was to be added or removed, and nothing to be stored.
    """

    def __init__(self, plan: Group, items: Iterable[tuple[str, Posted]], id: str) -> None:
        self.is_action = False
        self.focus: BoundField | None = None
        names: dict[str, list[Posted]] = {}
        for name, item in items:
            names.setdefault(name, []).append(item)
        self.whole = BoundGroup(plan, "", id)
        self.data: dict[str, Any] = self._group(self.whole, names)

    def _group(self, group: BoundGroup, names: _Names) -> dict[str, Any]:
        data = {}
        for node in group.plan.fields:
            name = f"{group.name}-{node.key}" if group.name else node.key
            part, value = self._part(node, names, name, f"{group.id}-{node.key}")
            group.parts[node.name] = part
            if value is not ABSENT:
                data[node.key] = value
        return data

    def _part(self, node: Node, names: _Names, name: str, id: str) -> tuple[Part, Any]:
        if isinstance(node, Leaf):
            return self._leaf(node, names.get(node.key), name, id)
        prefix = f"{node.key}-"
        inner = {
            one.removeprefix(prefix): items
            for one, items in names.items()
            if one.startswith(prefix)
        }
        if isinstance(node, Rows):
            return self._rows(node, inner, name, id)
        group = BoundGroup(node, name, id)
        data = self._group(group, inner)
        if node.is_nullable and not any(_is_filled(part) for part in group.fields):
            silence(group)
            return group, None
        return group, data

    def _leaf(
        self, leaf: Leaf, items: Sequence[Posted] | None, name: str, id: str
    ) -> tuple[BoundField, Any]:
        found = read_leaf(leaf, items)
        field = BoundField(leaf, name, id, found.raw, leaf.choices, has_file=found.has_file)
        if found.message is not None:
            field.messages.append(found.message)
        return field, found.value

    def _rows(self, node: Rows, names: _Names, name: str, id: str) -> tuple[BoundRows, Any]:
        rows = BoundRows(node, name, id, blank=new_row(node, name, id))
        numbered: dict[int, dict[str, Sequence[Posted]]] = {}
        for one, items in names.items():
            digits, _, rest = one.partition("-")
            if digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS:
                numbered.setdefault(int(digits), {})[rest] = items
        removed = {item for item in names.get("remove", ()) if isinstance(item, str)}
        wanted = [number for number in sorted(numbered) if str(number) not in removed]
        data = []
        for number in wanted[: node.most]:
            place = len(rows.rows)
            value = self._row(rows, numbered[number], f"{name}-{place}", f"{id}-{place}")
            if value is not ABSENT:
                data.append(value)
        if len(wanted) > node.most:
            rows.messages.append(message_of("too_long", {"max_length": node.most}))
        self.is_action = self.is_action or "remove" in names or "add" in names
        if "add" in names and len(rows.rows) < node.most:
            place = len(rows.rows)
            rows.rows.append(empty(node.item, f"{name}-{place}", f"{id}-{place}"))
            self.focus = next(fields_below(rows.rows[-1]), None)
        return rows, data

    def _row(self, rows: BoundRows, names: _Names, name: str, id: str) -> Any:
        item = rows.plan.item
        if isinstance(item, Leaf):
            field, value = self._leaf(item, names.get(""), name, id)
            if value is ABSENT and not field.raw and not field.has_file:
                return ABSENT  # an empty line is none
            rows.rows.append(field)
            return value
        group = BoundGroup(item, name, id)
        rows.rows.append(group)
        return self._group(group, names)


def _is_filled(part: Part) -> bool:
    """Tell whether somebody gave something: what stands in every new form is nothing."""
    if not isinstance(part, BoundField):
        return any(_is_filled(one) for one in part.fields)
    if isinstance(part.leaf.widget, Upload):
        return part.has_file
    return bool(part.raw) and part.raw != raw_of(part.leaf, part.leaf.default.fresh())


def silence(part: Part) -> None:
    """Take all messages away, of a part and all below it."""
    part.messages.clear()
    if not isinstance(part, BoundField):
        for one in part.fields:
            silence(one)


def fields_below(part: Part) -> Iterator[BoundField]:
    """Give all inputs of a part, in the order in which they are drawn."""
    if isinstance(part, BoundField):
        yield part
    else:
        for one in part.fields:
            yield from fields_below(one)
