"""What a dependency must have to appear in the OpenAPI document as a security scheme.

The schemes themselves live in `trivet.security`, above the application; binding and OpenAPI know
them only by this page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SecurityScheme"]


class SecurityScheme:
    """A dependency that also describes itself to OpenAPI.

    An instance is callable like any other dependency; what it returns is the credential.
    """

    model: Mapping[str, Any]  # Any: JSON, the OpenAPI Security Scheme Object in OpenAPI's key names
    scheme_name: str
    """The key of the scheme under `components.securitySchemes`; equal names are one scheme."""
