"""A search by words, as PostgreSQL has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["FullText"]


@dataclass(frozen=True)
class FullText:
    """Search by words: ``search = FullText(Post.title, Post.body, language="english")``.

    On PostgreSQL it is `to_tsvector` and `websearch_to_tsquery` over the columns, joined by blanks;
    an index over the same expression makes it fast. Elsewhere each word is looked for as a text.
    """

    columns: tuple[Any, ...]
    language: str

    def __init__(self, *columns: Any, language: str = "simple") -> None:
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "language", language)
