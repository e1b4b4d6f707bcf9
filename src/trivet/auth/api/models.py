"""What the endpoints take and give. What is not named here does not come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from trivet.auth.api.taken import Taken

__all__ = [
    "AccountShown",
    "Confirmation",
    "LogIn",
    "NewAccount",
    "NewPassword",
    "Password",
    "PasswordChange",
    "Profile",
    "ResetAsked",
    "SessionShown",
    "SignInAnswer",
    "Told",
]

_LOG_IN = Field(min_length=1, max_length=254)
_TOKEN = Field(min_length=1, max_length=100)


def _one_line(text: str) -> str:
    # Of no use in a name: line breaks, NUL, and what turns the text around it.
    if not text.isprintable():
        raise ValueError("Enter a name of one line")
    return text


_Name = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]


class NewAccount(Taken):
    """Somebody who signs up."""

    email: str | None = Field(None, max_length=254)
    username: str | None = Field(None, max_length=150)
    name: _Name = ""
    password: SecretStr


class LogIn(Taken):
    """Somebody who signs in."""

    log_in: str = _LOG_IN
    password: SecretStr
    remember: bool = False


class Confirmation(Taken):
    """A token from a letter."""

    token: str = _TOKEN


class ResetAsked(Taken):
    """Who wants a letter by which a password is set anew."""

    email: str = _LOG_IN


class NewPassword(Taken):
    """A new password, by a token from a letter."""

    token: str = _TOKEN
    password: SecretStr


class PasswordChange(Taken):
    """A new password, by the present one."""

    present: SecretStr
    new: SecretStr


class Password(Taken):
    """The password of who is signed in, once more."""

    password: SecretStr


class Profile(Taken):
    """What somebody may change of their own account; what is left out stays as it is."""

    name: _Name = ""
    locale: str | None = Field(None, max_length=35, pattern=r"^[A-Za-z0-9_-]*$")
    time_zone: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9_+/-]*$")


class AccountShown(BaseModel):
    """An account, as who is signed in sees their own."""

    model_config = ConfigDict(from_attributes=True)

    handle: str
    email: str | None
    username: str | None
    name: str
    email_confirmed_at: datetime | None
    joined_at: datetime
    locale: str | None
    time_zone: str | None


class SignInAnswer(BaseModel):
    """What became of a sign-in: an account, or the second factors of which one is wanted."""

    user: AccountShown | None
    second_factors: list[str] = []


class SessionShown(BaseModel):
    """One place where somebody is signed in."""

    id: str
    device: str
    address: str | None
    created_at: datetime
    seen_at: datetime
    is_this: bool


class Told(BaseModel):
    """A sentence for who asked."""

    detail: str

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__(detail=detail, **more)
