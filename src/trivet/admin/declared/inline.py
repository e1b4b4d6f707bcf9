"""Rows of another model within the form of the one that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Files", "Inline"]


@dataclass(frozen=True)
class Inline:
    """Children in their parent's form: ``Inline(Track, columns=[Track.title], order_by="number")``.

    `model` is the children's model, or the parent's relation to them (`Album.tracks`), which says
    which one where there are several. What is not said here is as in any form of the model.
    """

    model: Any
    columns: Sequence[Any] = ()
    kind: Literal["table", "stack"] = "table"
    extra: int = 0
    """Empty rows that stand ready."""
    most: int = 100
    """The most children that are edited here, at most 100; where there are more, a link leads to
    their list."""
    order_by: Any = None
    """A column of whole numbers that keeps their order, and is written anew as they are moved."""
    label: str = ""
    hint: str = ""
    readonly: Sequence[Any] = ()
    widgets: Mapping[str, Any] = field(default_factory=dict)
    picks: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    inlines: Sequence[Inline] = ()
    """Children of the children."""
    can_add: bool = True
    can_delete: bool = True


@dataclass(frozen=True)
class Files:
    """Where the files of a column are kept, and which: ``{"cover": Files(types=["image/*"])}``.

    Without `storage` it is that of the application's `Media`. `types` and `max_size` (bytes) are
    those of `trivet.storage.UploadRules`: the content decides.
    """

    storage: Any = None
    types: Sequence[str] = ("*/*",)
    max_size: int = 10 * 1024 * 1024
    folder: str = ""
