"""Sign-in by OAuth 2 and OpenID Connect: ``app.use(SignInWith(auth, [google(…)]))``."""

from __future__ import annotations

from trivet.auth.providers.github import GitHub
from trivet.auth.providers.happened import ProviderLinked, ProviderUnlinked
from trivet.auth.providers.oidc import OidcProvider
from trivet.auth.providers.part import SignInWith
from trivet.auth.providers.provider import Person, Provider, Returned, Trip
from trivet.auth.providers.ready import gitlab, google, microsoft
from trivet.auth.providers.refused import (
    ProviderAway,
    ProviderDeclined,
    ProviderFault,
    ProviderUntrue,
    WithRefused,
)
from trivet.auth.providers.tables import LinkedLogin

__all__ = [
    "GitHub",
    "LinkedLogin",
    "OidcProvider",
    "Person",
    "Provider",
    "ProviderAway",
    "ProviderDeclined",
    "ProviderFault",
    "ProviderLinked",
    "ProviderUnlinked",
    "ProviderUntrue",
    "Returned",
    "SignInWith",
    "Trip",
    "WithRefused",
    "gitlab",
    "google",
    "microsoft",
]
