"""JSON Schemas compared: what values one allows and the other does not.

Each difference is a narrowing (something is no longer allowed) or a widening (something is allowed
now). Whether it breaks is the direction's to say. Schemas are taken apart into alternatives, each
of one type; an alternative is compared with the one of the other side that is most like it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trivet.openapi.changes.change import Comparison, Direction, resolved

__all__ = ["Place", "SchemaComparison"]

# Any in this file: parts of a JSON document.
Schema = Mapping[str, Any]

# A larger value of these allows less; of the others, more.
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "contentMediaType", "contentEncoding")
_NEVER: Schema = {"not": {}}


@dataclass(frozen=True)
class Place:
    """Where a value is, as a person reads it: "`lines[].price` of the body"."""

    whole: str
    path: str = ""

    def __str__(self) -> str:
        return f"`{self.path}` of {self.whole}" if self.path else self.whole

    def inside(self, name: str) -> Place:
        """Give the place of a property."""
        return Place(self.whole, f"{self.path}.{name}" if self.path else name)

    def item(self, number: int | None = None) -> Place:
        """Give the place of an item."""
        return Place(self.whole, f"{self.path}[{'' if number is None else number}]")


class SchemaComparison:
    """Compares the schemas of one place of one operation."""

    def __init__(self, comparison: Comparison, where: str, direction: Direction) -> None:
        self._comparison = comparison
        self._where = where
        self._direction = direction
        self._within: set[tuple[str, str]] = set()

    def compare(self, old: Any, new: Any, place: Place) -> None:
        """Note what changed at a place."""
        pair = _identity(old), _identity(new)
        if pair in self._within:
            return  # it holds itself, or was compared at another place of the same body
        self._within.add(pair)
        before, after = self._split(old, is_old=True), self._split(new, is_old=False)
        self._alternatives(before, after, place)
        if not _is_named(old) and not _is_named(new):
            self._within.discard(pair)

    # -- what is noted ---------------------------------------------------------------------------

    def _narrowed(self, kind: str, what: str) -> None:
        is_sent = self._direction is Direction.REQUEST
        self._note(kind, "narrowed", what, breaks=is_sent)

    def _widened(self, kind: str, what: str) -> None:
        is_answered = self._direction is Direction.RESPONSE
        self._note(kind, "widened", what, breaks=is_answered)

    def _note(self, kind: str, way: str, what: str, *, breaks: bool) -> None:
        code = f"{self._direction.value}.{kind}-{way}"
        self._comparison.note(code, self._where, what, breaks=breaks)

    # -- alternatives ----------------------------------------------------------------------------

    def _split(self, schema: Any, is_old: bool) -> list[Schema]:
        """Give a schema as alternatives of one type each; an empty one allows everything."""
        document = self._comparison.old if is_old else self._comparison.new
        return _split(document, schema, ())

    def _alternatives(self, old: list[Schema], new: list[Schema], place: Place) -> None:
        old_any, new_any = _allows_any(old), _allows_any(new)
        if old_any and new_any:
            return
        if old_any or new_any:
            shown = _shown(new if old_any else old)
            if old_any:
                self._narrowed("type", f"{place} was anything and is {shown} now")
            else:
                self._widened("type", f"{place} was {shown} and may be anything now")
            return
        rest = list(new)
        lost: list[Schema] = []
        pairs: list[tuple[Schema, Schema]] = []
        for one in sorted(old, key=lambda each: not any(_score(each, n) == _SAME for n in new)):
            best = max(rest, key=lambda other: _score(one, other), default=None)
            if best is None or not _score(one, best):
                lost.append(one)
                continue
            rest = [other for other in rest if other is not best]
            pairs.append((one, best))
        for one in lost:
            if not any(_covers(other, one) for other in new):
                self._narrowed("type", f"{place} can no longer be {_shown([one])}")
        for other in rest:
            if not any(_covers(one, other) for one in old):
                self._widened("type", f"{place} may be {_shown([other])} now")
        for one, other in pairs:
            self._same_type(one, other, place)

    def _same_type(self, old: Schema, new: Schema, place: Place) -> None:
        if old == new and "$ref" not in json.dumps(old, default=str):
            return
        if (_type(old), _type(new)) == ("integer", "number"):
            self._widened("type", f"{place} was integer and is number now")
        elif (_type(old), _type(new)) == ("number", "integer"):
            self._narrowed("type", f"{place} was number and is integer now")
        self._values(old, new, place)
        self._limits(old, new, place)
        if _type(old) == "array":
            self._items(old, new, place)
        if _type(old) == "object":
            self._properties(old, new, place)

    def _values(self, old: Schema, new: Schema, place: Place) -> None:
        before, after = _enum(old), _enum(new)
        if before is None and after is not None:
            self._narrowed("enum", f"{place} must be one of {_listed(after)} now")
        elif before is not None and after is None:
            self._widened("enum", f"{place} need not be one of {_listed(before)} any more")
        elif before is not None and after is not None:
            if gone := [one for one in before if one not in after]:
                self._narrowed("enum", f"{place} can no longer be {_listed(gone)}")
            if added := [one for one in after if one not in before]:
                self._widened("enum", f"{place} may be {_listed(added)} now")

    def _limits(self, old: Schema, new: Schema, place: Place) -> None:
        for name in (*_LOWER, *_UPPER):
            before, after = _number(old, name), _number(new, name)
            if before == after:
                continue
            is_lower = name in _LOWER
            narrows = before is None or (
                after is not None and (after > before if is_lower else after < before)
            )
            said = f"{place}: {name} was {_or_none(before)} and is {_or_none(after)} now"
            (self._narrowed if narrows else self._widened)("limit", said)
        for name in _EXACT:
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            said = f"{place}: {name} was {_or_none(before)} and is {_or_none(after)} now"
            if after is not None:
                self._narrowed("limit", said)
            if before is not None:
                self._widened("limit", said)
        before, after = old.get("uniqueItems") is True, new.get("uniqueItems") is True
        if before != after:
            said = f"{place}: its items must{'' if after else ' not'} be different now"
            (self._narrowed if after else self._widened)("limit", said)

    # -- what has parts --------------------------------------------------------------------------

    def _items(self, old: Schema, new: Schema, place: Place) -> None:
        before, after = old.get("prefixItems") or [], new.get("prefixItems") or []
        for number in range(max(len(before), len(after))):
            one = before[number] if number < len(before) else old.get("items", {})
            other = after[number] if number < len(after) else new.get("items", {})
            self.compare(one, other, place.item(number))
        self.compare(old.get("items", {}), new.get("items", {}), place.item())

    def _properties(self, old: Schema, new: Schema, place: Place) -> None:
        before, after = old.get("properties") or {}, new.get("properties") or {}
        required = set(old.get("required") or ()), set(new.get("required") or ())
        is_sent = self._direction is Direction.REQUEST
        for name in [*before, *(name for name in after if name not in before)]:
            what = place.inside(name)
            if name not in after:
                self._comparison.note(
                    f"{self._direction.value}.field-removed",
                    self._where,
                    f"{what} is gone",
                    breaks=True,
                )
            elif name not in before:
                must = name in required[1] and is_sent
                self._comparison.note(
                    f"{self._direction.value}.field-added{'-required' if must else ''}",
                    self._where,
                    f"{what} is new{' and required' if must else ''}",
                    breaks=must,
                )
            else:
                self._required(name in required[0], name in required[1], what)
                self.compare(before[name], after[name], what)
        self._more(old, new, place)

    def _required(self, before: bool, after: bool, what: Place) -> None:
        is_sent = self._direction is Direction.REQUEST
        if before == after:
            return
        code = f"{self._direction.value}.field-{'required' if after else 'optional'}"
        said = f"{what} is {'required' if after else 'optional'} now"
        self._comparison.note(code, self._where, said, breaks=after is is_sent)

    def _more(self, old: Schema, new: Schema, place: Place) -> None:
        """Compare what other properties an object may have."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if before is not False and after is not False:
            if isinstance(before, Mapping) or isinstance(after, Mapping):
                self.compare(before, after, place.inside("*"))
            return
        if before is False and after is not False:
            self._widened("object", f"{place} may have other fields now")
        elif before is not False:
            self._narrowed("object", f"{place} can no longer have other fields")


def _split(document: Mapping[str, Any], schema: Any, within: tuple[str, ...]) -> list[Schema]:
    if schema is True or schema is None:
        return [{}]
    if schema is False:
        return [_NEVER]
    if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        reference = schema["$ref"]
        if reference in within:
            return []
        beside = {name: one for name, one in schema.items() if name != "$ref"}
        found = _split(document, resolved(document, schema), (*within, reference))
        return [{**one, **_kept(beside)} for one in found]
    if not isinstance(schema, Mapping):
        return [{}]
    if schema.get("allOf"):
        return _split(document, _joined(document, schema, within), within)
    own = _kept(schema)
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        parts = [one for part in several for one in _split(document, part, within)]
        found = [{**own, **one} for one in parts]
    elif isinstance(schema.get("type"), list):
        found = [{**own, "type": one} for one in schema["type"]]
    else:
        found = [own]
    if schema.get("nullable") is True:
        found.append({"type": "null"})
    return found


_SAID_ONLY = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "readOnly",
     "writeOnly", "nullable", "anyOf", "oneOf", "allOf", "discriminator", "xml", "externalDocs",
     "$comment"}
)  # fmt: skip


def _kept(schema: Schema) -> dict[str, Any]:
    """Give what decides over values."""
    return {
        name: one
        for name, one in schema.items()
        if name not in _SAID_ONLY and not str(name).startswith("x-")
    }


def _joined(document: Mapping[str, Any], schema: Schema, within: tuple[str, ...]) -> Schema:
    """Give one schema for all of `allOf`: properties and required ones together."""
    found: dict[str, Any] = {name: one for name, one in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        if isinstance(part, Mapping) and part.get("$ref") in within:
            continue
        one = resolved(document, part)
        if not isinstance(one, Mapping):
            continue
        if one.get("allOf"):
            reference = (str(part["$ref"]),) if "$ref" in part else ()
            one = _joined(document, one, (*within, *reference))
        properties = {**(found.get("properties") or {}), **(one.get("properties") or {})}
        required = [*(found.get("required") or ()), *(one.get("required") or ())]
        found = {**found, **one}
        if properties:
            found["properties"] = properties
        if required:
            found["required"] = sorted(set(required))
    return found


# -- small questions -----------------------------------------------------------------------------

_SAME = 100


def _identity(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True, default=str)


def _is_named(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "$ref" in schema


def _allows_any(alternatives: Sequence[Schema]) -> bool:
    return any(not one for one in alternatives)


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    values = _enum(schema)
    if values:
        names = {
            str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
        }  # fmt: skip
        kinds = {names.get(type(one), "object") for one in values}
        return kinds.pop() if len(kinds) == 1 else "mixed"
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "mixed"


def _score(old: Schema, new: Schema) -> int:
    """Say how much alike two alternatives are; 0 where they are of other types."""
    if old == new:
        return _SAME
    if _type(old) != _type(new):
        return 1 if {_type(old), _type(new)} == {"integer", "number"} else 0
    score = 10
    before, after = set(old.get("properties") or ()), set(new.get("properties") or ())
    score += 10 * len(before & after) // max(len(before | after), 1)
    tags = _tags(old), _tags(new)
    score += 20 * len(tags[0] & tags[1]) - 5 * bool(tags[0] and not tags[0] & tags[1])
    score += 5 * (old.get("format") == new.get("format"))
    values = _enum(old) or [], _enum(new) or []
    score += 10 * any(one in values[1] for one in values[0])
    return score


def _tags(schema: Schema) -> set[tuple[str, str]]:
    """Give the properties of one value only, by which alternatives are told apart."""
    found = set()
    for name, one in (schema.get("properties") or {}).items():
        values = _enum(one) if isinstance(one, Mapping) else None
        if values is not None and len(values) == 1:
            found.add((str(name), str(values[0])))
    return found


def _covers(wider: Schema, narrower: Schema) -> bool:
    """Tell whether all that the second allows is plainly allowed by the first."""
    kinds = _type(wider), _type(narrower)
    if kinds[0] != kinds[1] and kinds != ("number", "integer"):
        return False
    limits = {name: one for name, one in wider.items() if name != "type"}
    return not limits or limits == {n: one for n, one in narrower.items() if n != "type"}


def _enum(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return list(values) if isinstance(values, list) else None


def _number(schema: Schema, name: str) -> float | None:
    found = schema.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    # No limit at all, written down.
    return None if name.startswith("min") and name != "minimum" and found <= 0 else found


def _or_none(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(json.dumps(one, ensure_ascii=False) for one in values)


def _shown(alternatives: Sequence[Schema]) -> str:
    found = []
    for one in alternatives:
        text = _type(one)
        values = _enum(one)
        if values is not None:
            text = _listed(values)
        elif tags := sorted(_tags(one)):
            text = f"object with {tags[0][0]} {tags[0][1]!r}"
        elif isinstance(one.get("format"), str):
            text += f" ({one['format']})"
        found.append(text)
    return " or ".join(dict.fromkeys(found))
