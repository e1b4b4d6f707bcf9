"""What a dependency must have to appear in the OpenAPI document as a security scheme.

The schemes themselves live in `trivet.security`, above the application; binding and OpenAPI know
them only by this page.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["PartsScheme", "SecurityScheme"]


class SecurityScheme:
    """A dependency that also describes itself to OpenAPI.

    An instance is callable like any other dependency; what it returns is the credential.
    """

    model: Mapping[str, Any]  # Any: JSON, the OpenAPI Security Scheme Object in OpenAPI's key names
    scheme_name: str
    """The key of the scheme under `components.securitySchemes`; equal names are one scheme."""


class PartsScheme(SecurityScheme):
    """A dependency that takes whatever credentials the application's parts know.

    It is declared before anybody knows which parts there will be: in the document stand in its
    place, as alternatives, the schemes that the parts bring (`Part.security_schemes`).
    """

    model: Mapping[str, Any] = MappingProxyType({})
    scheme_name = ""
    is_optional: bool = False
    """True where nobody's credentials will do as well."""
