"""Asking a provider: JSON over HTTPS, bounded in size and time.

Each question has a connection of its own. No proxy, no redirect, no cookie, nothing from the
environment, and nothing unpacked: a few packed bytes may be as long as they like.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from trivet.auth.providers.refused import ProviderAway
from trivet.errors import MissingExtraError

try:
    import httpx2
except ImportError as error:
    raise MissingExtraError("httpx2", "sign-in", what="sign-in by providers") from error

__all__ = ["Fetcher", "is_safe_address"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST_ADDRESS = 2048
_ERROR = re.compile(rb'"error"\s*:\s*"([a-z_]{1,50})"')


def is_safe_address(address: object) -> bool:
    """Tell whether an address may be asked or sent to: HTTPS, or HTTP to this machine.

    No user, no fragment, and nothing in it that a browser or a log reads otherwise.
    """
    if not isinstance(address, str) or not 0 < len(address) <= _LONGEST_ADDRESS:
        return False
    if not address.isascii() or not address.isprintable() or set(address) & set(' "\\<>#'):
        return False
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


class Fetcher:
    """Asks providers. `timeout` is in seconds for one whole answer, `most` in bytes."""

    def __init__(
        self, *, timeout: float = 5.0, most: int = 262_144, tls: ssl.SSLContext | None = None
    ) -> None:
        self._timeout = timeout
        self._most = most
        self._tls = tls

    async def get(self, address: str, *, token: str | None = None) -> Any:
        """Give the JSON at an address; raises `ProviderAway`."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self._ask("GET", address, headers, None)

    async def post(
        self, address: str, form: Mapping[str, str], *, client: tuple[str, str] | None = None
    ) -> Any:
        """Give the JSON that a form is answered with; raises `ProviderAway`.

        `client` is an id and a secret for the header (RFC 6749, 2.3.1).
        """
        auth = None
        if client is not None:
            auth = httpx2.BasicAuth(*(quote(text, safe="") for text in client))
        return await self._ask("POST", address, {}, form, auth)

    async def _ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        auth: httpx2.BasicAuth | None = None,
    ) -> Any:
        if not is_safe_address(address):
            raise ProviderAway("it names an address that is not HTTPS")
        host = urlsplit(address).netloc
        try:
            async with asyncio.timeout(self._timeout), self._client() as client:
                asked = client.build_request(
                    method,
                    address,
                    data=None if form is None else dict(form),
                    headers={
                        "accept": "application/json",
                        "accept-encoding": "identity",
                        "user-agent": "Trivet",
                        **headers,
                    },
                )
                answer = await client.send(asked, stream=True, auth=auth)
                try:
                    body = await self._body(answer)
                finally:
                    await answer.aclose()
        except TimeoutError as error:
            raise ProviderAway(f"{host} did not answer within {self._timeout:g} seconds") from error
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError) as error:
            raise ProviderAway(f"{host} cannot be asked: {type(error).__name__}") from error
        if answer.status_code != 200:
            status = answer.status_code
            raise ProviderAway(f"{host} answered {status}{_said(body)}", status)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ProviderAway(f"{host} answered with what is no JSON") from error

    async def _body(self, answer: httpx2.Response) -> bytes:
        body = bytearray()
        async for some in answer.aiter_raw():
            body += some
            if len(body) > self._most:
                raise ProviderAway(f"an answer is longer than {self._most} bytes")
        return bytes(body)

    def _client(self) -> httpx2.AsyncClient:
        if self._tls is None:  # made with the first question: it takes 20 milliseconds
            self._tls = httpx2.create_ssl_context(trust_env=False)
        transport = httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        return httpx2.AsyncClient(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(self._timeout),
        )


def _said(body: bytes) -> str:
    """Give the word of RFC 6749 by which an error is named, for the log; nothing else of it."""
    found = _ERROR.search(body)
    return "" if found is None else f" ({found[1].decode()})"
