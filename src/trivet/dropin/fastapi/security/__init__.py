"""`fastapi.security`."""

from __future__ import annotations

from trivet.security import *  # noqa: F403
