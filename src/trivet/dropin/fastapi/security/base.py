"""`fastapi.security.base`."""

from __future__ import annotations

from trivet.binding.scheme import SecurityScheme as SecurityBase

__all__ = ["SecurityBase"]
