"""What may be asked of a column in a condition: by its word in the address, and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trivet.texts import LazyText, lazy, plazy

__all__ = ["LOOKUPS", "Lookup"]


@dataclass(frozen=True)
class Lookup:
    """One question: how it is called in a list of them, and the sentence that it makes."""

    label: str
    sentence: LazyText
    takes: Literal["none", "one", "two", "some"] = "one"
    """How many values it needs."""
    denies: str = ""
    """The question to which it is the opposite; empty where it is none."""

    def fits(self, number: int) -> bool:
        """Tell whether so many values are right."""
        return {"none": number == 0, "one": number == 1, "two": number == 2, "some": number > 0}[
            self.takes
        ]


LOOKUPS: Mapping[str, Lookup] = {
    "is": Lookup(plazy("condition", "is"), lazy("%(what)s is %(value)s")),
    "not": Lookup(plazy("condition", "is not"), lazy("%(what)s is not %(value)s"), denies="is"),
    "in": Lookup(
        plazy("condition", "is one of"), lazy("%(what)s is one of: %(value)s"), takes="some"
    ),
    "contains": Lookup(plazy("condition", "contains"), lazy("%(what)s contains %(value)s")),
    "lacks": Lookup(
        plazy("condition", "does not contain"),
        lazy("%(what)s does not contain %(value)s"),
        denies="contains",
    ),
    "starts": Lookup(plazy("condition", "starts with"), lazy("%(what)s starts with %(value)s")),
    "min": Lookup(plazy("condition", "is at least"), lazy("%(what)s is at least %(value)s")),
    "max": Lookup(plazy("condition", "is at most"), lazy("%(what)s is at most %(value)s")),
    "before": Lookup(plazy("condition", "is before"), lazy("%(what)s is before %(value)s")),
    "after": Lookup(plazy("condition", "is after"), lazy("%(what)s is after %(value)s")),
    "between": Lookup(
        plazy("condition", "is between"),
        lazy("%(what)s is between %(value)s and %(last)s"),
        takes="two",
    ),
    "within": Lookup(plazy("condition", "is within"), lazy("%(what)s is within: %(value)s")),
    "empty": Lookup(plazy("condition", "is empty"), lazy("%(what)s is empty"), takes="none"),
    "filled": Lookup(
        plazy("condition", "is not empty"),
        lazy("%(what)s is not empty"),
        takes="none",
        denies="empty",
    ),
}
