"""`fastapi.security.oauth2`."""

from __future__ import annotations

from trivet.security.oauth2 import *  # noqa: F403
