"""How much a client wants what an Accept header names (RFC 9110, 12.4.2)."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["weight_of"]


def weight_of(parameters: Iterable[str]) -> float:
    """Give the weight among the parameters of one item, from 0 to 1: 1 where none is named.

    What is no number is 0: nothing is given that nobody asked for in so many words.
    """
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
