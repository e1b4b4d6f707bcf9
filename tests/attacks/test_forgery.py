"""Cross-site request forgery: what a page of another site can send changes nothing here.

A page sends forms, and by script only what needs no question first (Fetch, 2.2.2): three content
types, or none. No endpoint of accounts takes one of these.
"""

from __future__ import annotations

import json

import pytest

from tests.attacks.target import IN_ONE, OPEN, OWN, Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

_SIMPLE = [
    None,
    "",
    "text/plain",
    "text/plain;charset=application/json",
    "text/plain; application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=application/json",
    "multipart/form-data; boundary=application/json",
    "multipart/form-data",
    "application/json, text/plain",
    "text/plain, application/json",
    "text/json",
    "application/jsonx",
    "*/*",
]


@pytest.mark.parametrize("content_type", _SIMPLE)
async def test_no_endpoint_takes_what_a_form_can_send(
    target: Target, content_type: str | None
) -> None:
    owner, path = await target.founded()
    in_one = tuple((method, path + rest, body) for method, rest, body in IN_ONE)
    for method, url, body in (*OPEN, *OWN, *in_one):
        headers = {} if content_type is None else {"content-type": content_type}
        answer = await owner.request(
            method, url, content=json.dumps(body).encode(), headers=headers
        )
        assert answer.status_code == 422, (method, url, answer.text)
    assert len(target.letters.messages) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"log_in": "ann@example.org", "password": PASSWORD},
        {'{"log_in":"ann@example.org","password":"' + PASSWORD + '","x': '":1}'},
    ],
    ids=["fields", "json-in-a-name"],
)
async def test_a_form_signs_nobody_in(target: Target, fields: object) -> None:
    await target.make()
    browser = target.client()
    for options in ({"data": fields}, {"files": {"file": ("a.json", b"{}")}, "data": fields}):
        if isinstance(fields, set):
            options = {"content": next(iter(fields))}
        answer = await browser.post("/auth/sign-in", **options)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert "session" not in browser.cookies


@pytest.mark.parametrize(
    "header", ["x-http-method-override", "x-http-method", "x-method-override", "x-method"]
)
async def test_no_header_and_no_field_makes_another_method_of_it(
    target: Target, header: str
) -> None:
    owner, path = await target.founded()
    for method in ("DELETE", "PATCH"):
        for asked in (
            await owner.get(path, headers={header: method}, params={"_method": method}),
            await owner.post(path, headers={header: method}, data={"_method": method}),
        ):
            assert asked.status_code in (200, 405)
    assert (await owner.get(path)).json()["name"] == "Acme"


async def test_no_get_changes_anything(target: Target) -> None:
    owner, _ = await target.founded()
    before = await target.trail()
    session = (await owner.get("/auth/sessions")).json()[0]["id"]

    for _, url, body in (*OPEN, *OWN):
        params = {key: str(value) for key, value in body.items()}
        answer = await owner.get(url, params=params)
        assert answer.status_code in (200, 404, 405), url
    for url in ("/auth/sign-out", f"/auth/sessions/{session}", "/auth/impersonation"):
        assert (await owner.get(url)).status_code == 405

    assert await target.trail() == before
    given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
    assert (await target.client().post("/auth/sign-in", json=given)).status_code == 401


async def test_the_cookie_is_not_sent_from_elsewhere_and_not_shown_to_scripts(
    target: Target,
) -> None:
    await target.make()
    given = {"log_in": "ann@example.org", "password": PASSWORD}
    answer = await target.client().post("https://shop.test/auth/sign-in", json=given)

    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=")
    for word in ("httponly", "secure", "samesite=lax", "path=/"):
        assert word in cookie
    assert "domain" not in cookie
