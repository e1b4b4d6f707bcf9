"""`fastapi.security.api_key`."""

from __future__ import annotations

from trivet.security.api_key import *  # noqa: F403
