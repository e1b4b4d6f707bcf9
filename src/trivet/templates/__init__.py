"""Pages: Jinja2's templates, escaped everywhere, with what an application's pages need at hand."""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

if find_spec("jinja2") is None:
    raise MissingExtraError("jinja2", "templates", what="trivet.templates")

from trivet.templates.part import Templates

__all__ = ["Templates"]
