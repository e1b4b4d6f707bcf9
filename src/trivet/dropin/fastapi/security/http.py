"""`fastapi.security.http`."""

from __future__ import annotations

from trivet.security.http import *  # noqa: F403
