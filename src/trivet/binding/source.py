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
from typing import Any

__all__ = ["Source"]

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
        hint = re.sub(r"\W+", "_", hint).strip("_") or "value"
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
        hint = re.sub(r"\W+", "_", hint).strip("_") or "value"
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

    def function(self, name: str, filename: str) -> Any:
        """Compile what was written, give the function `name`; its text is kept for tracebacks."""
        text = "\n".join(self.lines) + "\n"
        namespace = dict(self.names)
        exec(compile(text, filename, "exec"), namespace)  # text from our emitters alone
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        made = namespace[name]
        made.__trivet_source__ = text
        return made
