"""Bodies of JSON that are too deep, too large, or say a thing twice: a clear refusal, no more."""

from __future__ import annotations

import json

import pytest

from tests.attacks.target import OPEN, Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

_DEEP = 100_000
_BODIES = {
    "deep-lists": b"[" * _DEEP + b"]" * _DEEP,
    "deep-objects": b'{"password":' * _DEEP + b"1" + b"}" * _DEEP,
    "open": b"[" * _DEEP,
    "digits": b'{"password":' + b"9" * 100_000 + b"}",
    "exponent": b'{"password":1e999999999}',
    "nan": b'{"password":NaN,"log_in":Infinity}',
    "half-a-sign": b'{"password":"\\ud800","log_in":"\\udfff","token":"\\ud800","email":"\\ud800"}',
    "no-text": b"\xff\xfe\x00\xd8",
    "nul": b"\x00" * 1000,
    "empty": b"",
    "a-list": b"[]",
    "a-text": b'"x"',
    "null": b"null",
    "many-keys": json.dumps({f"k{n}": n for n in range(20_000)}).encode(),
    "long-key": b'{"' + b"k" * 10_000 + b'":1}',
    "long-text": b'{"log_in":"' + b"a" * 1_000_000 + b'","password":"x"}',
    "long-token": b'{"token":"' + b"a" * 1_000_000 + b'","password":"x"}',
}


@pytest.mark.parametrize("body", list(_BODIES))
async def test_no_body_breaks_anything_and_none_is_repeated_whole(
    target: Target, body: str
) -> None:
    for method, path, _ in OPEN:
        answer = await target.client().request(
            method, path, content=_BODIES[body], headers={"content-type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert len(answer.content) < 50_000, path


async def test_more_than_the_application_takes_is_refused(target: Target) -> None:
    content = b'{"log_in":"' + b"a" * (17 * 1024 * 1024) + b'","password":"x"}'
    answer = await target.client().post(
        "/auth/sign-in", content=content, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 413


async def test_of_a_key_that_comes_twice_all_read_the_last(target: Target) -> None:
    await target.make()
    body = (
        f'{{"log_in":"nobody@example.org","log_in":"ann@example.org",'
        f'"password":"{OTHER_PASSWORD}","password":"{PASSWORD}"}}'
    )

    answer = await target.client().post(
        "/auth/sign-in", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 200
    assert await target.trail() == ["signed-in"]


@pytest.mark.parametrize("name", ["password", "present", "new", "token"])
async def test_no_refusal_repeats_a_secret(target: Target, name: str) -> None:
    await target.make()
    browser = await target.signed_in()
    secret = "hunter2-hunter2-hunter2"
    wrong = {"extra": 1, name: secret}
    for path in (
        *("/auth/sign-up", "/auth/sign-in", "/auth/reset-password", "/auth/change-password"),
        *("/auth/confirm-identity", "/auth/invitations/sign-up"),
    ):
        for body in (wrong, {**wrong, name: {"a": secret}}, {**wrong, name: [secret]}):
            answer = await browser.post(path, json=body)
            assert 400 <= answer.status_code < 500
            if name != "token":
                assert secret not in answer.text, (path, answer.text)
