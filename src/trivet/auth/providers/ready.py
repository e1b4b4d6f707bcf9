"""Providers that many want, as what has to be known of them."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from trivet.auth.providers.oidc import OidcProvider
from trivet.auth.providers.provider import wrong_provider

__all__ = ["gitlab", "google", "microsoft"]

_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def google(*, client_id: str, client_secret: str | SecretStr, **more: Any) -> OidcProvider:
    """Give Google; `more` is what `OidcProvider` takes. Raises `SetupError`."""
    known = {
        "name": "google",
        "title": "Google",
        "issuer": "https://accounts.google.com",
        "algorithms": ("RS256",),
    }
    return OidcProvider(client_id=client_id, client_secret=client_secret, **(known | more))


def microsoft(
    *, tenant: str, client_id: str, client_secret: str | SecretStr, **more: Any
) -> OidcProvider:
    """Give Microsoft, for the people of one `tenant`, by its id. Raises `SetupError`.

    Its addresses are not verified, so that they are never taken over. ``common`` and its like
    would let in everybody whom any tenant's administrator has made.
    """
    if not _TENANT.fullmatch(tenant):
        raise wrong_provider("tenant", tenant, "its id, '72f988bf-86f1-41af-91ab-2d7cd011db47'")
    known = {
        "name": "microsoft",
        "title": "Microsoft",
        "issuer": f"https://login.microsoftonline.com/{tenant}/v2.0",
        "algorithms": ("RS256",),
    }
    return OidcProvider(client_id=client_id, client_secret=client_secret, **(known | more))


def gitlab(
    *,
    client_id: str,
    client_secret: str | SecretStr,
    site: str = "https://gitlab.com",
    **more: Any,
) -> OidcProvider:
    """Give GitLab, or a server of one's own by its `site`. Raises `SetupError`."""
    known = {"name": "gitlab", "title": "GitLab", "issuer": site, "algorithms": ("RS256",)}
    return OidcProvider(client_id=client_id, client_secret=client_secret, **(known | more))
