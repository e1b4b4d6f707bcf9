"""Links of letters: each counts once, for its own purpose, and for nothing else."""

from __future__ import annotations

import pytest

from tests.attacks.target import Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

_USES = {
    "confirm": ("/auth/confirm-email", {}),
    "reset": ("/auth/reset-password", {"password": OTHER_PASSWORD}),
    "magic": ("/auth/sign-in/link", {}),
    "invite": ("/auth/invitations/sign-up", {"password": PASSWORD}),
}


async def _token(target: Target, purpose: str) -> str:
    browser = target.client()
    if purpose == "confirm":
        given = {"email": "new@example.org", "password": PASSWORD}
        await browser.post("/auth/sign-up", json=given)
    elif purpose == "invite":
        owner, path = await target.founded("owner@example.org")
        given = {"email": "guest@example.org", "role": "guest"}
        await owner.post(f"{path}/invitations", json=given)
    else:
        await target.make()
        path = {"reset": "/auth/ask-for-reset", "magic": "/auth/ask-for-link"}[purpose]
        await browser.post(path, json={"email": "ann@example.org"})
    return target.token()


@pytest.mark.parametrize("purpose", list(_USES))
async def test_a_token_counts_at_its_own_endpoint_once_and_nowhere_else(
    target: Target, purpose: str
) -> None:
    token = await _token(target, purpose)
    for other, (path, more) in _USES.items():
        if other != purpose:
            answer = await target.client().post(path, json={"token": token, **more})
            assert answer.status_code == 400, other
    if purpose != "invite":
        looked = await target.client().post("/auth/invitations/look", json={"token": token})
        assert looked.status_code == 400
    path, more = _USES[purpose]

    first = await target.client().post(path, json={"token": token, **more})
    again = await target.client().post(path, json={"token": token, **more})

    assert first.status_code in (200, 201), first.text
    assert again.status_code == 400


@pytest.mark.parametrize("purpose", list(_USES))
async def test_no_token_is_a_session_and_no_session_a_token(target: Target, purpose: str) -> None:
    token = await _token(target, purpose)
    for headers in (
        {"cookie": f"session={token}"},
        {"authorization": f"Bearer {token}"},
        {"cookie": f"session={token}; __Host-session={token}"},
    ):
        assert (await target.client(headers=headers).get("/auth/me")).status_code == 401
    await target.make("known@example.org")
    browser = await target.signed_in("known@example.org")
    path, more = _USES[purpose]
    given = {"token": browser.cookies["session"], **more}
    assert (await target.client().post(path, json=given)).status_code == 400


@pytest.mark.parametrize("purpose", list(_USES))
@pytest.mark.parametrize(
    "change",
    [str.swapcase, lambda one: one + "=", lambda one: " " + one, lambda one: one[:-1]],
    ids=["case", "padding", "space", "shorter"],
)
async def test_a_token_is_one_text(target: Target, purpose: str, change: object) -> None:
    token = await _token(target, purpose)
    path, more = _USES[purpose]
    changed = change(token)  # type: ignore[operator]

    answer = await target.client().post(path, json={"token": changed, **more})

    assert answer.status_code == 400


async def test_a_link_of_before_counts_no_more_behind_a_new_password(target: Target) -> None:
    await target.make()
    browser = await target.signed_in()
    tokens = []
    for path in ("/auth/ask-for-reset", "/auth/ask-for-link"):
        await browser.post(path, json={"email": "ann@example.org"})
        tokens.append(target.token())

    given = {"present": PASSWORD, "new": OTHER_PASSWORD}
    assert (await browser.post("/auth/change-password", json=given)).status_code == 200

    stranger = target.client()
    reset = {"token": tokens[0], "password": "an attacker's own words"}
    assert (await stranger.post("/auth/reset-password", json=reset)).status_code == 400
    assert (await stranger.post("/auth/sign-in/link", json={"token": tokens[1]})).status_code == 400
