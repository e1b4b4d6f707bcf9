"""What the endpoints of organisations take and give. What is not named here does not come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from trivet.auth.api.taken import Taken

__all__ = [
    "Accepted",
    "InvitationShown",
    "InvitedShown",
    "MemberShown",
    "NewInvitation",
    "NewOrganisation",
    "NewRole",
    "NewSelf",
    "OrganisationShown",
    "Transfer",
]


def _one_line(text: str) -> str:
    line = text.strip()
    if not line or not line.isprintable():
        raise ValueError("Enter a name of one line")
    return line


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Enter a name of one line")
    return text


_NAME = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
_ROLE = Annotated[str, Field(min_length=1, max_length=50)]
_HANDLE = Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
_TOKEN = Annotated[str, Field(min_length=1, max_length=100)]


class NewOrganisation(Taken):
    """An organisation that is made, or its new name."""

    name: _NAME


class NewRole(Taken):
    """What a member is to be."""

    role: _ROLE


class Transfer(Taken):
    """Who is to own an organisation, and what the owner is then."""

    to: _HANDLE
    role: _ROLE


class NewInvitation(Taken):
    """Whom to invite, and as what."""

    email: str = Field(min_length=1, max_length=254)
    role: _ROLE


class Accepted(Taken):
    """The token of an invitation."""

    token: _TOKEN


class NewSelf(Accepted):
    """The token of an invitation, by which an account is made."""

    password: SecretStr
    username: str | None = Field(None, max_length=150)
    name: Annotated[str, Field(max_length=200), AfterValidator(_printable)] = ""


class OrganisationShown(BaseModel):
    """An organisation, as a member sees it."""

    handle: str
    name: str
    role: str
    permissions: list[str]


class MemberShown(BaseModel):
    """A member, as others see them."""

    handle: str
    name: str
    email: str | None
    role: str
    joined_at: datetime


class InvitationShown(BaseModel):
    """An invitation that counts, as members see it."""

    model_config = ConfigDict(from_attributes=True)

    handle: str
    email: str
    role: str
    expires_at: datetime


class InvitedShown(BaseModel):
    """An invitation, as who was invited sees it."""

    organisation: str
    email: str
    role: str
    has_account: bool
