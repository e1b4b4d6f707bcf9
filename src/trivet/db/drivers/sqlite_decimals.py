"""Decimals in SQLite, which has none: it keeps floating numbers of 64 bits.

They hold 15 digits of any decimal exactly (IEEE 754-2019, 5.12). What is read is the decimal of 15
digits that was written; what has more is refused, where SQLite would keep another number.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Float, Numeric
from sqlalchemy.engine import Dialect

__all__ = ["keep_decimals"]

_DIGITS = 15
# Wide enough for any number of a column before it is counted.
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)


def keep_decimals(dialect: Dialect) -> None:
    """Let the dialect of one engine keep decimals so."""
    colspecs: Any = dialect.colspecs
    dialect.colspecs = {**colspecs, Numeric: _Decimals, Float: Float}


class _Decimals(Numeric[Any]):
    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        scale = self.scale

        def bound(value: Any) -> Any:
            if value is None:
                return None
            if isinstance(value, Decimal) and value.is_finite():
                _check(value, scale)
            return float(value)

        return bound

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        if not self.asdecimal:
            return None
        scale = self._effective_decimal_return_scale or 0
        step, form = Decimal(1).scaleb(-scale), f".{scale}f"
        most = 10.0 ** (_DIGITS - scale)  # below it, `form` shows no more digits than are held

        def found(value: Any) -> Decimal | None:
            if value is None:
                return None
            if -most < value < most:
                return Decimal(format(value, form))
            # An integer comes as one, and may have more digits than a floating number.
            number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{_DIGITS}g}")
            return number.quantize(step, context=_WIDE) if number.is_finite() else number

        return found


def _check(value: Decimal, scale: int | None) -> None:
    """Raise `OverflowError` for more digits than are held.

    Decimals beyond the column's are rounded, as all databases do; where it says none, any.
    """
    try:
        kept = value.quantize(Decimal(1).scaleb(-(scale or 0)), context=_WIDE)
    except InvalidOperation:  # wider than any column
        kept = value
    digits = len(kept.normalize(_WIDE).as_tuple().digits)
    if digits > _DIGITS:
        raise OverflowError(f"SQLite holds {_DIGITS} digits of a decimal, and {value} has {digits}")
