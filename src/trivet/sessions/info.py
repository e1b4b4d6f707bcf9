"""A session in a list: since when, from where, and by which browser somebody is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trivet.sessions.agents import browser_of, system_of
from trivet.sessions.kept import Kept, as_datetime

__all__ = ["SessionInfo"]


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One session of a user, for a page that lists them; moments are in UTC."""

    id: str
    user: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None
    is_remembered: bool
    address: str
    agent: str

    @classmethod
    def of(cls, kept: Kept) -> SessionInfo:
        """Give what a list shows of what is kept."""
        since = kept.authenticated
        return cls(
            id=kept.id,
            user=kept.user,
            created_at=as_datetime(kept.created),
            seen_at=as_datetime(kept.seen),
            expires_at=as_datetime(kept.expires),
            authenticated_at=None if since is None else as_datetime(since),
            is_remembered=kept.is_remembered,
            address=kept.address,
            agent=kept.agent,
        )

    @property
    def browser(self) -> str | None:
        """The browser's name, as far as it says so."""
        return browser_of(self.agent)

    @property
    def system(self) -> str | None:
        """The name of the system that the browser runs on, as far as it says so."""
        return system_of(self.agent)

    @property
    def device(self) -> str:
        """Both together: "Firefox on Linux"."""
        found = [one for one in (self.browser, self.system) if one is not None]
        return " on ".join(found) or "unknown browser"
