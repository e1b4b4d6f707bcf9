"""A visit: one request to the admin, with who makes it and what they may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from starlette.requests import Request

from trivet.db import Query

if TYPE_CHECKING:
    from trivet.admin.history.keeping import History

__all__ = ["Access", "Asking", "SentOn", "Visit"]


def now() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)


class SentOn(Exception):
    """Who has to do something else first, before they may enter: where, and what it is."""

    def __init__(self, url: str, notice: str) -> None:
        super().__init__(url)
        self.url = url
        self.notice = notice


class Asking(Protocol):
    """What tells whether a visitor may do something; `trivet.auth` gives `May`."""

    async def __call__(self, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether they may do `action` with a model, a row, or a field of it."""

    async def reachable(self, action: str, query: Query[Any]) -> Query[Any]:
        """Give the rows of a query on which they may."""

    async def where_field(self, action: str, model: Any, field: str) -> ColumnElement[bool] | bool:
        """Give on which rows they may do it with a field; True for all, False for none."""


class Access(Protocol):
    """Who may enter the admin, and as whom: accounts, or the one who started it."""

    async def visit(self, request: Request) -> Visit:
        """Give the visit; raises `NotSignedIn` or `NotAllowed` for who may not enter."""

    async def again(
        self, handle: str, scopes: frozenset[str] | None, impersonator: str
    ) -> Visit | None:
        """Give a visit of an account outside of requests; None where it may not enter."""

    async def tell(self, request: Request, text: str, level: str) -> None:
        """Keep a notice for the next page."""

    async def notices(self, request: Request) -> list[tuple[str, str]]:
        """Give the notices that were kept for this page, each with its level."""

    def account_urls(self, request: Request) -> tuple[str, str]:
        """Give where one sees one's account, and where one signs out; empty for nowhere."""


def _unsaid(share: float | None = None, note: str | None = None) -> None:
    """Say nothing: what is done within a request has no progress."""


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # an account may have been given any text
        return False
    return True


def _number(value: Any) -> str:
    return f"{value:,}"


def _day(value: date) -> str:
    return value.isoformat()


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M")


@dataclass
class Visit:
    """One request to the admin."""

    request: Any
    """The request; None where a job goes on alone."""
    may: Asking
    user: Any = None
    """The account; None where there are no accounts."""
    name: str = ""
    """What the visitor is called."""
    impersonator: str = ""
    """Who acts as the visitor; empty where nobody does."""
    say: Callable[[str], str] = str
    """Gives a text in the visitor's language, where it is put into mark-up before a template."""
    posted: Sequence[tuple[str, Any]] = field(default=())
    """The form that was sent: names with texts or files, in their order."""
    auth: Any = None
    """The application's `Auth`; None where there are no accounts."""
    proved_at: datetime | None = None
    """When they last proved who they are, in UTC; None where nobody can say."""
    history: History | None = None
    """Where what is done is written down; None where nobody keeps it."""
    progress: Callable[..., None] = field(default=_unsaid)
    """Says how far something is, from 0 to 1, with a note: heard where it is done as a job."""
    number: Callable[[Any], str] = _number
    """Writes a number, a date, or a moment that is in the visitor's time zone already."""
    day: Callable[[date], str] = _day
    moment: Callable[[datetime], str] = _moment
    is_localised: bool = False
    """True where they write as the visitor's locale does."""
    zone: str = ""
    """The time zone of the request, where the account says none."""

    def is_recent(self, seconds: float) -> bool:
        """Tell whether they proved who they are in the last `seconds`."""
        if self.proved_at is None:
            return False
        return (now() - self.proved_at).total_seconds() <= seconds

    @property
    def handle(self) -> str:
        """What names the account in the history, for good."""
        return str(getattr(self.user, "handle", "") or "")

    @property
    def time_zone(self) -> str:
        """The time zone in which moments are shown; UTC where the account names none there is."""
        name = str(getattr(self.user, "time_zone", None) or self.zone or "UTC")
        return name if _is_zone(name) else "UTC"

    def counted(self, number: int, *, is_exact: bool) -> str:
        """Write how many rows there are, exactly or about."""
        return self.number(number) if is_exact else f"≈ {self.number(number)}"

    def sent(self, name: str) -> str | None:
        """Give the last text that was sent under a name, or None."""
        found = [value for key, value in self.posted if key == name and isinstance(value, str)]
        return found[-1] if found else None

    def all_sent(self, name: str) -> list[str]:
        """Give all texts that were sent under a name."""
        return [value for key, value in self.posted if key == name and isinstance(value, str)]
