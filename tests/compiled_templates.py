"""Templates compiled once a process: each test makes an application, whose templates are the same.

Of a test of the admin, a third of the time went into compiling them anew. What is shared is code,
which depends on the text and on what the environment lets Jinja2 work out beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment

__all__ = ["compiled_once"]


def compiled_once(compile_one: Callable[..., Any]) -> Callable[..., Any]:
    """Give `Environment.compile` with a memory, for environments that would compile alike."""
    known: dict[object, Any] = {}

    def compile_or_find(
        environment: Environment,
        source: Any,  # Any: a text, or a tree that is compiled as ever
        name: str | None = None,
        filename: str | None = None,
        **others: Any,
    ) -> Any:
        if others or filename is None or not isinstance(source, str):
            return compile_one(environment, source, name, filename, **others)
        # Constants are put through filters, tests and `finalize` while a template is compiled.
        alike = (
            (source, name, filename, environment.is_async, environment.finalize is None),
            frozenset(environment.filters.items()),
            frozenset(environment.tests.items()),
            frozenset(environment.extensions),
            bool(environment.autoescape),
        )
        if alike not in known:
            known[alike] = compile_one(environment, source, name, filename)
        return known[alike]

    return compile_or_find
