"""What happens to passkeys, as events of the trail."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["PasskeyAdded", "PasskeyCloned", "PasskeyRemoved"]


@dataclass(frozen=True, kw_only=True)
class PasskeyAdded(Happened):
    """Somebody made a passkey; `details` has its ``id`` and ``name``."""

    kind = "passkey-added"


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(Happened):
    """Somebody took a passkey away; `details` has its ``id`` and ``name``."""

    kind = "passkey-removed"


@dataclass(frozen=True, kw_only=True)
class PasskeyCloned(Happened):
    """A passkey was refused because its count went back: there may be a copy of it.

    `details` has its ``id``, the ``count`` that it told and the one that was ``known``.
    """

    kind = "passkey-cloned"
