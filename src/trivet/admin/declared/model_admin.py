"""What is said about one model: attributes of a class below `ModelAdmin`, read once at the start.

Columns are named by what editors know (`Post.title`), or by their names (``"title"``). What is left
out is derived from the model. Methods that a user may write in place of ours are at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from trivet.admin.declared.inline import Files, Inline
from trivet.admin.declared.layout import Fieldset
from trivet.admin.declared.searching import FullText
from trivet.db import Query

__all__ = ["ModelAdmin"]


class ModelAdmin:
    """How a model is listed and edited; all of it may be left out."""

    model: ClassVar[Any]
    """Set by ``@admin.register(Post)``."""

    # -- what it is called -----------------------------------------------------------------------

    label: ClassVar[str] = ""
    """One row of it: "Post"."""
    plural: ClassVar[str] = ""
    slug: ClassVar[str] = ""
    """Its place in addresses; derived from the model's name."""
    group: ClassVar[str] = ""
    """The heading in the menu."""
    icon: ClassVar[str] = ""

    # -- the list --------------------------------------------------------------------------------

    columns: ClassVar[Sequence[Any]] = ()
    """Columns, relations, and names of computed ones, in the order in which they are shown."""
    search: ClassVar[Sequence[Any] | FullText] = ()
    """Columns in which is searched, also through relations: ``"author__name"``; ``"^title"`` is for
    what begins so, ``"=code"`` for what is the same. Or a `FullText`."""
    filters: ClassVar[Sequence[Any]] = ()
    """Columns and relations, and filters of one's own: `Filter`."""
    hierarchy: ClassVar[Any] = None
    """A date to go down into: years, months, days."""
    totals: ClassVar[Sequence[Any]] = ()
    """Columns that are added up below the list, where it is not too long for it."""
    order: ClassVar[Sequence[Any] | Any] = ()
    """How the list is sorted at first: ``-Post.id``, ``"-created"``."""
    page_size: ClassVar[int] = 50

    editable: ClassVar[Sequence[Any]] = ()
    """Columns that are changed in the list itself; they are among `columns`."""
    in_palette: ClassVar[bool | None] = None
    """True to find rows from everywhere by Ctrl-K; the default is whether there is a `search`."""

    # -- the form --------------------------------------------------------------------------------

    fields: ClassVar[Sequence[Any | Fieldset]] = ()
    """Fields and field sets, in their order."""
    readonly: ClassVar[Sequence[Any]] = ()
    """What is shown and cannot be changed."""
    exclude: ClassVar[Sequence[Any]] = ()
    widgets: ClassVar[Mapping[str, Any]] = {}
    """A widget of `trivet.forms` for a field, by its name."""
    hints: ClassVar[Mapping[str, str]] = {}
    """What is said about a field, by its name; the default is the description of its column."""
    inlines: ClassVar[Sequence[Inline]] = ()
    """Rows that belong to this one, edited in its form."""
    picks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """Which rows may be picked: ``{"author": lambda query: query.where(active=True)}``."""
    shown_when: ClassVar[Mapping[str, tuple[str, Any]]] = {}
    """A field that is asked for where another has a value: ``{"discount": ("kind", "sale")}``."""
    slug_from: ClassVar[Mapping[str, str]] = {}
    """A field that is made of another where it is left empty: ``{"slug": "title"}``."""
    files: ClassVar[Mapping[str, Files]] = {}
    """Where the files of a column are kept, and which are taken."""
    can_copy: ClassVar[bool] = True

    # -- the history -----------------------------------------------------------------------------

    recorded: ClassVar[Sequence[Any]] = ()
    """Private columns whose values the history keeps all the same; of others it keeps none."""

    # -- what may be done ------------------------------------------------------------------------

    is_fixed: ClassVar[bool] = False
    """True for rows that are read here alone: nobody adds, changes or deletes any, whatever they
    may elsewhere."""

    async def permits(self, visit: Any, action: str, row: Any, field: str | None) -> bool:
        """Tell whether a visitor may, who may by all rules; `row` is None where none is meant.

        What this denies, nobody may: superusers neither. It can allow nothing.
        """
        return True

    def reachable(self, visit: Any, action: str, query: Query[Any]) -> Query[Any]:
        """Narrow the rows on which a visitor may do something, as `permits` does for one."""
        return query

    async def check_changes(self, visit: Any, row: Any, changes: Mapping[str, Any]) -> None:
        """Raise `NotAllowed` for values that a visitor may not give a row, whoever writes them.

        `changes` has what was there before and what is after, by the names of fields.
        """

    # -- what may be written in place of ours ----------------------------------------------------

    def query(self, query: Query[Any]) -> Query[Any]:
        """Give the rows that this part of the admin knows at all."""
        return query

    def badge(self, query: Query[Any]) -> Any:
        """Give the number beside the model in the menu: a query, whose rows are counted, or a text.

        `query` has the rows that the visitor may see. It may be a coroutine; what it gives is kept
        for half a minute.
        """
        raise NotImplementedError

    def name_of(self, row: Any) -> str:
        """Give what a row is called on pages; the default is its text, or its naming column."""
        raise NotImplementedError
