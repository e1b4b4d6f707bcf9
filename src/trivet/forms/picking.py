"""Rows of another model to pick from: what a person sees, and all that a client may send.

The same query gives both, so that nobody picks what they may not. Nothing here knows the database:
a query is whatever can be sliced and awaited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from trivet.errors import SetupError
from trivet.forms.choices import Choice

__all__ = ["Pick", "Rows"]


class Rows(Protocol):
    """A query, of which a slice, awaited, gives rows; or a list of rows."""

    def __getitem__(self, wanted: slice, /) -> Awaitable[Sequence[Any]] | Sequence[Any]:
        """Give a part of the query, or of a list."""


class Pick:
    """Let a field be picked from rows: ``author_id: Annotated[int, Pick(User.where(active=True))]``

    `rows` is a query, or a dependency that gives one, for what depends on who asks. `label` is the
    attribute that people read, or a function of a row; the default is its text. `key` is the
    attribute that is stored. At most `most` rows are offered, and no others are taken.
    """

    def __init__(
        self,
        rows: Rows | Callable[..., Any],
        *,
        label: str | Callable[[Any], str] = str,
        key: str = "id",
        most: int = 500,
    ) -> None:
        self.rows = rows
        self.key = key
        self.most = most
        self._label = label

    @property
    def provider(self) -> Callable[..., Any] | None:
        """The dependency that gives the query; None where it is known already."""
        if hasattr(self.rows, "__getitem__"):
            return None
        return self.rows

    async def choices(self, rows: Any = None) -> tuple[Choice, ...]:
        """Give what may be picked; `rows` is what the dependency gave. Raises `SetupError`."""
        query = self.rows if rows is None else rows
        if not hasattr(query, "__getitem__"):
            raise SetupError(
                f"{query!r} cannot be picked from: it is no query",
                code="forms.no-query",
                mend="Pick(User.where(…)), or a dependency that gives such a query; a form with"
                " dependencies is asked for by form: Blank[Model]",
            )
        part: Any = query[: self.most]
        found = part if isinstance(part, Sequence) else await part
        return tuple(self._choice(row) for row in found)

    def _choice(self, row: Any) -> Choice:
        label = getattr(row, self._label) if isinstance(self._label, str) else self._label(row)
        key = getattr(row, self.key)
        return Choice(str(key), str(label), key)
