"""A message as data: what is said, to whom, and what goes with it.

It can be written as JSON and read again, so that it can wait in an outbox.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from trivet.mail.addresses import Mailbox, refuse_breaks
from trivet.mail.plain_text import text_of

__all__ = ["Attachment", "Message"]

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CID = re.compile(r"[A-Za-z0-9._-]+(?:@[A-Za-z0-9.-]+)?")
_USED_CID = re.compile(r"""["'(]\s*cid:([^"')\s]+)""", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
_FORBIDDEN_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_MOST_RECIPIENTS = 100  # servers may refuse more: RFC 5321, 4.5.3.1.8
_LONGEST_WORD = 900  # a line of a header has at most 998 octets: RFC 5322, 2.1.1
# Those that are made from the rest of a message, and those that only servers write.
_OURS = frozenset({
    "bcc", "cc", "date", "from", "message-id", "mime-version", "received", "reply-to",
    "resent-bcc", "resent-cc", "resent-to", "return-path", "sender", "subject", "to",
})  # fmt: skip


def _decoded(value: Any) -> Any:  # Any: whatever was given
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _as_list(value: Any) -> Any:  # Any: whatever was given
    return (value,) if isinstance(value, str) else value


def _mailbox(text: str) -> str:
    return str(Mailbox.read(text))


def _words(text: str | None) -> str | None:
    found = _FORBIDDEN_IN_TEXT.search(text or "")
    if found is not None:
        raise ValueError(f"the text holds {found[0]!r} at position {found.start()}")
    return text


_Content = Annotated[
    bytes, BeforeValidator(_decoded), PlainSerializer(_encoded, return_type=str, when_used="json")
]
_Address = Annotated[str, AfterValidator(_mailbox)]
# A text is a sequence of texts: so type checkers allow one address where several may stand.
_Addresses = Annotated[Sequence[_Address], BeforeValidator(_as_list), AfterValidator(tuple)]
_Words = Annotated[str | None, AfterValidator(_words)]


class Attachment(BaseModel):
    """A file that goes with a message; with a `cid`, a picture for ``<img src="cid:…">``.

    `type` is a media type, by default the one that the name ends on. `content` is bytes, or a
    text in base64, as JSON has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    content: _Content = Field(repr=False)
    type: str = ""
    cid: str | None = None

    @classmethod
    def read(cls, path: str | Path, *, cid: str | None = None) -> Attachment:
        """Read a file, which blocks."""
        path = Path(path)
        return cls(name=path.name, content=path.read_bytes(), cid=cid)

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if "/" in name or "\\" in name:
            raise ValueError(f"the name {name!r} is a path: give its last part alone")
        return refuse_breaks(name, "the name of an attachment")

    @field_validator("cid")
    @classmethod
    def _check_cid(cls, cid: str | None) -> str | None:
        if cid is not None and not _CID.fullmatch(cid):
            raise ValueError(f"the cid {cid!r} may have letters, digits, `.`, `_` and `-`")
        return cid

    @model_validator(mode="after")
    def _check_type(self) -> Attachment:
        found = self.type.lower() or mimetypes.guess_type(self.name)[0] or ""
        is_whole = found.startswith(("multipart/", "message/"))  # which have rules of their own
        if not self.type and (not found or is_whole):
            found = "application/octet-stream"
        elif is_whole or not _TYPE.fullmatch(found):
            raise ValueError(
                f"the type {self.type!r} cannot be that of an attachment: one such as"
                " `image/png`, or `application/octet-stream`"
            )
        object.__setattr__(self, "type", found)
        return self


class Message(BaseModel):
    """A mail: to whom, a subject, and text, HTML or both.

    Mailboxes are ``ann@example.org`` or ``Ann <ann@example.org>``; one, or several. Where there is
    HTML and no text, the text is made of it: see `plain_text`. `sender` is by default the mailer's.
    `id` and `date` are given when it is sent. Raises Pydantic's `ValidationError`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: _Addresses = ()
    subject: str = Field(max_length=900)
    text: _Words = None
    html: _Words = None
    cc: _Addresses = ()
    bcc: _Addresses = ()
    reply_to: _Addresses = ()
    sender: _Address | None = None
    attachments: Annotated[Sequence[Attachment], AfterValidator(tuple)] = ()
    headers: Mapping[str, str] = Field(default_factory=dict)
    id: str | None = None
    date: AwareDatetime | None = None

    @field_validator("subject")
    @classmethod
    def _check_subject(cls, subject: str) -> str:
        return refuse_breaks(subject, "the subject")

    @field_validator("id")
    @classmethod
    def _check_id(cls, id: str | None) -> str | None:
        if id is not None and not _ID.fullmatch(id):
            raise ValueError(f"the id {id!r} is none: `<something@example.org>`")
        return id

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        names = [name.lower() for name in headers]
        for name, value in headers.items():
            if not _HEADER.fullmatch(name):
                raise ValueError(f"a header cannot be called {name!r}: letters, digits and `-`")
            if name.lower() in _OURS or name.lower().startswith("content-"):
                raise ValueError(f"the header {name!r} is made of the message: use its fields")
            if names.count(name.lower()) > 1:
                raise ValueError(f"the header {name!r} is there twice")
            refuse_breaks(value, f"the header {name!r}")
            if any(len(word) > _LONGEST_WORD for word in value.split(" ")):
                raise ValueError(f"the header {name!r} has a word of over {_LONGEST_WORD} letters")
        return dict(headers)

    @model_validator(mode="after")
    def _check_whole(self) -> Message:
        if not (self.to or self.cc or self.bcc):
            raise ValueError("it goes to nobody: give `to`, `cc` or `bcc`")
        if len(self.recipients) > _MOST_RECIPIENTS:
            raise ValueError(
                f"it goes to {len(self.recipients)} addresses, and servers need not take more than"
                f" {_MOST_RECIPIENTS}: send a message to each"
            )
        if self.text is None:
            if self.html is None:
                raise ValueError("it says nothing: give `text`, `html` or both")
            object.__setattr__(self, "text", text_of(self.html))
        cids = [one.cid for one in self.attachments if one.cid is not None]
        for cid in cids:
            if cids.count(cid) > 1:
                raise ValueError(f"two attachments have the cid {cid!r}")
            if self.html is None:
                raise ValueError(f"the picture {cid!r} stands in HTML, and there is none")
        for cid in _USED_CID.findall(self.html or ""):
            if cid not in cids:
                raise ValueError(f"the HTML shows `cid:{cid}`, and no attachment has that cid")
        return self

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses it goes to, without names, each once."""
        mailboxes = [Mailbox.read(one) for one in (*self.to, *self.cc, *self.bcc)]
        return tuple(dict.fromkeys(one.address for one in mailboxes))

    @property
    def is_whole(self) -> bool:
        """True where it can go: it has a sender, an id and a date."""
        return self.sender is not None and self.id is not None and self.date is not None

    def filled(self, *, sender: str, id: str, date: datetime) -> Message:
        """Give the same message with these where it has none."""
        return self.model_copy(
            update={
                "sender": self.sender or sender,
                "id": self.id or id,
                "date": self.date or date,
            }
        )
