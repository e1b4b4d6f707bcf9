"""The application in which another framework's is mounted: it adds nothing of its own."""

from __future__ import annotations

__all__ = ["bare_app"]

_APP = """

# As under {framework}: no headers, pages or limits that were not there. Take these out one by one.
app = App(
    title="{title}",
    secure_headers=None,
    max_body_size=None,
    openapi_url=None,
    docs_url=None,
    redoc_url=None,
)
"""


def bare_app(framework: str, title: str) -> str:
    """Give the lines that make it, below a file's imports."""
    return _APP.format(framework=framework, title=title)
