"""`fastapi.encoders`."""

from __future__ import annotations

from trivet.schema.encode import jsonable_encoder

__all__ = ["jsonable_encoder"]
