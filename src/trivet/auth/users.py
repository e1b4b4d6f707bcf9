"""What every account has, whatever model it is kept in.

`UserMixin` brings the columns; `trivet.auth.User` is the ready model, and a model of one's own
mixes them in: ``class Member(UserMixin, Model)``. What belongs to an account elsewhere (sessions,
tokens, keys) names it by its `handle`, which is random and never given twice, not by its key, which
a database may give again once a row is gone.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, cast

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, declared_attr

from trivet.auth.groups import Group, membership_table
from trivet.db import BareModel, UtcDateTime, created, field, relationship

__all__ = ["NO_PASSWORD", "UserMixin", "normal_email", "normal_username"]

NO_PASSWORD = "!"  # what no password's hash can be
_HANDLE_BYTES = 16
_MOST_OF_EMAIL = 254  # RFC 5321, 4.5.3.1.3
_MOST_OF_USERNAME = 150
_USERNAME = re.compile(r"[\w.+-]+")  # of letters and digits of any script, and no @
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+@[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+")

_HIDDEN = {"private": True}


def normal_email(text: str) -> str:
    """Give an address in the one form in which accounts are found by it; raises `ValueError`.

    Small letters throughout: mailboxes that differ by nothing else are not seen in the field, and
    somebody who types theirs in capitals is.
    """
    typed = text.strip().lower()
    normal = unicodedata.normalize("NFKC", typed)
    # Where the two differ, it may be another's: a ligature stands for two letters.
    is_one = normal.isprintable() and _EMAIL.fullmatch(normal)
    if normal != typed or len(normal) > _MOST_OF_EMAIL or not is_one:
        raise ValueError("Enter an e-mail address, such as ann@example.org")
    return normal


def normal_username(text: str) -> str:
    """Give a name in the one form in which accounts are found by it; raises `ValueError`."""
    normal = unicodedata.normalize("NFKC", text.strip()).casefold()
    if not 0 < len(normal) <= _MOST_OF_USERNAME or not _USERNAME.fullmatch(normal):
        raise ValueError(f"Enter a name of at most {_MOST_OF_USERNAME} letters, digits and . + - _")
    return normal


def _new_handle() -> str:
    return token_urlsafe(_HANDLE_BYTES)


class UserMixin(BareModel):
    """The columns of an account; mixed in before a base: ``class Member(UserMixin, Model)``.

    `is_superuser` may everything, `is_staff` may enter the admin, `is_service` marks an account of
    a program, which has tokens and no password. What decides over rights is private: no schema
    made from the model shows it or takes it in, unless it is asked for by name.
    """

    __abstract__ = True

    handle: Mapped[str] = field(
        max_length=32, unique=True, default_factory=_new_handle, info=_HIDDEN, init=False
    )
    """Names the account wherever something belongs to it; random, and never changed."""
    email: Mapped[str | None] = field(max_length=_MOST_OF_EMAIL, unique=True, default=None)
    username: Mapped[str | None] = field(max_length=_MOST_OF_USERNAME, unique=True, default=None)
    name: Mapped[str] = field(max_length=200, default="", description="What others see")
    password: Mapped[str] = field(max_length=255, default=NO_PASSWORD, info=_HIDDEN)
    """The hash; `NO_PASSWORD` where nobody can sign in by one."""
    is_active: Mapped[bool] = field(default=True, info=_HIDDEN)
    is_staff: Mapped[bool] = field(default=False, info=_HIDDEN)
    is_superuser: Mapped[bool] = field(default=False, info=_HIDDEN)
    is_service: Mapped[bool] = field(default=False, info=_HIDDEN)
    roles: Mapped[list[str]] = field(JSON, default_factory=list, info=_HIDDEN)
    """Names of roles that the code declares: ``auth.rules.role("editor", …)``."""
    permissions: Mapped[list[str]] = field(JSON, default_factory=list, info=_HIDDEN)
    """What this account may beyond its groups and roles."""
    email_confirmed_at: Mapped[datetime | None] = field(UtcDateTime, default=None, info=_HIDDEN)
    password_changed_at: Mapped[datetime | None] = field(UtcDateTime, default=None, info=_HIDDEN)
    signed_in_at: Mapped[datetime | None] = field(UtcDateTime, default=None, info=_HIDDEN)
    locale: Mapped[str | None] = field(max_length=35, default=None)
    time_zone: Mapped[str | None] = field(max_length=64, default=None)

    @declared_attr
    def joined_at(cls) -> Mapped[datetime]:  # noqa: N805  # SQLAlchemy gives it the class
        """The moment at which the account was made."""
        return cast(Mapped[datetime], created())

    @declared_attr
    def groups(cls) -> Mapped[list[Group]]:  # noqa: N805  # SQLAlchemy gives it the class
        """The groups whose rights the account has; loaded by ``.with_(…)`` like any relation."""
        model: Any = cls
        return cast(Mapped[list[Group]], relationship(Group, secondary=membership_table(model)))

    @property
    def has_password(self) -> bool:
        """False where nobody can sign in by a password."""
        return not self.password.startswith(NO_PASSWORD)

    @property
    def shown_name(self) -> str:
        """What the account is called on a page."""
        return self.name or self.username or self.email or "somebody"
