"""Whether a return type says what is in a handler's JSON.

A page shows what its template picks; JSON shows all that there is. So a page is answered as JSON
only where somebody has said what that is: `dict[str, Any]` hides nothing and promises nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

__all__ = ["says_what_is_in_it"]

_SILENT: frozenset[Any] = frozenset(
    {
        Any, object, Collection, Iterable, Mapping, MutableMapping, Sequence,
        dict, frozenset, list, set, tuple,
    }
)  # fmt: skip


def says_what_is_in_it(model: Any) -> bool:
    """Tell whether a response model names the type of everything down to its models."""
    if model is None:
        return False
    kind = get_origin(model)
    if kind is Literal:
        return True
    if kind is None:
        return not any(model is one for one in _SILENT)
    arguments = get_args(model)
    if kind is Annotated:
        arguments = arguments[:1]
    inner = [one for one in arguments if one not in (Ellipsis, NoneType)]
    return bool(inner) and all(says_what_is_in_it(one) for one in inner)
