"""By what an account of Django's is found among ours: for taking over, and for sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivet.auth.users import normal_email, normal_username

__all__ = ["email_of", "username_of"]


def username_of(row: Mapping[str, Any]) -> str | None:  # Any: values of columns
    """Give the name of a row of Django's accounts as ours are found by; None where it has none."""
    try:
        return normal_username(str(row.get("username") or ""))
    except ValueError:
        return None


def email_of(row: Mapping[str, Any]) -> str | None:  # Any: values of columns
    """Give an account's address; a name that is one counts where there is no other."""
    for text in (row.get("email"), row.get("username")):
        try:
            return normal_email(str(text or ""))
        except ValueError:
            continue
    return None
