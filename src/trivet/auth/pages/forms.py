"""What people fill in on the pages: one model for each form, with labels, limits and hints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, SecretStr, create_model

from trivet.forms import Input, Password, Select, Textarea
from trivet.texts import lazy

__all__ = [
    "SIGN_UP",
    "ActingReason",
    "Again",
    "Code",
    "EmailAsked",
    "LinkChange",
    "NewToken",
    "Nothing",
    "PasskeyName",
    "PasswordChange",
    "PasswordChosen",
    "Remembered",
    "SignIn",
    "log_in_label",
    "profile_model",
]

_NewPassword = Annotated[SecretStr, Password(new=True)]
_Password = Annotated[SecretStr, Password()]
_EMAIL = Input("email", autocomplete="username", inputmode="email", autocapitalize="none")
_NAME = Input("text", autocomplete="username", autocapitalize="none", spellcheck="false")
# Where there are passkeys a browser shows them in this field's list; others read `username` alone.
_KNOWN = Input("text", autocomplete="username webauthn", autocapitalize="none", spellcheck="false")
_EmailText = Annotated[str, _EMAIL]
_NameText = Annotated[str, _NAME]

_E_MAIL = lazy("E-mail address")
_USER_NAME = lazy("User name")
_PASSWORD = lazy("Password")
_SHOWN_NAME = lazy("Your name")
_WHAT_OTHERS_SEE = lazy("What others see.")
_REMEMBER = lazy("Stay signed in on this device")
_GOOD_PASSWORD = lazy("A few words that nobody would guess are better than one with odd signs.")


class SignUpByEmail(BaseModel):
    """Somebody who signs up, and will sign in by their address."""

    email: _EmailText = Field(min_length=1, max_length=254, title=_E_MAIL)
    name: str = Field("", max_length=200, title=_SHOWN_NAME, description=_WHAT_OTHERS_SEE)
    password: _NewPassword = Field(title=_PASSWORD, description=_GOOD_PASSWORD)


class SignUpByName(BaseModel):
    """Somebody who signs up, and will sign in by a name."""

    username: _NameText = Field(min_length=1, max_length=150, title=_USER_NAME)
    name: str = Field("", max_length=200, title=_SHOWN_NAME, description=_WHAT_OTHERS_SEE)
    password: _NewPassword = Field(title=_PASSWORD, description=_GOOD_PASSWORD)


class SignUpByEither(BaseModel):
    """Somebody who signs up, and will sign in by either."""

    email: _EmailText = Field(min_length=1, max_length=254, title=_E_MAIL)
    username: _NameText = Field("", max_length=150, title=_USER_NAME)
    name: str = Field("", max_length=200, title=_SHOWN_NAME, description=_WHAT_OTHERS_SEE)
    password: _NewPassword = Field(title=_PASSWORD, description=_GOOD_PASSWORD)


SIGN_UP: Mapping[str, type[BaseModel]] = {
    "email": SignUpByEmail,
    "username": SignUpByName,
    "either": SignUpByEither,
}
"""By `AuthOptions.log_in`."""


class SignIn(BaseModel):
    """Somebody who signs in."""

    log_in: Annotated[str, _KNOWN] = Field(min_length=1, max_length=254, title=_E_MAIL)
    password: _Password = Field(title=_PASSWORD)
    remember: bool = Field(False, title=_REMEMBER)


class Remembered(BaseModel):
    """Somebody who signs in by what they were sent."""

    remember: bool = Field(False, title=_REMEMBER)


class EmailAsked(BaseModel):
    """Who wants a letter."""

    email: _EmailText = Field(min_length=1, max_length=254, title=_E_MAIL)


class PasswordChosen(BaseModel):
    """A new password, where none is asked for: by a letter, or by who has none."""

    new: _NewPassword = Field(title=lazy("New password"), description=_GOOD_PASSWORD)


class PasswordChange(BaseModel):
    """A new password, by the present one."""

    present: _Password = Field(title=lazy("Present password"))
    new: _NewPassword = Field(title=lazy("New password"), description=_GOOD_PASSWORD)


class Again(BaseModel):
    """The password of who is signed in, once more."""

    password: _Password = Field(title=_PASSWORD)


class Nothing(BaseModel):
    """A button alone, which is refused or not."""


class Code(BaseModel):
    """A code of an app, or a recovery code."""

    code: Annotated[
        str,
        Input("text", autocomplete="one-time-code", autocapitalize="none", spellcheck="false"),
    ] = Field(min_length=1, max_length=40, title=lazy("Code"))


class LinkChange(BaseModel):
    """A provider that is to be linked, or a link that is to go."""

    link: str = Field("", max_length=100)
    remove: int = Field(0, ge=0, le=2**53)


class PasskeyName(BaseModel):
    """What somebody calls a passkey."""

    name: str = Field("", max_length=100, title=lazy("Name"))


class ActingReason(BaseModel):
    """Why somebody wants to act as another account."""

    reason: Annotated[str, Input("text", autocomplete="off")] = Field(
        min_length=1,
        max_length=200,
        title=lazy("Reason"),
        description=lazy("It is kept, with your name, where the account's history is."),
    )


class NewToken(BaseModel):
    """A token that is wanted."""

    name: Annotated[str, Input("text", autocomplete="off")] = Field(
        min_length=1, max_length=100, title=lazy("Name"), description=lazy("What it is for.")
    )
    scopes: Annotated[str, Textarea(rows=3, spellcheck="false")] = Field(
        "*",
        max_length=5000,
        title=lazy("What it may do"),
        description=lazy("Names of permissions, one a line; * is all that you may."),
    )
    days: Annotated[Literal["30", "90", "365"], Select()] = Field(
        "90", title=lazy("Days until it ends")
    )


class _Language(Enum):
    """A language, called by its own name."""

    label: str

    def __new__(cls, tag: str, label: str) -> _Language:
        made = object.__new__(cls)
        made._value_ = tag
        made.label = label
        return made


def log_in_label(log_in: str) -> str:
    """Give what the field is called by which people sign in."""
    labels = {"email": _E_MAIL, "username": _USER_NAME}
    return labels.get(log_in) or lazy("E-mail address or user name")


def profile_model(languages: Iterable[tuple[str, str]]) -> type[BaseModel]:
    """Give the model of what somebody may change of their account.

    `languages` are tags and names of those that pages are written in; without any, none is asked
    for. Reads the names of all time zones, some milliseconds.
    """
    zones = sorted(one for one in available_timezones() if _is_shown(one))
    known: dict[str, Any] = {
        "name": (
            str,
            Field("", max_length=200, title=_SHOWN_NAME, description=_WHAT_OTHERS_SEE),
        )
    }
    named = {tag.replace("-", "_"): (tag, name) for tag, name in languages}
    if named:
        make: Any = _Language  # the functional form, which is no call of this class
        choice = make("Language", named)
        known["locale"] = (choice | None, Field(None, title=lazy("Language")))
    zone: Any = Literal[tuple(zones)]
    known["time_zone"] = (zone | None, Field(None, title=lazy("Time zone")))
    return create_model("Profile", **known)


def _is_shown(zone: str) -> bool:
    areas = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe")
    return zone == "UTC" or zone.partition("/")[0] in (*areas, "Indian", "Pacific")
