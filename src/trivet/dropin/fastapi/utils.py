"""`fastapi.utils`."""

from __future__ import annotations

from trivet.routing.options import generate_unique_id
from trivet.routing.options import has_body as is_body_allowed_for_status_code

__all__ = ["generate_unique_id", "is_body_allowed_for_status_code"]
