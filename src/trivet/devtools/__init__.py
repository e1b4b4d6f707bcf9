"""What one sees while one develops: requests and what happened in them, at ``/_dev``.

``from trivet.devtools import DevTools``; ``trivet dev`` uses it by itself.
"""

from __future__ import annotations

from trivet.devtools.part import DEVTOOLS_PATH, DevTools

__all__ = ["DEVTOOLS_PATH", "DevTools"]
