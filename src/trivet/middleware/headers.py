"""Secure response headers: what browsers are told to refuse on the application's behalf.

The headers are fixed when the hook is made and become part of an answer's ready head; a handler
that sets one of them itself keeps its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import ClassVar

from trivet.errors import SetupError
from trivet.http.exchange import Answer, Exchange, Message, Scope, Send
from trivet.middleware.content_policy import (
    NONCE,
    ContentPolicy,
    WrongPolicy,
    csp_nonce,
    nonce_asked,
    page_policy,
    without_nonce,
    written_policy,
)
from trivet.middleware.dress import Dress, lowered, with_header
from trivet.middleware.hook import Hook
from trivet.middleware.location import host_of

__all__ = [
    "PAGE_POLICY",
    "ContentPolicy",
    "Hsts",
    "SecureHeaders",
    "careful_headers",
    "csp_nonce",
    "page_policy",
]

PAGE_POLICY: Mapping[str, str] = {
    "script-src": "'self' 'nonce'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'self'",
}
"""The Content-Security-Policy of pages where nobody says otherwise: scripts of this site's own
files, and those that have the page's nonce."""

_REFERRER_POLICIES = frozenset(
    {
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    }
)
_OPENER_POLICIES = frozenset(
    {"same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"}
)
_RESOURCE_POLICIES = frozenset({"same-origin", "same-site", "cross-origin"})
_EMBEDDER_POLICIES = frozenset({"require-corp", "credentialless", "unsafe-none"})
_FEATURE = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hsts:
    """HTTP Strict Transport Security (RFC 6797): browsers use HTTPS alone for `max_age` seconds.

    A year is the default. It cannot be taken back before that time is over, but by a shorter one
    that a browser is told by HTTPS. `preload` needs subdomains and a year at least, and is asked
    for at hstspreload.org.
    """

    max_age: int = 31_536_000
    include_subdomains: bool = False
    preload: bool = False

    def __post_init__(self) -> None:
        if self.max_age < 0:
            raise _wrong("max_age", self.max_age, "a number of seconds, 0 or more")
        if self.preload and not (self.include_subdomains and self.max_age >= 31_536_000):
            expected = "include_subdomains=True and max_age=31536000 or more, which the list asks"
            raise _wrong("preload", True, expected)

    def value(self) -> str:
        """Give the value of the Strict-Transport-Security header."""
        subdomains = "; includeSubDomains" if self.include_subdomains else ""
        return f"max-age={self.max_age}{subdomains}{'; preload' if self.preload else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecureHeaders(Hook):
    """Send the headers that make browsers careful; None leaves one out.

    As it is: no guessing of content types, no framing by other origins, the origin alone as
    referrer for other sites, and no hold of other windows on ours. `hsts` is sent by HTTPS only,
    as its standard asks, and not for `localhost` and addresses of numbers. `permissions` maps
    a feature to who may use it: ``{"camera": "()"}`` (nobody), ``"(self)"``, ``"*"``.
    `content_security_policy` maps directives to their sources, or is the whole value; the source
    ``'nonce'`` in it becomes the `csp_nonce` of the request that asked for one, and nothing for the
    others. `pages` is the policy of what `Templates` renders, and of the documentation pages, in
    its place. A handler's own header of the same name wins. Raises SetupError for values that
    browsers would ignore.

    Cost of an answer, measured: 1.0 µs; with ``'nonce'`` in the policy of all answers the making of
    the ASGI scope besides, and 6 µs for an answer that has one.
    """

    name: ClassVar[str] = "headers"

    content_type_options: bool = True
    frame_options: str | None = "SAMEORIGIN"
    referrer_policy: str | None = "strict-origin-when-cross-origin"
    cross_origin_opener_policy: str | None = "same-origin"
    cross_origin_resource_policy: str | None = None
    cross_origin_embedder_policy: str | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    content_security_policy: Mapping[str, str] | str | None = None
    content_security_policy_report_only: Mapping[str, str] | str | None = None
    pages: Mapping[str, str] | None = None
    hsts: Hsts | None = None

    _clear: Dress = field(init=False, repr=False, compare=False)
    _secure: Dress = field(init=False, repr=False, compare=False)
    _nonced: tuple[tuple[bytes, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        headers = self._headers()
        nonced = [(name.encode(), value) for name, value in headers if value and NONCE in value]
        object.__setattr__(self, "_nonced", tuple(nonced))
        headers = [(name, value and without_nonce(value)) for name, value in headers]
        block = [(name.encode(), value.encode("ascii")) for name, value in headers if value]
        object.__setattr__(self, "_clear", Dress(default=block))
        if self.hsts:
            block.append((b"strict-transport-security", self.hsts.value().encode()))
        object.__setattr__(self, "_secure", Dress(default=block))

    @property
    def is_fixed(self) -> bool:
        """True where an answer gets ready headers, whatever was asked."""
        return not self._nonced

    def put_on(self, exchange: Exchange, answer: Answer) -> Answer:
        """Put fixed headers on a ready answer; see `Dress.put_on`."""
        if (
            self.hsts is not None
            and exchange.scheme == "https"
            and not _is_local(exchange.header(b"host"))
        ):
            return self._secure.on(answer)  # not on the answer itself, which HTTP may share
        return self._clear.put_on(answer)

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Put the headers on a ready answer."""
        if self._nonced:
            for name, value in self._asked(exchange.scope):
                if all(name != own for own, _ in (*answer.head.headers, *(answer.extra or ()))):
                    answer = with_header(answer, name, value)
        return self._dress(exchange).on(answer)

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Put the headers on a streamed answer."""
        dress = self._dress(exchange)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                if self._nonced:
                    headers = lowered(message.get("headers", ()))
                    present = {name for name, _ in headers}
                    asked = self._asked(exchange.scope)
                    message["headers"] = headers + [h for h in asked if h[0] not in present]
                dress.on_start(message)
            await send(message)

        return dressed

    def _asked(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Give the policies with the nonce that the request asked for; none if it did not."""
        nonce = nonce_asked(scope)
        if nonce is None:
            return []
        source = f"'nonce-{nonce}'"
        return [(name, value.replace(NONCE, source).encode()) for name, value in self._nonced]

    def _dress(self, exchange: Exchange) -> Dress:
        if self.hsts is None or exchange.scheme != "https":
            return self._clear
        # The scope's: what stands within this hook may have found another host behind a proxy.
        return self._clear if _is_local(host_of(exchange.scope)) else self._secure

    def _headers(self) -> list[tuple[str, str | None]]:
        choices = (
            ("frame_options", frozenset({"DENY", "SAMEORIGIN"})),
            ("referrer_policy", _REFERRER_POLICIES),
            ("cross_origin_opener_policy", _OPENER_POLICIES),
            ("cross_origin_resource_policy", _RESOURCE_POLICIES),
            ("cross_origin_embedder_policy", _EMBEDDER_POLICIES),
        )
        for argument, known in choices:
            _check_choice(argument, getattr(self, argument), known)
        _policy("pages", self.pages)
        return [
            ("x-content-type-options", "nosniff" if self.content_type_options else None),
            ("x-frame-options", self.frame_options),
            ("referrer-policy", self.referrer_policy),
            ("cross-origin-opener-policy", self.cross_origin_opener_policy),
            ("cross-origin-resource-policy", self.cross_origin_resource_policy),
            ("cross-origin-embedder-policy", self.cross_origin_embedder_policy),
            ("permissions-policy", _permissions(self.permissions)),
            (
                "content-security-policy",
                _policy("content_security_policy", self.content_security_policy),
            ),
            (
                "content-security-policy-report-only",
                _policy(
                    "content_security_policy_report_only",
                    self.content_security_policy_report_only,
                ),
            ),
        ]


def careful_headers(
    *,
    pages: Mapping[str, str] | None = PAGE_POLICY,
    hsts: Hsts | None = Hsts(),
) -> SecureHeaders:
    """Give the headers of an application that says nothing of them.

    What they forbid no page of today's does without saying so: plug-ins, another base for its
    links, frames on other sites, the camera, the microphone and the place; in `pages`, scripts from
    elsewhere and scripts without the page's nonce. None leaves one of the two out.
    """
    return SecureHeaders(
        content_security_policy={
            "object-src": "'none'",
            "base-uri": "'none'",
            "frame-ancestors": "'self'",
        },
        permissions={"camera": "()", "geolocation": "()", "microphone": "()"},
        pages=pages,
        hsts=hsts,
    )


@lru_cache(maxsize=1024)
def _is_local(host: bytes | None) -> bool:
    """Tell whether a host is this machine, or an address, of which browsers remember no HSTS."""
    name = (host or b"").decode("latin-1").lower()
    if name.startswith("["):  # an address of IPv6
        return True
    name = name.partition(":")[0].rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _check_choice(argument: str, given: str | None, known: frozenset[str]) -> None:
    if given is None:
        return
    # Referrer-Policy alone is a list: a browser takes the last one that it knows.
    for part in given.split(",") if argument == "referrer_policy" else [given]:
        if part.strip() not in known:
            raise _wrong(argument, given, "one of " + ", ".join(sorted(known)) + ", or None")


def _permissions(given: Mapping[str, str]) -> str:
    for feature, allowed in given.items():
        if not _FEATURE.fullmatch(feature):
            raise _wrong("permissions", feature, "a feature's name such as 'geolocation'")
        if allowed != "*" and not (allowed[:1] == "(" and allowed[-1:] == ")"):
            raise _wrong("permissions", allowed, "'()' for nobody, '(self)', or '*' for anybody")
        _check_text("permissions", allowed)
    return ", ".join(f"{feature}={allowed}" for feature, allowed in given.items())


def _policy(argument: str, given: Mapping[str, str] | str | None) -> str | None:
    try:
        return written_policy(given)
    except WrongPolicy as error:
        raise _wrong(argument, error.given, error.expected) from None


def _check_text(argument: str, given: str) -> None:
    if not given.isascii() or (given and not given.isprintable()):
        raise _wrong(argument, given, "printable ASCII on one line")


def _wrong(argument: str, given: object, expected: str) -> SetupError:
    return SetupError(
        f"SecureHeaders cannot use {argument}={given!r}",
        code="middleware.headers",
        mend=f"write {expected}",
    )
