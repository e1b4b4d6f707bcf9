"""Where webhooks may go: who says the address of one must not reach what only we can reach.

A URL is judged when it is given, and where its name leads is judged again with every connection:
what was looked up is what is connected to, so that a name cannot lead elsewhere in between.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from trivet.errors import MissingExtraError, SetupError
from trivet.webhooks.addresses import Address, Network, is_public, read_address, read_networks

try:
    from httpx2 import URL, InvalidURL
except ModuleNotFoundError as error:  # pragma: no cover
    raise MissingExtraError("httpx2", "webhooks", what="sending webhooks") from error

__all__ = ["DestinationRefused", "Destinations", "LookUp", "SystemLookUp"]

LookUp = Callable[[str, int], Awaitable[Sequence[Address]]]
_LONGEST = 2000  # characters
_LONGEST_HOST = 253  # characters (RFC 1035, 2.3.4)
# A host in ASCII, as the resolver is asked for it: labels between dots, or an address of IPv6.
_HOST = re.compile(
    r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE
)

_USER = re.compile(r"[^/?#]*//[^/?#]*@")


class DestinationRefused(ValueError):
    """A URL to which no webhook is sent; the message says why, and may be shown to who gave it."""


class SystemLookUp:
    """Asks the system for the addresses of names, on threads of its own.

    Whoever owns a name can let the answer take long, and must not keep others from their threads.
    """

    def __init__(self, most: int = 16) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="trivet-look-up")

    async def __call__(self, host: str, port: int) -> list[Address]:
        """Give the addresses of a name; raises `OSError`."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        addresses = [read_address(str(one[4][0])) for one in found]
        return [one for one in dict.fromkeys(addresses) if one is not None]


@dataclass(frozen=True)
class Destinations:
    """Which URLs webhooks are sent to: those of the public Internet, by https, on usual ports.

    `allow_http` is for development. `ports` are those that a URL may name, None for all of them.
    `allowed` are networks (``"10.1.0.0/16"``) that are let through though they are not public, and
    `refused` are those that are not though they are public: your own, perhaps. `look_up` asks for
    the addresses of a name.
    """

    allow_http: bool = False
    ports: Collection[int] | None = (443, 8443)
    allowed: Sequence[str] = ()
    refused: Sequence[str] = ()
    look_up: LookUp = field(default_factory=SystemLookUp)
    _allowed: tuple[Network, ...] = field(init=False, repr=False, default=())
    _refused: tuple[Network, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_allowed", read_networks(self.allowed))
            object.__setattr__(self, "_refused", read_networks(self.refused))
        except ValueError as error:
            raise SetupError(
                f"Destinations has a network that is none: {error}",
                code="webhooks.network",
                mend='Destinations(allowed=["10.1.0.0/16"])',
            ) from error

    def read(self, text: str) -> URL:
        """Give a URL that may be sent to, as far as it says itself; raises `DestinationRefused`."""
        if len(text) > _LONGEST:
            raise DestinationRefused(f"the URL has more than {_LONGEST} characters")
        try:
            url = URL(text)
            host = url.raw_host.decode("ascii")
        except (InvalidURL, UnicodeError, ValueError) as error:
            raise DestinationRefused(f"the URL cannot be read: {error}") from error
        schemes = ("https", "http") if self.allow_http else ("https",)
        if url.scheme not in schemes:
            raise DestinationRefused(f"the URL begins with {url.scheme!r}, and not with https://")
        if url.userinfo or _USER.match(text):
            raise DestinationRefused("the URL holds a user or a password")
        if not _HOST.fullmatch(host) or len(host) > _LONGEST_HOST:
            raise DestinationRefused("the URL has no host, or one that is no name")
        is_usual = url.port is None and self.allow_http
        if self.ports is not None and _port(url) not in self.ports and not is_usual:
            known = ", ".join(str(port) for port in sorted(self.ports))
            raise DestinationRefused(f"the URL's port is not one of {known}")
        address = read_address(host)
        if address is not None:
            self._check(host, address)
        return url

    async def addresses(self, url: URL) -> Sequence[Address]:
        """Give the addresses to connect to; raises `DestinationRefused` if one may not be.

        Raises `OSError` where there is none.
        """
        host = url.raw_host.decode("ascii")
        literal = read_address(host)
        found = [literal] if literal is not None else list(await self.look_up(host, _port(url)))
        if not found:
            raise OSError(f"{host} has no address")
        for address in found:
            self._check(host, address)
        return found

    def _check(self, host: str, address: Address) -> None:
        if not self.allows(address):
            # Not which one: who is refused would learn what our names mean inside.
            raise DestinationRefused(f"{host} is, or leads to, an address that is not public")

    def allows(self, address: Address) -> bool:
        """Tell whether an address may be connected to."""
        if any(address in network for network in self._refused):
            return False
        return is_public(address) or any(address in network for network in self._allowed)


def _port(url: URL) -> int:
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80
