"""Python source that is written line by line, with the objects that it names.

Generated functions are real source: registered with `linecache`, so that tracebacks and debuggers
show their lines, and readable, because `trivet explain` prints them.
"""

from __future__ import annotations

import builtins
import keyword
import linecache
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any

__all__ = ["Source", "Written"]

# What the emitters write themselves: the user's functions never go by these names.
_LOCALS = frozenset(
    {"body", "error", "errors_body", "lifetimes", "request", "response"} | {"tasks", "value", "x"}
)
_TAKEN = _LOCALS | frozenset(dir(builtins))


class Source:
    """Lines of one function under construction and the values that its names stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._fresh: set[str] = set()
        self.depth = 0
        self._count = 0

    def line(self, text: str) -> None:
        """Add one line at the present depth."""
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that opens a block, and indent what is added inside."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    def name(self, value: Any, hint: str) -> str:
        """Give the name under which `value` is known, made from `hint`; one value has one name."""
        hint = _identifier(hint)
        if hint[0].isdigit() or keyword.iskeyword(hint):
            hint = f"_{hint}"
        found = hint
        number = 1
        while self._is_taken(found, value):
            number += 1
            found = f"{hint}_{number}"
        self.names[found] = value
        return found

    def helper(self, function: Any) -> str:
        """Give the name of a function or class of ours: its own."""
        return self.name(function, function.__name__)

    def fresh(self, hint: str) -> str:
        """Give a new local name."""
        hint = _identifier(hint)
        self._count += 1
        while f"{hint}_{self._count}" in self.names:
            self._count += 1
        found = f"{hint}_{self._count}"
        self._fresh.add(found)
        return found

    def _is_taken(self, name: str, value: Any) -> bool:
        if name in self.names:
            return self.names[name] is not value
        return name in self._fresh or name in _TAKEN

    @property
    def text(self) -> str:
        """What was written so far."""
        return "\n".join(self.lines) + "\n"

    def written(self, name: str, filename: str) -> Written:
        """Give the function `name` as it is written now."""
        return Written(name, filename, self.text, self.names)


class Written:
    """A written function, compiled when it is first wanted; its text is kept for tracebacks.

    An application of a thousand routes starts a fifth of a second sooner for it, and what nobody
    asks for takes no memory but its text (benchmarks: routes).
    """

    def __init__(self, name: str, filename: str, text: str, names: dict[str, Any]) -> None:
        self.name = name
        self.filename = filename
        self.text = text
        self._names = names

    @cached_property
    def function(self) -> Any:
        """The function itself."""
        text, filename = self.text, self.filename
        exec(compile(text, filename, "exec"), self._names)  # text from our emitters alone
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        return self._names[self.name]


@lru_cache(maxsize=1024)
def _identifier(hint: str) -> str:
    return re.sub(r"\W+", "_", hint).strip("_") or "value"
