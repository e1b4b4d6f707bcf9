"""Conditions as a tree, and as the text that stands for it in the address of a list.

``status:is:paid,any(total:min:100,customer:contains:Ann)``: what stands side by side has to be so
all of it, within ``any(…)`` one of it. Whatever is read and written again is the same text, and a
text that cannot be read is kept as it is, with what is wrong with it: a condition that was left out
in silence would show, and let be changed, more than was asked for. Nothing here knows a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from trivet.texts import lazy

__all__ = [
    "LONGEST_VALUE",
    "MOST",
    "MOST_LEVELS",
    "MOST_VALUES",
    "Condition",
    "Group",
    "Item",
    "Unreadable",
    "Where",
    "checked",
    "normal",
    "read",
    "without",
    "written",
]

MOST = 20
"""Conditions of one list at once."""
MOST_LEVELS = 3
"""Groups within one another, the whole counted."""
MOST_VALUES = 50
"""Values of one condition."""
LONGEST_VALUE = 200
_LONGEST = 4000  # characters of all of it
_SIGNS = frozenset(",()|")
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*", re.ASCII)
_QUOTED = re.compile(r"\s*'((?:[^']|'')*)'\s*")
_BARE = re.compile(r"[^,()|]*")
_SPACE = re.compile(r"\s*")

How: TypeAlias = Literal["all", "any"]


@dataclass(frozen=True)
class Condition:
    """One question about a row: ``year``, ``min``, ``("1990",)``."""

    name: str
    lookup: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Several, all of which a row has to fit, or one of them."""

    how: How
    items: tuple[Item, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Give the conditions in it and in the groups in it, in their order."""
        for one in self.items:
            if isinstance(one, Group):
                yield from one.conditions()
            else:
                yield one

    def levels(self) -> int:
        """Count the groups within one another, this one too."""
        return 1 + max((one.levels() for one in self.items if isinstance(one, Group)), default=0)


Item: TypeAlias = "Condition | Group"


class Unreadable(ValueError):
    """A text says no conditions, or too many; `text` is for people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True)
class Where:
    """What an address says of conditions: the same text for the same conditions."""

    text: str = ""
    root: Group | None = None
    problem: str = ""
    """Why the text cannot be read; empty where it can."""

    @classmethod
    def read(cls, texts: Sequence[str]) -> Self:
        """Read what was said, once; what cannot be read stays as it is."""
        said = [one.replace("\0", "").strip() for one in texts]
        said = [one for one in said if one]
        if not said:
            return cls()
        try:
            if len(said) > 1:
                raise Unreadable(lazy("The address says conditions more than once."))
            return cls.of(read(said[0]))
        except Unreadable as error:
            # One character too long is too long as well, and all of it may be without an end.
            return cls(said[-1][: _LONGEST + 1], problem=error.text)

    @classmethod
    def of(cls, root: Group | None) -> Self:
        """Give conditions with their text."""
        return cls() if root is None else cls(written(root), root)


def normal(group: Group) -> Group | None:
    """Give the same without groups that group nothing; None where there is no condition."""
    found = _plain(group)
    return Group("all", (found,)) if isinstance(found, Condition) else found


def _plain(item: Item) -> Item | None:
    if isinstance(item, Condition):
        return item
    items = tuple(one for each in item.items if (one := _plain(each)) is not None)
    if len(items) == 1:
        return items[0]
    return Group(item.how, items) if items else None


def checked(root: Group) -> Group:
    """Give the same where it is within the limits; raises `Unreadable`."""
    if sum(1 for _ in root.conditions()) > MOST:
        raise Unreadable(lazy("At most %(most)s conditions at once.", most=MOST))
    if root.levels() > MOST_LEVELS:
        text = lazy("Groups of conditions can be at most %(most)s deep.", most=MOST_LEVELS)
        raise Unreadable(text)
    for one in root.conditions():
        if len(one.values) > MOST_VALUES:
            text = lazy("A condition can have at most %(most)s values.", most=MOST_VALUES)
            raise Unreadable(text)
        if any(len(value) > LONGEST_VALUE for value in one.values):
            text = lazy("A value can have at most %(most)s characters.", most=LONGEST_VALUE)
            raise Unreadable(text)
    if len(written(root)) > _LONGEST:
        raise Unreadable(lazy("The conditions are too long for an address."))
    return root


def without(root: Group, unwanted: Item) -> Group | None:
    """Give the same but for one of its items, the very object; None where nothing is left."""

    def kept(group: Group) -> Group:
        items = (one for one in group.items if one is not unwanted)
        return Group(group.how, tuple(kept(i) if isinstance(i, Group) else i for i in items))

    return normal(kept(root))


# -- as a text ------------------------------------------------------------------------------------


def written(root: Group) -> str:
    """Give the text of conditions in their normal form."""
    inner = ",".join(_item(one) for one in root.items)
    return inner if root.how == "all" else f"any({inner})"


def _item(item: Item) -> str:
    if isinstance(item, Group):
        return f"{item.how}({','.join(map(_item, item.items))})"
    values = f":{'|'.join(map(_value, item.values))}" if item.values else ""
    return f"{item.name}:{item.lookup}{values}"


def _value(value: str) -> str:
    is_plain = value and value == value.strip() and value[0] != "'" and not _SIGNS & set(value)
    return value if is_plain else "'{}'".format(value.replace("'", "''"))


def read(text: str) -> Group | None:
    """Give the conditions that a text says, in their normal form; raises `Unreadable`."""
    if len(text) > _LONGEST:
        raise Unreadable(lazy("The conditions are too long for an address."))
    reader = _Reader(text)
    items = reader.items(1)
    reader.end()
    root = normal(Group("all", tuple(items)))
    return None if root is None else checked(root)


class _Reader:
    """Reads a text from left to right, and never deeper than groups may be."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._count = 0

    def items(self, level: int) -> Iterable[Item]:
        """Read what stands side by side."""
        found = [self._item(level)]
        while self._take(","):
            found.append(self._item(level))
        return found

    def end(self) -> None:
        """Raise `Unreadable` where something is left."""
        if self._at < len(self._text):
            raise self._wrong()

    def _item(self, level: int) -> Item:
        name = self._word()
        if name in ("all", "any") and self._take("("):
            if level > MOST_LEVELS:
                text = lazy("Groups of conditions can be at most %(most)s deep.", most=MOST_LEVELS)
                raise Unreadable(text)
            items = self.items(level + 1)
            if not self._take(")"):
                raise self._wrong()
            return Group("any" if name == "any" else "all", tuple(items))
        self._count += 1
        if self._count > MOST:
            raise Unreadable(lazy("At most %(most)s conditions at once.", most=MOST))
        if not self._take(":"):
            raise self._wrong()
        lookup = self._word()
        values = []
        if self._take(":"):
            values.append(self._one_value())
            while self._take("|"):
                values.append(self._one_value())
        return Condition(name, lookup, tuple(values))

    def _word(self) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._wrong()
        self._at = found.end()
        return found[1]

    def _one_value(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            return quoted[1].replace("''", "'")
        start = self._at
        bare = _BARE.match(self._text, start)
        assert bare is not None, "it fits nothing too"
        value = bare[0].strip()
        if not value or value[0] == "'":
            raise self._wrong()
        self._at = bare.end()
        return value

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        space = _SPACE.match(self._text, self._at + 1)
        # A value begins where it begins: within quotes, spaces at its ends are its own.
        self._at = self._at + 1 if space is None else space.end()
        return True

    def _wrong(self) -> Unreadable:
        rest = self._text[self._at : self._at + 30]
        return Unreadable(
            lazy("The conditions in the address cannot be read from “%(rest)s” on.", rest=rest)
            if rest
            else lazy("The conditions in the address end too early.")
        )
