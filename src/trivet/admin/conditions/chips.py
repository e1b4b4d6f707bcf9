"""Conditions as people read them above a list, each with where it is no longer asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from trivet.admin.conditions.tree import Condition, Group, Item
from trivet.admin.listing.beside import Names
from trivet.admin.plan.lookups import LOOKUPS
from trivet.admin.plan.subjects import Subject
from trivet.admin.views import Asked
from trivet.admin.visits import Visit
from trivet.texts import lazy, plazy

__all__ = ["Sentences", "told"]

_WORDS = {"all": plazy("condition", "and"), "any": plazy("condition", "or")}


class Sentences:
    """Conditions in the language of a visit; `names` are those of rows."""

    def __init__(self, subjects: Mapping[str, Subject], visit: Visit, names: Names) -> None:
        self._subjects = subjects
        self._visit = visit
        self._names = names

    def sentence(self, one: Condition) -> str:
        """Give one condition as a sentence; as it is written where it says nothing."""
        subject, lookup = self._subjects.get(one.name), LOOKUPS.get(one.lookup)
        if subject is None or lookup is None or not lookup.fits(len(one.values)):
            return " ".join([one.name, one.lookup, *one.values])
        say, values = self._visit.say, [self._value(subject, one, text) for text in one.values]
        filled = {"what": say(subject.label), "value": ", ".join(values)}
        if lookup.takes == "two":
            filled = {"what": say(subject.label), "value": values[0], "last": values[1]}
        return say(lookup.sentence.with_values(**filled))

    def _value(self, subject: Subject, one: Condition, text: str) -> str:
        say, choice = self._visit.say, subject.choices_for(one.lookup).get(text)
        if choice is not None:
            return say(choice)
        if subject.kind == "row":
            return self._names.get((subject.name, text), text)
        if subject.kind == "day":
            try:
                return self._visit.day(date.fromisoformat(text))
            except ValueError:
                return text
        return say(lazy("“%(text)s”", text=text)) if subject.kind == "text" else text

    def word(self, group: Group) -> str:
        """Give what stands between the items of a group."""
        return self._visit.say(_WORDS[group.how])


def told(root: Group, sentences: Sentences, without: Callable[[Item], str]) -> list[list[Asked]]:
    """Give one chip for each of the conditions that must all be met, and for each group of them.

    `without` gives the address of the list without an item.
    """
    if root.how == "any":
        return [_group(root, sentences, without)]
    chips = []
    for number, item in enumerate(root.items):
        before = [Asked("word", sentences.word(root))] if number else []
        chips.append([*before, *_item(item, sentences, without)])
    return chips


def _item(item: Item, sentences: Sentences, without: Callable[[Item], str]) -> list[Asked]:
    if isinstance(item, Condition):
        return [Asked("condition", sentences.sentence(item), without(item))]
    return [Asked("sign", "("), *_group(item, sentences, without), Asked("sign", ")")]


def _group(group: Group, sentences: Sentences, without: Callable[[Item], str]) -> list[Asked]:
    found = []
    for number, item in enumerate(group.items):
        if number:
            found.append(Asked("word", sentences.word(group)))
        found += _item(item, sentences, without)
    return found
