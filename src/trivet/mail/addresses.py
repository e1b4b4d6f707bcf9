"""Mailboxes as people write them: ``Ann <ann@example.org>`` or ``ann@example.org``.

Narrower than RFC 5322, as providers are: no comments, no groups, no quoted local parts and no
addresses in brackets. Whatever could begin another line of a header is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header
from importlib import import_module
from typing import Any

from trivet.errors import MissingExtraError

__all__ = ["Mailbox", "on_one_line", "refuse_breaks"]

# Everything at which some program breaks a line or ends a text, and what UTF-8 cannot say.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What stands between the name and the "<" is taken off behind it: two that could both have the
# blanks would try all ways to share them.
_NAMED = re.compile(r'\A(?P<name>"(?:[^"\\]|\\.)*"\s*|[^"<>]*)<(?P<bare>[^<>]*)>\Z')
_LOCAL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+)*"
)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_LOCAL = 64  # octets: RFC 5321, 4.5.3.1.1
_LONGEST_DOMAIN = 253
_LONGEST_NAME = 200
_WIDTH = 60  # letters of a line, with room for the longest name of a header before them
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')  # RFC 5322, 3.2.3


def refuse_breaks(text: str, what: str) -> str:
    """Give a text that stays on one line of a header; raises `ValueError`."""
    found = _BREAKS.search(text)
    if found is not None:
        raise ValueError(
            f"{what} holds {found[0]!r} at position {found.start()}: no line breaks and no control"
            " characters may stand there"
        )
    return text


def on_one_line(text: str) -> str:
    """Give a text with one blank in the place of each row of blanks, breaks and controls."""
    return " ".join(_BREAKS.sub(" ", text).split())


@dataclass(frozen=True)
class Mailbox:
    """A name, which may be empty, and an address; its domain is as DNS has it (ASCII)."""

    name: str
    local: str
    domain: str

    @classmethod
    def read(cls, text: str) -> Mailbox:
        """Read one mailbox; raises `ValueError`, which says what was expected."""
        text = refuse_breaks(text, f"the address {text!r}").strip()
        found = _NAMED.match(text)
        name, bare = (found["name"].rstrip(), found["bare"]) if found else ("", text)
        if name.startswith('"'):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        local, at, domain = bare.rpartition("@")
        if not at or len(name) > _LONGEST_NAME:
            raise _wrong(text, "it is no `ann@example.org` and no `Ann <ann@example.org>`")
        if not _LOCAL.fullmatch(local) or len(local.encode()) > _LONGEST_LOCAL:
            raise _wrong(text, f"what stands before the @, {local!r}, cannot stand there")
        return cls(" ".join(name.split()), local, _ascii(domain, text))

    @property
    def address(self) -> str:
        """The address alone."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """True where only servers with SMTPUTF8 (RFC 6531) take the address."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{_quoted(self.name)} <{self.address}>" if self.name else self.address

    def folded(self) -> str:
        """Give it as a header has it, its name in encoded words (RFC 2047) where it needs them."""
        if not self.name:
            return self.address
        if self.name.isascii() and "=?" not in self.name:
            blank = "\n " if len(self.name) + len(self.address) > _WIDTH else " "
            return f"{_quoted(self.name)}{blank}<{self.address}>"
        words = Header(self.name, "utf-8", maxlinelen=_WIDTH).encode()
        return f"{words}\n <{self.address}>"


def _quoted(name: str) -> str:
    if not _SPECIAL.search(name):
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def _ascii(domain: str, text: str) -> str:
    if not domain.isascii():
        domain = _idna(domain, text)
    is_known = len(domain) <= _LONGEST_DOMAIN and all(
        _LABEL.fullmatch(label) for label in domain.split(".")
    )
    if not is_known:
        raise _wrong(text, f"{domain!r} is no domain")
    return domain.lower()


def _idna(domain: str, text: str) -> str:
    """Give a domain in other letters as DNS has it (IDNA 2008; Python's own is of 2003)."""
    try:
        library: Any = import_module("idna")  # Any: a module
    except ImportError as error:
        raise MissingExtraError("idna", "mail", what=f"the address {text!r}") from error
    try:
        return str(library.encode(domain, uts46=True).decode())
    except library.IDNAError as error:
        raise _wrong(text, f"{domain!r} is no domain: {error}") from error


def _wrong(text: str, why: str) -> ValueError:
    return ValueError(f"the address {text!r} cannot be used: {why}")
