"""A session as a handler sees it: values, who is signed in, and notes of what is to be done.

Nothing here waits. What a handler changes is noted, and `keeping` does it before the answer is
sent. From then on, and within a WebSocket, a session can only be read.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from trivet.errors import TrivetError
from trivet.sessions.kept import Kept, Lifetimes, as_datetime

__all__ = ["Flash", "Notes", "Session", "SessionError", "Visitor"]

_LONGEST_USER = 255


class SessionError(TrivetError, ValueError):
    """A session that cannot be kept or changed like this; the message says why."""


class Flash(NamedTuple):
    """A message for the next page that is shown."""

    message: str
    level: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request, as far as it says so, and when (milliseconds since 1970)."""

    now: int
    address: str = ""
    agent: str = ""


@dataclass(slots=True)
class Notes:
    """What a session was when it was loaded, and what is to become of it; read by `keeping`."""

    kept: Kept | None = None
    token: str | None = None
    """The token of `kept`; without one, what the browser sent and nobody knows."""
    is_read_only: bool = False
    is_replaced: bool = False
    """The session is another one by now, and `kept` is to end."""
    is_signed_in: bool = False
    """By this request."""
    rotates: bool = False
    is_over: bool = False
    """Nobody will keep any more changes."""
    is_touched: bool = False
    cookie: bytes | None = None
    """The Set-Cookie that its answer needs."""


@dataclass(slots=True)
class _Data:
    values: dict[str, Any] = field(default_factory=dict)  # Any: whatever JSON can write
    flashes: list[Flash] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> _Data:
        if not text:
            return cls()
        found = json.loads(text)
        return cls(found["values"], [Flash(*one) for one in found["flashes"]])

    def written(self) -> str:
        if not self.values and not self.flashes:
            return ""
        found = {"values": self.values, "flashes": self.flashes}
        try:
            return json.dumps(found, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SessionError(
                f"the session holds what JSON cannot write: {error}. Keep text, numbers, lists and"
                " dictionaries, and convert others: str(uuid), moment.isoformat()."
            ) from error


class Session(MutableMapping[str, Any]):
    """One visitor's session: a dictionary of values that JSON can write, and who is signed in.

    Methods only note what is to be done: it is done before the answer is sent, together with what
    the handler writes. Raises `SessionError` for changes after that, and within a WebSocket.
    """

    __slots__ = (
        "_authenticated", "_created", "_data", "_id", "_is_remembered", "_lifetimes", "_seen",
        "_user", "_visitor", "notes",
    )  # fmt: skip

    def __init__(self, notes: Notes, lifetimes: Lifetimes, visitor: Visitor) -> None:
        self.notes = notes
        self._lifetimes = lifetimes
        self._visitor = visitor
        kept = notes.kept
        self._id = None if kept is None else kept.id
        self._user = None if kept is None else kept.user
        self._created = visitor.now if kept is None else kept.created
        self._seen = visitor.now if kept is None else kept.seen
        self._authenticated = None if kept is None else kept.authenticated
        self._is_remembered = kept is not None and kept.is_remembered
        # Read when somebody asks for it: many want to know who is signed in and nothing else.
        self._data: _Data | None = _Data() if kept is None else None

    # -- who and when ----------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """What lists call it; nobody can act with it. Another one after each sign-in."""
        if self._id is None:
            self._id = secrets.token_hex(16)
        return self._id

    @property
    def user(self) -> str | None:
        """The handle of who is signed in, or None."""
        return self._user

    @property
    def created_at(self) -> datetime:
        """When it began, or somebody signed in, in UTC."""
        return as_datetime(self._created)

    @property
    def seen_at(self) -> datetime:
        """When it was seen last, to a minute, in UTC."""
        return as_datetime(self._seen)

    @property
    def expires_at(self) -> datetime:
        """When it ends unless it is seen again, in UTC."""
        kept = self.notes.kept
        if kept is not None and not self.notes.is_replaced:
            return as_datetime(kept.expires)
        return as_datetime(self._end(self._visitor.now))

    @property
    def authenticated_at(self) -> datetime | None:
        """When who is signed in proved it last, in UTC; None where nobody has."""
        return None if self._authenticated is None else as_datetime(self._authenticated)

    @property
    def is_new(self) -> bool:
        """True where it began with this request."""
        return self.notes.kept is None or self.notes.is_replaced

    @property
    def is_remembered(self) -> bool:
        """True where it outlives the browser."""
        return self._is_remembered

    @property
    def address(self) -> str:
        """The address from which this request comes; empty where none is known."""
        return self._visitor.address

    @property
    def agent(self) -> str:
        """The User-Agent of this request."""
        return self._visitor.agent

    def __repr__(self) -> str:
        return f"<Session {self._id or 'new'} of {self._user!r}>"  # values may be secret

    # -- signing in and out ----------------------------------------------------------------------

    def sign_in(self, user: str, *, remember: bool = False, is_proof: bool = True) -> None:
        """Let `user` be signed in from now on, in a session with another id and token.

        Values that the visitor gathered as a stranger are kept, those of another user are not. With
        `remember` it outlives the browser; without `is_proof` they have proved nothing now, and are
        not recent. Raises `SessionError` for a handle that is empty, longer than 255 characters, or
        holds what cannot be printed.
        """
        if not user or len(user) > _LONGEST_USER or not user.isprintable() or user != user.strip():
            raise SessionError(
                f"nobody can be signed in as {user!r}: a handle has 1 to {_LONGEST_USER} printable"
                " characters, and no spaces around it"
            )
        self._change()
        if self._user not in (None, user):
            self._data = _Data()
        else:
            self._read()
        self._begin(user, is_remembered=remember)
        if not is_proof:
            self._authenticated = None
        self.notes.is_signed_in = True

    def confirm(self) -> None:
        """Note that who is signed in has proved it anew, and change the token.

        Raises `SessionError` where nobody is signed in.
        """
        if self._user is None:
            raise SessionError("nobody is signed in who could have proved it: call sign_in(user)")
        self.rotate()
        self._authenticated = self._visitor.now

    def rotate(self) -> None:
        """Change the token: the one that the browser has now is worth nothing from the answer on.

        Call it whenever somebody may do more than before.
        """
        self._change()
        self.notes.rotates = True

    def sign_out(self) -> None:
        """End it here and in the browser; what is put in afterwards is in a new one."""
        self._change()
        self._data = _Data()
        self._begin(None, is_remembered=False)
        self.notes.is_signed_in = False

    def _begin(self, user: str | None, *, is_remembered: bool) -> None:
        self._id = None
        self._user = user
        self._created = self._seen = self._visitor.now
        self._authenticated = None if user is None else self._visitor.now
        self._is_remembered = is_remembered
        self.notes.is_replaced = True

    # -- messages for the next page --------------------------------------------------------------

    def flash(self, message: str, level: str = "info") -> None:
        """Leave a message for the next page that shows them."""
        self._change()
        self._read().flashes.append(Flash(message, level))

    def flashes(self) -> list[Flash]:
        """Give the messages and forget them; nothing once the answer goes out."""
        if self.notes.is_over or self.notes.is_read_only:
            return []
        data = self._read()
        found, data.flashes = data.flashes, []
        return found

    # -- a dictionary ----------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        return self._read().values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise SessionError(f"a session's keys are text, which {key!r} is not")
        self._change()
        self._read().values[key] = value

    def __delitem__(self, key: str) -> None:
        self._change()
        del self._read().values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read().values)

    def __len__(self) -> int:
        return len(self._read().values)

    def __bool__(self) -> bool:
        return True  # `session or ...` would take an empty one for none

    # -- for keeping -----------------------------------------------------------------------------

    def to_keep(self) -> Kept:
        """Give the session as it is to be kept now; raises `SessionError` for what JSON cannot."""
        kept = self.notes.kept
        now = self._visitor.now
        return Kept(
            id=self.id,
            user=self._user,
            data=kept.data if self._data is None and kept is not None else self._read().written(),
            created=self._created,
            seen=now,
            expires=self._end(now),
            authenticated=self._authenticated,
            is_remembered=self._is_remembered,
            address=self._visitor.address,
            agent=self._visitor.agent,
        )

    def as_seen(self) -> Kept:
        """Give what was loaded, seen now."""
        kept, visitor = self.notes.kept, self._visitor
        assert kept is not None, "it was loaded"
        ends = self._lifetimes.end(kept.created, visitor.now, is_remembered=kept.is_remembered)
        return replace(
            kept, seen=visitor.now, expires=ends, address=visitor.address, agent=visitor.agent
        )

    @property
    def is_changed(self) -> bool:
        """True where there is more to keep than when it was seen."""
        notes, kept = self.notes, self.notes.kept
        if notes.is_replaced or notes.rotates:
            return True
        if self._data is None:
            return False
        return self._data.written() != ("" if kept is None else kept.data)

    @property
    def now(self) -> int:
        """The moment of this request, in milliseconds since 1970."""
        return self._visitor.now

    def _end(self, seen: int) -> int:
        return self._lifetimes.end(self._created, seen, is_remembered=self._is_remembered)

    def _read(self) -> _Data:
        if self._data is None:
            kept = self.notes.kept
            self._data = _Data.read("" if kept is None else kept.data)
        return self._data

    def _change(self) -> None:
        if self.notes.is_read_only:
            raise SessionError("a WebSocket can read a session and not change it: it has no answer")
        if self.notes.is_over:
            raise SessionError(
                "the session cannot be changed any more: its answer goes out. Change it in the"
                " handler or its dependencies, before the handler returns."
            )
