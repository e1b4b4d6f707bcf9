"""Addresses of Django's as paths of Trivet's, and which of them can never be the same.

A converter of Django's takes other texts than Trivet's of the same name, so that most are written
as converters of the new file's own, with Django's patterns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.adopt.django.project import Step, Url

__all__ = ["Address", "Hole", "Unclear", "address_of", "are_apart", "outline", "parts_of"]

_DJANGO = "django.urls.converters."
_PARAMETER = re.compile(r"<(?:(?P<kind>[^>:]+):)?(?P<name>[^>]+)>")
# A named group of one class of signs, of which there are some.
_GROUP = re.compile(
    r"\(\?P<(?P<name>\w+)>(?P<signs>\[(?:\\.|[^\]\\])+\]|\\[dw])(?P<some>\+|\{\d+(?:,\d+)?\}|)\)"
)
_SPECIAL = frozenset(r"\.^$*+?{}[]|()")
_BRACES = frozenset("{}")


class Unclear(Exception):
    """Why nobody can say which addresses a pattern takes."""


@dataclass(frozen=True, slots=True)
class Hole:
    """What stands for a text of an address: its name, what matches it, and its type here."""

    name: str
    pattern: str
    python: str
    kind: str = ""
    """A converter that Trivet has; empty where the written file has one."""


@dataclass(frozen=True, slots=True)
class Address:
    """A pattern as a list of texts and holes."""

    parts: tuple[str | Hole, ...]
    is_closed: bool = True
    """False where anything may follow."""

    @property
    def holes(self) -> list[Hole]:
        """The holes, in their order."""
        return [one for one in self.parts if isinstance(one, Hole)]

    @property
    def head(self) -> str:
        """The text before the first hole."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""


NUMBER = Hole("", "[0-9]+", "int", "int")
TEXT = Hole("", "[^/]+", "str", "str")
_KINDS = {
    "IntConverter": NUMBER,
    "StringConverter": TEXT,
    "SlugConverter": Hole("", "[-a-zA-Z0-9_]+", "str"),
    "UUIDConverter": Hole(
        "", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"
    ),
}


@dataclass
class _Reader:
    parts: list[str | Hole] = field(default_factory=list)

    def text(self, text: str) -> None:
        if not text:
            return
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += text
        else:
            self.parts.append(text)

    def step(self, step: Step, *, is_last: bool) -> None:
        if not step.is_plain:
            raise Unclear("its address is translated")
        if step.kind == "RoutePattern":
            self._route(step)
        elif step.kind == "RegexPattern":
            self._regex(step, is_last=is_last)
        else:
            raise Unclear("its address goes by the language")

    def _route(self, step: Step) -> None:
        end = 0
        for found in _PARAMETER.finditer(step.text):
            self.text(step.text[end : found.start()])
            end = found.end()
            given = step.kinds.get(found["name"], "")
            kind = _KINDS.get(given.removeprefix(_DJANGO)) if given.startswith(_DJANGO) else None
            if kind is None:
                raise Unclear(f"<{found['kind']}:…> is no converter that can be written here")
            self.parts.append(Hole(found["name"], kind.pattern, kind.python, kind.kind))
        self.text(step.text[end:])

    def _regex(self, step: Step, *, is_last: bool) -> None:
        rest = step.text.removeprefix("^")
        if rest == step.text and step.text:
            raise Unclear("its pattern does not begin with ^")
        if is_last != rest.endswith("$"):
            raise Unclear("its pattern may end anywhere")
        rest = rest.removesuffix("$")
        place = 0
        while place < len(rest):
            found = _GROUP.match(rest, place)
            if found is not None:
                if re.fullmatch(found["signs"], "/"):
                    raise Unclear(f"{found[0]} may match more than one part of an address")
                self.parts.append(Hole(found["name"], found["signs"] + found["some"], "str"))
                place = found.end()
                continue
            sign = rest[place]
            if sign == "\\" and place + 1 < len(rest) and not rest[place + 1].isalnum():
                self.text(rest[place + 1])
                place += 2
                continue
            if sign in _SPECIAL:
                raise Unclear("its pattern has more than texts and named groups")
            self.text(sign)
            place += 1


def parts_of(step: Step, *, is_last: bool) -> Sequence[str | Hole]:
    """Give one pattern as texts and holes; raises `Unclear`."""
    reader = _Reader()
    reader.step(step, is_last=is_last)
    return reader.parts


def address_of(url: Url) -> Address:
    """Give the address of a view; raises `Unclear`."""
    reader = _Reader()
    for number, step in enumerate(url.steps, 1):
        reader.step(step, is_last=number == len(url.steps))
    names = [one.name for one in reader.parts if isinstance(one, Hole)]
    if len(set(names)) != len(names):
        raise Unclear("two parts of its address have one name")
    if any(isinstance(one, str) and _BRACES & set(one) for one in reader.parts):
        raise Unclear("its address has braces")
    return Address(tuple(reader.parts))


def outline(url: Url) -> Address:
    """Give what is sure of any address: that of a view, or the text with which all begin."""
    if url.function is None and url.view == "the admin":
        return _beginning(url.steps)
    try:
        return address_of(url)
    except Unclear:
        return _beginning(url.steps)


def _beginning(steps: Sequence[Step]) -> Address:
    reader = _Reader()
    for step in steps:
        known = list(reader.parts)
        try:
            reader.step(step, is_last=False)
        except Unclear:
            if step.kind != "RoutePattern":  # what is read of an expression may be optional
                reader.parts = known
            break
    return Address(tuple(reader.parts), is_closed=False)


def are_apart(one: Address, other: Address) -> bool:
    """Tell whether two addresses can never be the same; False where nobody knows."""
    heads = (one.head, other.head)
    shorter = min(len(head) for head in heads)
    if heads[0][:shorter] != heads[1][:shorter]:
        return True
    mine, theirs = _segments(one), _segments(other)
    if one.is_closed and other.is_closed and len(mine) != len(theirs):
        return True
    known = min(
        len(mine) - (not one.is_closed), len(theirs) - (not other.is_closed)
    )  # the last segment of what is open may go on
    return any(_differ(*pair) for pair in zip(mine[:known], theirs[:known], strict=False))


def _segments(address: Address) -> list[list[str | Hole]]:
    found: list[list[str | Hole]] = [[]]
    for part in address.parts:
        if isinstance(part, Hole):
            found[-1].append(part)
            continue
        for number, text in enumerate(part.split("/")):
            if number:
                found.append([])
            if text:
                found[-1].append(text)
    return found


def _differ(one: Sequence[str | Hole], other: Sequence[str | Hole]) -> bool:
    texts = ["".join(part for part in parts if isinstance(part, str)) for parts in (one, other)]
    is_text = [not any(isinstance(part, Hole) for part in parts) for parts in (one, other)]
    if all(is_text):
        return texts[0] != texts[1]
    if is_text[0]:
        return re.fullmatch(_regex_of(other), texts[0]) is None
    return is_text[1] and re.fullmatch(_regex_of(one), texts[1]) is None


def _regex_of(parts: Sequence[str | Hole]) -> str:
    return "".join(
        f"(?:{part.pattern})" if isinstance(part, Hole) else re.escape(part) for part in parts
    )
