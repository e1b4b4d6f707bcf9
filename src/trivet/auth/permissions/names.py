"""Names of permissions: ``post.change``, and patterns that cover many: ``post.*``, ``*``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from trivet.errors import SetupError

__all__ = ["checked_name", "covers", "is_permission", "model_of", "permission_name"]

_NAME = re.compile(r"\*|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def model_of(what: Any) -> Any:
    """Give the model of a row, or of itself."""
    return what if isinstance(what, type) else type(what)


def permission_name(action: str, model: Any, field: str | None = None) -> str:
    """Give the permission to do `action` with rows of `model`, such as ``blog_post.change``.

    With a `field`, the permission to do it with this field: ``blog_post.change.price``.
    """
    name = f"{_WORDS.sub('_', model.__name__).lower()}.{action}"
    return name if field is None else f"{name}.{field}"


def is_permission(text: str) -> bool:
    """Tell whether a text is a name of a permission, or a pattern of such."""
    return bool(_NAME.fullmatch(text))


def checked_name(name: str) -> str:
    """Give a name of a permission, or a pattern, as it is; raises `SetupError` for another text."""
    if not isinstance(name, str) or not is_permission(name):
        raise SetupError(
            f"{name!r} is no name of a permission",
            code="auth.permission-name",
            mend="write words in small letters with points between: 'post.change', or 'post.*'",
        )
    return name


def covers(held: Iterable[str], name: str) -> bool:
    """Tell whether one of the names and patterns in `held` gives the permission `name`."""
    for one in held:
        if one == name or one == "*":
            return True
        if one.endswith(".*") and name.startswith(one[:-1]):
            return True
    return False
