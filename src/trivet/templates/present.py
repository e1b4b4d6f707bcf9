"""What a page is rendered for and with, where functions and values that draw themselves find it.

Set around each step of rendering and by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from jinja2 import Environment
from starlette.requests import Request

__all__ = ["environment_now", "rendering", "request_now"]

_Present = tuple[Request | None, Environment | None]
_present: ContextVar[_Present] = ContextVar("trivet.templates.present", default=(None, None))


def request_now() -> Request | None:
    """Give the request that a page is rendered for, or None."""
    return _present.get()[0]


def environment_now() -> Environment | None:
    """Give the environment of the page that is rendered, or None outside of one.

    What draws itself by a template (an object with `__html__`) cannot wait, and so this environment
    does not either: one that does has a twin for it, with the same templates and functions.
    """
    found = _present.get()[1]
    if found is not None and found.is_async:
        return _twin(found)
    return found


@lru_cache(maxsize=8)
def _twin(environment: Environment) -> Environment:
    return environment.overlay(enable_async=False)


@contextmanager
def rendering(request: Request | None, environment: Environment) -> Iterator[None]:
    """Render for `request` within, by the templates of `environment`."""
    token = _present.set((request, environment))
    try:
        yield
    finally:
        _present.reset(token)
