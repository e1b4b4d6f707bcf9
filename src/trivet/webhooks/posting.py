"""One webhook on its way: a POST to an address that was checked, and the beginning of the answer.

Each has a connection of its own, straight to one of the addresses that the destination's name led
to just now; the name is still what TLS asks for and what the Host header says. No proxy, no
redirect, no cookie, nothing from the environment, and an answer is read as far as it is kept.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from trivet.errors import MissingExtraError
from trivet.webhooks.addresses import Address
from trivet.webhooks.destinations import DestinationRefused, Destinations

try:
    import httpx2
except ModuleNotFoundError as error:  # pragma: no cover
    raise MissingExtraError("httpx2", "webhooks", what="sending webhooks") from error

__all__ = ["Poster", "Reply"]

_log = logging.getLogger("trivet.webhooks")
_CONNECTING = 5.0  # seconds for each address


@dataclass(frozen=True)
class Reply:
    """What became of one attempt: a status, or what went wrong before there was one."""

    status: int | None
    seconds: float
    answer: bytes = b""
    error: str | None = None
    retry_after: float | None = None
    """Seconds that the receiver asked to be left alone."""

    @property
    def is_good(self) -> bool:
        """True where the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Posts to destinations. `timeout` is in seconds, for all of it; `most_answer` in bytes."""

    def __init__(
        self,
        destinations: Destinations,
        *,
        timeout: float,
        most_answer: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._destinations = destinations
        self._timeout = timeout
        self._most_answer = most_answer
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one; whatever goes wrong on the way is in the reply."""
        began = monotonic()
        error: str
        try:
            async with asyncio.timeout(self._timeout):
                destination = self._destinations.read(url)
                addresses = await self._destinations.addresses(destination)
                return await self._to_any(addresses, destination, body, headers, began)
        except TimeoutError:
            error = f"there was no answer within {self._timeout:g} seconds"
        except DestinationRefused as refused:
            error = str(refused)
        except (httpx2.HTTPError, httpx2.StreamError, ValueError) as failed:
            error = _said(failed)  # ValueError: what cannot be asked for by TLS or the resolver
        except OSError as failed:
            error = f"the host has no address: {failed.strerror or failed}"
        return Reply(None, monotonic() - began, error=error)

    async def _to_any(
        self,
        addresses: Sequence[Address],
        url: httpx2.URL,
        body: bytes,
        headers: Mapping[str, str],
        began: float,
    ) -> Reply:
        """Post to the first of the addresses that can be connected to."""
        last = len(addresses) - 1
        # A client of its own: connections are never shared, so none is used for another name.
        transport = httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        client = httpx2.AsyncClient(
            transport=transport,
            trust_env=False,
            timeout=httpx2.Timeout(self._timeout, connect=min(_CONNECTING, self._timeout)),
        )
        async with client:
            for index, address in enumerate(addresses):
                request = _request(client, url, address, body, headers)
                try:
                    response = await client.send(request, stream=True, follow_redirects=False)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    if index == last:
                        raise
                    continue
                try:
                    return await self._reply(response, began)
                finally:
                    await response.aclose()
        raise AssertionError("there is an address at least")

    async def _reply(self, response: httpx2.Response, began: float) -> Reply:
        answer = b""
        try:
            async for some in response.aiter_raw():  # unpacked by nobody: it may be a bomb
                answer += some
                if len(answer) >= self._most_answer:
                    break
        except httpx2.HTTPError as error:  # the status counts, whatever comes behind it
            _log.debug("an answer broke off: %r", error)
        is_redirect = response.is_redirect
        return Reply(
            response.status_code,
            monotonic() - began,
            answer[: self._most_answer],
            error="redirects are not followed" if is_redirect else None,
            retry_after=_retry_after(response.headers.get("retry-after", "")),
        )


def _request(
    client: httpx2.AsyncClient,
    url: httpx2.URL,
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
) -> httpx2.Request:
    """Make a request that goes to an address, and asks there for the URL's host."""
    return client.build_request(
        "POST",
        url.copy_with(host=str(address), fragment=None),
        content=body,
        headers={
            "host": url.netloc.decode("ascii"),
            "user-agent": "Trivet-Webhooks",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **headers,
        },
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )


def _said(error: Exception) -> str:
    """Say what went wrong in a line, with the reason below it."""
    reason = str(error) or str(error.__cause__ or "")
    return f"{type(error).__name__}: {reason}"[:200]


def _retry_after(text: str) -> float | None:
    """Read a Retry-After: seconds, or a date (RFC 9110, 10.2.3); None for anything else."""
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
