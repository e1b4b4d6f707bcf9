"""Dependencies that are replaced, in tests mostly: a dictionary that says when it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

__all__ = ["Overrides"]


class Overrides(dict[Callable[..., Any], Callable[..., Any]]):
    """Maps a dependency to what is called in its place; each change builds the app anew."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: Callable[..., Any], value: Callable[..., Any]) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Callable[..., Any]) -> None:
        super().__delitem__(key)
        self._changed()

    def clear(self) -> None:
        super().clear()
        self._changed()

    def pop(self, *args: Any) -> Any:
        found = super().pop(*args)
        self._changed()
        return found

    def popitem(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        found = super().popitem()
        self._changed()
        return found

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]  # of any mapping
        super().update(other)
        self._changed()
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._changed()

    def setdefault(self, key: Callable[..., Any], default: Any = None) -> Any:
        found = super().setdefault(key, default)
        self._changed()
        return found
