"""FastAPI's words in the errors of declarations, which its programs may look for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trivet.errors import DeclarationError

__all__ = ["told_as_fastapi"]

# What Trivet says at the beginning, and FastAPI.
_WORDS = {
    "Cannot specify a marker for type": "Cannot specify FastAPI annotation for type",
    "Cannot specify a marker in": "Cannot specify a FastAPI annotation in",
    "Cannot specify markers in": "Cannot specify FastAPI annotations in",
    "Cannot include the same router into": "Cannot include the same APIRouter instance into",
    "Cannot include a router that": "Cannot include an APIRouter instance that",
}


@contextmanager
def told_as_fastapi() -> Iterator[None]:
    """Word a `DeclarationError` that is raised inside as FastAPI does."""
    try:
        yield
    except DeclarationError as error:
        for ours, theirs in _WORDS.items():
            if error.what.startswith(ours):
                error.what = theirs + error.what.removeprefix(ours)
                error.args = (error.what,)
        raise
