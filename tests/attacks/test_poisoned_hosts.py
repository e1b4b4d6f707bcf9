"""Host poisoning: no letter has a link to where a request says that the site is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.attacks.target import Target
from tests.auth.site import PASSWORD, SITE

EVIL = [
    {"host": "evil.example"},
    {"host": "shop.example.org:evil.example"},
    {"host": "shop.example.org@evil.example"},
    {"host": "evil.example#shop.example.org"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"},
    {"forwarded": "host=evil.example;proto=https"},
    {"x-original-url": "//evil.example/", "x-rewrite-url": "//evil.example/"},
    {"origin": "https://evil.example", "referer": "https://evil.example/"},
]
Ask = Callable[[Target, httpx2.AsyncClient], Awaitable[httpx2.Response]]


async def _reset(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/auth/ask-for-reset", json={"email": "ann@example.org"})


async def _magic(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/auth/ask-for-link", json={"email": "ann@example.org"})


async def _sign_up(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    given = {"email": "new@example.org", "password": PASSWORD}
    return await browser.post("/auth/sign-up", json=given)


async def _known(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    given = {"email": "ann@example.org", "password": PASSWORD}
    return await browser.post("/auth/sign-up", json=given)


async def _invite(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    owner, path = await target.founded("owner@example.org")
    headers = {name: value for name, value in browser.headers.items() if name != "cookie"}
    given = {"email": "new@example.org", "role": "guest"}
    return await owner.post(f"{path}/invitations", json=given, headers=headers)


@pytest.mark.parametrize("headers", EVIL, ids=lambda one: next(iter(one)))
@pytest.mark.parametrize("ask", [_reset, _magic, _sign_up, _known, _invite])
async def test_every_link_goes_to_the_site_that_the_options_name(
    target: Target, headers: dict[str, str], ask: Ask
) -> None:
    await target.make()

    answer = await ask(target, target.client(headers=headers))

    if answer.status_code in (400, 403):  # no host at all; another site's page
        return
    text = target.letters.messages[-1].text or ""
    links = re.findall(r"\S+://\S+", text)
    assert answer.status_code == 202
    assert len(links) == 1
    assert links[0].startswith(SITE + "/account/")
    assert "evil" not in text
