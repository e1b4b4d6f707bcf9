"""The ready model of accounts: importing it makes its table, so that only who wants it does."""

from __future__ import annotations

from typing import Annotated

from trivet.auth.current import current_user, optional_user
from trivet.auth.users import UserMixin
from trivet.binding.markers import Depends
from trivet.db import Model

__all__ = ["CurrentUser", "OptionalUser", "User"]


class User(UserMixin, Model):
    """An account."""

    __tablename__ = "users"


CurrentUser = Annotated[User, Depends(current_user)]
"""Who is signed in; nobody is answered with 401."""

OptionalUser = Annotated[User | None, Depends(optional_user)]
"""Who is signed in, or None."""
