"""What the text of an expression depends on, found without a walk through it where it is simple."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import BinaryExpression, False_, Null, True_

__all__ = ["key_of"]

# NULL and the truth values: they are written into the text.
_CONSTANTS = frozenset({Null, True_, False_})


def key_of(part: Any, mapper: Any) -> tuple[Any, list[Any]] | None:
    """Give a key of the text of `part`, and its values; None where only its statement can tell.

    A column compared with a value is known by its operator, the column and the value's type, or by
    the constant: 20 µs less than SQLAlchemy's own key, which any other expression has.
    """
    if type(part) is InstrumentedAttribute:
        return part, []
    if type(part) is BinaryExpression and not part.modifiers:
        left, right = part.left, part.right
        notes = left._annotations
        if notes.get("parententity") is mapper and "proxy_key" in notes:
            if type(right) is BindParameter and _is_plain(right):
                kind = right.type._static_cache_key
                return (part.operator, notes["proxy_key"], kind), [right.value]
            if type(right) in _CONSTANTS:
                return (part.operator, notes["proxy_key"], type(right)), []
    key = part._generate_cache_key()
    return None if key is None else (key.key, [bind.effective_value for bind in key.bindparams])


def _is_plain(bind: Any) -> bool:
    return not (bind.expanding or bind.literal_execute) and bind.callable is None
