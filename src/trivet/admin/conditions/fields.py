"""Conditions as the fields of a form, and back; and what its buttons do with them.

A field is named by the place of its condition: ``of.1.0`` is the column of the first condition in
the group that is the second item of the whole, ``by.1.0`` the look-up, ``is.1.0`` its value and
``to.1.0`` where a stretch ends; ``how.1`` is what the group asks for. The form says everything, so
that nothing is kept between its steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from trivet.admin.conditions.tree import MOST, MOST_LEVELS, Condition, Group, Item, Unreadable
from trivet.admin.plan.lookups import LOOKUPS
from trivet.texts import lazy

__all__ = ["Fields", "changed", "group_of", "is_filled_in", "read_fields"]

_PLACE = rf"((?:\.[0-9]{{1,3}}){{0,{MOST_LEVELS}}})"
_FIELD = re.compile(rf"(how|of|by|is|to){_PLACE}")
_BUTTON = re.compile(rf"(add|group|drop){_PLACE}")
_MOST_FIELDS = 2000

Fields = dict[tuple[str, str], list[str]]
"""What stands in each field, by its kind and its place: ``("of", ".1.0")``."""


def read_fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Give the fields among what was sent; none where it says none. Raises `Unreadable`."""
    found: Fields = {}
    for number, (name, text) in enumerate(pairs):
        if number > _MOST_FIELDS:
            raise Unreadable(lazy("At most %(most)s conditions at once.", most=MOST))
        field = _FIELD.fullmatch(name)
        if field is not None:
            found.setdefault((field[1], field[2]), []).append(text.replace("\0", ""))
    return found if ("how", "") in found else {}


def changed(fields: Fields, button: str) -> Fields:
    """Give the fields after a button: ``add.1``, ``group``, ``drop.1.0``; others change none."""
    said = _BUTTON.fullmatch(button)
    if said is None:
        return fields
    action, place = said[1], said[2]
    if action == "drop":
        return {
            key: one
            for key, one in fields.items()
            if place and key[1] != place and not key[1].startswith(f"{place}.")
        } or {("how", ""): ["all"]}
    if ("how", place) not in fields:
        return fields
    new = f"{place}.{max((_number(one) for one in _within(fields, place)), default=-1) + 1}"
    if action == "add":
        return {**fields, ("of", new): [""]}
    other = "all" if fields["how", place][-1] == "any" else "any"
    return {**fields, ("how", new): [other], ("of", f"{new}.0"): [""]}


def group_of(fields: Fields, place: str = "") -> Group:
    """Give the group at a place with all that is in it, filled in or not; raises `Unreadable`."""
    is_any = fields["how", place][-1] == "any"
    items: list[Item] = []
    for inner in sorted(_within(fields, place), key=_number):
        if ("how", inner) in fields:
            items.append(group_of(fields, inner))
        else:
            items.append(_condition(fields, inner))
    found = Group("any" if is_any else "all", tuple(items))
    if not place and sum(1 for _ in found.conditions()) > MOST:
        raise Unreadable(lazy("At most %(most)s conditions at once.", most=MOST))
    return found


def is_filled_in(one: Condition) -> bool:
    """Tell whether all is there that a condition needs."""
    lookup = LOOKUPS.get(one.lookup)
    return lookup is not None and lookup.fits(len(one.values)) and all(one.values)


def _within(fields: Fields, place: str) -> set[str]:
    """Give the places of conditions and groups that stand in a group, not deeper."""
    level = place.count(".") + 1
    return {
        inner
        for kind, inner in fields
        if inner.startswith(f"{place}.") and inner.count(".") == level and _is_item(kind, level)
    }


def _is_item(kind: str, level: int) -> bool:
    # A group in the last of all levels would have nowhere to have its conditions.
    return kind == "of" or (kind == "how" and level < MOST_LEVELS)


def _number(place: str) -> int:
    return int(place.rpartition(".")[2])


def _condition(fields: Mapping[tuple[str, str], Sequence[str]], place: str) -> Condition:
    name = fields["of", place][-1].strip()
    lookup = fields.get(("by", place), [""])[-1]
    texts = [one.strip() for one in fields.get(("is", place), ())]
    takes = LOOKUPS[lookup].takes if lookup in LOOKUPS else "one"
    if takes == "none":
        return Condition(name, lookup)
    if takes == "some":  # one on each line, or a tick for each
        lines = [line.strip() for one in texts for line in one.splitlines()]
        return Condition(name, lookup, tuple(dict.fromkeys(line for line in lines if line)))
    first = texts[-1] if texts else ""
    # A look-up that took several leaves the first of them to one that takes one.
    first = first.splitlines()[0] if first else ""
    if takes == "two":
        last = fields.get(("to", place), [""])[-1].strip()
        return Condition(name, lookup, (first, last))
    return Condition(name, lookup, (first,))
