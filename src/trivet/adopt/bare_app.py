"""The application in which another framework's is mounted: it adds nothing of its own."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["bare_app"]

_HEAD = """

# As under {framework}: no headers, pages or limits that were not there. Take these out one by one.
app = App(
    title="{title}",
"""
_OPTIONS = {
    "secure_headers": "None",
    "max_body_size": "None",
    "openapi_url": "None",
    "docs_url": "None",
    "redoc_url": "None",
}


def bare_app(framework: str, title: str, options: Mapping[str, str] | None = None) -> str:
    """Give the lines that make it, below a file's imports; `options` as code, by their names."""
    given = _OPTIONS | dict(options or {})
    lines = "".join(f"    {name}={code},\n" for name, code in given.items())
    return _HEAD.format(framework=framework, title=title) + lines + ")\n"
