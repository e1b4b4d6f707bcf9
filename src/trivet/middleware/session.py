"""A session's values, as a handler sees them: a dictionary that is loaded when first touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["Session"]

# Any: what a session holds is the user's, as far as JSON can write it.
Values = dict[str, Any]

_TOUCHING = (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__"),
    *("__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__", "clear", "copy"),
    *("get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"),
)


class Session(Values):
    """What `request.session` gives: one visitor's values, to read and to change.

    Nothing is read from the cookie, and the answer does not vary by it, until a value is asked
    for. Values must be such as JSON can write.
    """

    __slots__ = ("_find", "is_loaded", "stored")

    def __init__(self, find: Callable[[], str | None]) -> None:
        """Make a session whose values are the JSON that `find` gives, or none."""
        super().__init__()
        self._find = find
        self.is_loaded = False
        self.stored: str | None = None

    def mark_accessed(self) -> None:
        """Load the values; Starlette's `request.session` calls this."""
        if not self.is_loaded:
            self.is_loaded = True
            self.stored = self._find()
            if self.stored is not None:
                dict.update(self, json.loads(self.stored))


def _loading(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @wraps(method)
    def loaded(session: Session, *arguments: Any, **values: Any) -> Any:
        if not session.is_loaded:
            session.mark_accessed()
        return method(session, *arguments, **values)

    return loaded


# Every method of a dictionary that looks at its values or changes them. Written as a table,
# because each is the same line; dict's own C functions do not call one another's overrides.
for _name in _TOUCHING:
    setattr(Session, _name, _loading(_name))
