"""An application with every part that has endpoints: none of them breaks, whatever is sent to it.

The paths are those of its own document, so that a new endpoint is shot at from its first day; those
of pages, files, channels and webhooks, which are in no document, are named.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx2
import pytest

from tests.auth.site import Site, site_on
from trivet.auth import Impersonation, MagicLinks
from trivet.auth.jwt import JwtTokens
from trivet.auth.organisations import Organisations
from trivet.auth.pages import AccountPages
from trivet.auth.passkeys import Passkeys
from trivet.auth.tokens import ApiTokens
from trivet.auth.totp import Totp
from trivet.db import Database
from trivet.jobs import Jobs
from trivet.realtime import Realtime
from trivet.storage import Media, MemoryStorage
from trivet.templates import Templates
from trivet.webhooks import StandardSignature, Webhooks
from trivet.webhooks.secrets import new_secret

_SECRET = "a-secret-of-the-attacks-0123456789-abcdef"
_DEEP = 50_000
_HIDDEN = (
    *("/account/sign-in", "/account/sign-up", "/account/reset-password", "/account/confirm-email"),
    *("/account/", "/account/password", "/account/second-factor", "/account/tokens"),
    *("/media/x", "/media/%2e%2e/x", "/rooms/x", "/channels", "/hooks/standard"),
)
_BODIES: dict[str, tuple[str, bytes]] = {
    "empty": ("application/json", b""),
    "deep": ("application/json", b"[" * _DEEP + b"]" * _DEEP),
    "halves": ("application/json", b'{"token":"\\ud800","email":"\\udfff","id":"\\ud800"}'),
    "nul": ("application/json", b'{"token":"\\u0000","email":"\\u0000","log_in":"\\u0000"}'),
    "numbers": ("application/json", b'{"token":1e999,"code":-0,"id":99999999999999999999999}'),
    "long": ("application/json", b'{"token":"%b","code":"%b"}' % (b"a" * 100_000, b"1" * 9_999)),
    "no-text": ("application/json", b"\xff\xfe\x00"),
    "pairs": ("application/x-www-form-urlencoded", b"grant_type=%00&token=%ff&username=%ed%a0%80"),
    "many-pairs": ("application/x-www-form-urlencoded", b"a=b&" * 5_000),
    "parts": ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--\r\n"),
    "charset": ("multipart/form-data; boundary=b; charset=idna", b"--b\r\n\r\n\r\n--b--\r\n"),
    "packed": ("application/json", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    "no-type": ("", b"{}"),
}
_SEGMENTS = ("x", "0", "-1", "9" * 40, "%00", "%ff", "%ed%a0%80", "..%2f..", "a" * 2_000, "'--")


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('attacks') / 'every.db'}")
    found = site_on(database)
    app, auth = found.app, found.auth
    app.use(Organisations(auth, {"admin": ["member.*"]}))
    for make in (MagicLinks, Impersonation, Passkeys, ApiTokens):
        app.use(make(auth))
    app.use(Totp(auth, secrets=_SECRET))
    app.use(JwtTokens(auth, secrets=_SECRET))
    app.use(Templates(Path(__file__).parent))
    app.use(AccountPages(auth))
    app.use(Media(MemoryStorage(), secrets=_SECRET))
    realtime = app.use(Realtime())
    realtime.channel("rooms/{room_id}", dict[str, str], public=True)
    webhooks = app.use(Webhooks(app.use(Jobs(database, in_server=False))))
    webhooks.incoming("/hooks/standard", StandardSignature(new_secret()))
    await database.create_tables()
    yield found
    await database.engine.dispose()


@pytest.fixture
async def browser(site: Site) -> httpx2.AsyncClient:
    """Give a browser of an account of its own: who signs in too often has to wait."""
    email = f"{token_hex(4)}@example.org"
    await site.make(email)
    return await site.signed_in(email)


def _paths(site: Site) -> list[str]:
    """Give every path, with a text where it has a parameter."""
    document: dict[str, Any] = site.app.openapi()
    return [*document["paths"], *_HIDDEN]


async def _fire(client: httpx2.AsyncClient, method: str, path: str, **given: Any) -> None:
    answer = await client.request(method, path, **given)

    # What an endpoint does with nothing, such as signing out, may be done.
    assert answer.status_code < 500, (method, path, answer.status_code, answer.text[:200])
    assert len(answer.content) < 200_000, (method, path)


@pytest.mark.parametrize("body", list(_BODIES))
async def test_no_endpoint_breaks_by_a_body(
    site: Site, browser: httpx2.AsyncClient, body: str
) -> None:
    kind, content = _BODIES[body]
    headers = {"content-type": kind} if kind else {}
    for client in (site.client(), browser):
        for path in _paths(site):
            for method in ("POST", "PATCH"):
                target = re.sub(r"\{\w+\}", "x", path)
                await _fire(client, method, target, content=content, headers=headers)


@pytest.mark.parametrize("segment", _SEGMENTS, ids=lambda one: one[:12])
async def test_no_endpoint_breaks_by_its_path(
    site: Site, browser: httpx2.AsyncClient, segment: str
) -> None:
    for path in _paths(site):
        if "{" in path:
            for method in ("GET", "POST", "PATCH", "DELETE"):
                await _fire(browser, method, re.sub(r"\{\w+\}", segment, path), json={})
        await _fire(browser, "GET", f"{path.partition('{')[0]}?token={segment}&next={segment}")


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer .", "Bearer a.b.c", "Bearer \xff.\xff.\xff", "Basic =", "a" * 8_000]
)
async def test_no_endpoint_breaks_by_credentials(site: Site, value: str) -> None:
    client = site.client()
    for path in _paths(site):
        target = re.sub(r"\{\w+\}", "x", path)
        given = {"authorization": value.encode("latin-1"), "cookie": b"session=\xff; csrf=\x80"}
        for method in ("GET", "POST"):
            await _fire(client, method, target, headers=given, content=json.dumps({}))
