"""The rows of a query and how many there are by one statement, where few are expected.

Their keys are found once, as far as a bound; what is counted, computed and read, in whatever order
and from whichever row on, are the rows of these keys. Two statements would look for them twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, inspect, select

from trivet.db.estimates import EXACT_UP_TO, Estimate, Sums, bounded, computed
from trivet.db.query import Query
from trivet.db.special import keyed_by

__all__ = ["Few"]

_NUMBER = "number_of_all"


class Few:
    """A query of few rows, to be asked for together with what it is asked how many they are."""

    def __init__(self, query: Query[Any], sums: Sums):
        found = bounded(query, sums).cte("few")
        keys = list(found.c)[: len(inspect(query.model).primary_key)]
        self._sums = list(sums)
        self.query = Query(query.model).where(keyed_by(query.model).in_(select(*keys)))
        """The same rows, without their order and what was loaded with them."""
        self.columns = {_NUMBER: select(func.count()).select_from(found).scalar_subquery()}
        """What each row is annotated with, by names: `estimate` reads it."""
        for name, one in computed(found, sums).items():
            self.columns[f"all_{name}"] = select(one).scalar_subquery()

    def estimate(self, told: Mapping[str, Any]) -> Estimate:
        """Give what the annotations of any row tell of all; not exact where they are too many.

        Then the rows that were read may be the wrong ones: any of all may lack among them.
        """
        number = told[_NUMBER]
        if number > EXACT_UP_TO:
            return Estimate(number, exact=False)
        sums = {name: told[f"all_{name}"] for name in self._sums}
        return Estimate(number, exact=True, sums=sums or None)
