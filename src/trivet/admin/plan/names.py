"""What a user named, found in the model: columns, relations, computed columns; or told with the
nearest name and the line.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from trivet.admin.declared.computed import Computed
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.db.describe import Description
from trivet.errors import SetupError

__all__ = ["misnamed", "named", "titled", "unknown"]


def named(given: Any) -> str:
    """Give the name of what stands in a declaration: an attribute, a computed column, a text."""
    if isinstance(given, str):
        return given
    if isinstance(given, Computed):
        return given.name
    key = getattr(given, "key", None)
    return key if isinstance(key, str) else str(given)


def titled(name: str) -> str:
    """Give a name as a heading: ``created_at`` is "Created at"."""
    words = name.removesuffix("_id").replace("__", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def unknown(admin: type[ModelAdmin], about: str, name: str, known: Description) -> SetupError:
    """Give the error for a name that the model has not."""
    names = [one.name for one in known.columns] + [one.name for one in known.relations]
    names += [name for name in dir(admin) if isinstance(getattr(admin, name), Computed)]
    near = get_close_matches(name, names, 1)
    return SetupError(
        f"{admin.__name__}.{about} names {name!r}, which {known.model.__name__} does not have",
        code="admin.unknown-name",
        where=_place(admin),
        mend=f"{near[0]!r}" if near else f"one of: {', '.join(sorted(names))}",
    )


def misnamed(admin: type[ModelAdmin], what: str, mend: str) -> SetupError:
    """Give the error for something in a declaration that cannot be."""
    return SetupError(
        f"{admin.__name__}: {what}", code="admin.declared", where=_place(admin), mend=mend
    )


def _place(admin: type[ModelAdmin]) -> str | None:
    for cls in admin.__mro__:  # the first was made by `Admin.add`
        with suppress(OSError, TypeError):
            return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    return None
