"""`fastapi.security.open_id_connect_url`."""

from __future__ import annotations

from trivet.security.open_id import *  # noqa: F403
