"""Ready pages for accounts. ``from trivet.auth.pages import AccountPages``"""

from __future__ import annotations

from trivet.auth.pages.part import AccountPages

__all__ = ["AccountPages"]
