"""Session fixation: a token that an attacker knew before is worth nothing behind any change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.attacks.target import Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

Step = Callable[[Target, httpx2.AsyncClient], Awaitable[httpx2.Response]]


async def _by_password(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    given = {"log_in": "ann@example.org", "password": PASSWORD}
    return await browser.post("/auth/sign-in", json=given)


async def _half(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    given = {"log_in": "two@example.org", "password": PASSWORD}
    return await browser.post("/auth/sign-in", json=given)


async def _by_link(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    await browser.post("/auth/ask-for-link", json={"email": "ann@example.org"})
    return await browser.post("/auth/sign-in/link", json={"token": target.token()})


async def _second(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/second?code=right")


async def _confirm(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/auth/confirm-identity", json={"password": PASSWORD})


async def _act(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    async with target.auth.database.own_transaction():
        customer = await target.auth.accounts.by_email("customer@example.org")
        assert customer is not None
    return await browser.post("/auth/impersonation", json={"handle": customer.handle})


async def _stop(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.delete("/auth/impersonation")


async def _out(target: Target, browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/auth/sign-out")


@pytest.mark.parametrize(
    "steps",
    [
        [_by_password, _confirm, _act, _stop, _out],
        [_half, _second, _out],
        [_by_link, _by_password],
    ],
    ids=["password", "two-factors", "link"],
)
async def test_no_step_leaves_the_token_of_before_alive(target: Target, steps: list[Step]) -> None:
    await target.make(permissions=["users.impersonate"])
    await target.make("two@example.org")
    await target.make("customer@example.org")
    browser = target.client()
    for step in steps:
        before = browser.cookies.get("session")
        answer = await step(target, browser)
        assert answer.status_code in (200, 204), (step.__name__, answer.text)
        after = browser.cookies.get("session")
        assert after != before, step.__name__
        if before is not None:
            thief = target.client(cookies={"session": before})
            assert (await thief.get("/auth/me")).status_code == 401, step.__name__
            assert (await thief.post("/second?code=right")).status_code == 401, step.__name__


async def test_a_changed_password_leaves_a_stolen_session_nothing(target: Target) -> None:
    await target.make()
    browser, thief = await target.signed_in(), await target.signed_in()

    given = {"present": PASSWORD, "new": OTHER_PASSWORD}
    assert (await browser.post("/auth/change-password", json=given)).status_code == 200

    assert (await thief.get("/auth/me")).status_code == 401


async def test_a_stolen_session_sets_no_password_where_there_was_none(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    await target.make()
    thief = await target.signed_in()
    async with target.auth.database.own_transaction():
        user = await target.auth.accounts.by_email("ann@example.org")
        assert user is not None
        await user.update(password="!")
    monkeypatch.setattr(target.auth, "recent", -1.0)

    given = {"present": "", "new": OTHER_PASSWORD}
    answer = await thief.post("/auth/change-password", json=given)

    assert (answer.status_code, answer.headers["x-auth-required"]) == (403, "recent-login")


async def test_who_acts_as_somebody_sets_them_no_password(target: Target) -> None:
    await target.make(permissions=["users.impersonate"])
    customer = await target.make("customer@example.org")
    async with target.auth.database.own_transaction():
        found = await target.auth.accounts.by_handle(customer.handle)
        assert found is not None
        await found.update(password="!")
    browser = await target.signed_in()
    await browser.post("/auth/impersonation", json={"handle": customer.handle})

    given = {"present": "", "new": OTHER_PASSWORD}
    assert (await browser.post("/auth/change-password", json=given)).status_code == 403
