"""What happens between accounts and providers."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["ProviderLinked", "ProviderUnlinked"]


@dataclass(frozen=True, kw_only=True)
class ProviderLinked(Happened):
    """Somebody can sign in by a provider from now on; `details` has its name."""

    kind = "provider-linked"


@dataclass(frozen=True, kw_only=True)
class ProviderUnlinked(Happened):
    """Somebody cannot sign in by what they have at a provider any more; `details` has its name."""

    kind = "provider-unlinked"
