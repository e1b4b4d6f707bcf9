"""Cross-site scripting and template injection: what people call themselves stays a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.target import Target
from trivet.auth import CurrentUser
from trivet.templates import Templates

_TEXTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ request.app }}${7*7}#{7*7}<%= 7*7 %>",
    "javascript:alert(1)",
    "</script><script>alert(1)//",
]


@pytest.mark.parametrize("text", _TEXTS)
async def test_a_name_is_a_text_on_pages_in_json_and_in_letters(
    target: Target, text: str, tmp_path: Path
) -> None:
    (tmp_path / "me.html").write_text(
        '<p title="{{ user.name }}">{{ user.name }}</p><b>{{ current_user().shown_name }}</b>'
        "<script nonce=x>const name = {{ user.name|tojson }}</script>"
    )
    templates = target.app.use(Templates(tmp_path))

    @target.app.get("/page")
    @templates.page("me.html")
    async def page(user: CurrentUser) -> dict[str, Any]:
        return {"user": user}

    owner, path = await target.founded()
    assert (await owner.patch("/auth/me", json={"name": text})).status_code == 200
    assert (await owner.patch(path, json={"name": text})).status_code == 200
    await owner.post(f"{path}/invitations", json={"email": "x@example.org", "role": "guest"})

    shown = (await owner.get("/page")).text
    for sign in ("<script>alert", "<img", "onerror=alert(1)>", "<%"):
        assert sign not in shown, shown
    assert "49" not in shown
    assert "x='" not in shown
    told = await owner.get("/auth/me")
    assert told.headers["content-type"] == "application/json"
    assert told.json()["name"] == text
    letter = target.letters.messages[-1]
    assert text in (letter.text or "")
    assert letter.html is None


async def test_a_refusal_is_json_whatever_it_quotes(target: Target) -> None:
    text = "<script>alert(1)</script>"
    for answer in (
        await target.client().post("/auth/sign-in", json={text: text}),
        await target.client().get(f"/auth/{text}"),
        await target.client().post("/auth/confirm-email", json={"token": text}),
    ):
        assert answer.headers["content-type"].startswith("application/json")
        json.loads(answer.text)
