"""The OpenAPI Security Scheme Object, as a dictionary whose keys can be read as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SchemeModel"]


class SchemeModel(dict[str, Any]):
    """What a scheme says of itself, in OpenAPI's key names; what is None is left out.

    ``model["in"]`` and ``model.in_`` are the same: programs written for FastAPI read attributes.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__({key: value for key, value in fields.items() if value is not None})

    def __getattr__(self, name: str) -> Any:  # Any: JSON
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name.removesuffix("_"))
