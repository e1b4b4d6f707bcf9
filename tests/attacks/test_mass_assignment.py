"""Mass assignment: no endpoint takes a field that it does not name, whatever the model has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from tests.attacks.target import IN_ONE, OPEN, OWN, Target
from trivet.auth import User
from trivet.auth.organisations import Invitation, Membership, Organisation

_RIGHTS = ("is_superuser", "is_staff", "roles", "permissions", "groups", "email_confirmed_at")


def _columns(*models: Any) -> set[str]:
    return {name for model in models for name in dict(inspect(model).attrs)}


async def test_no_column_comes_in_beside_what_is_named(target: Target) -> None:
    owner, path = await target.founded()
    in_one = tuple((method, path + rest, body) for method, rest, body in IN_ONE)
    names = _columns(User, Organisation, Membership, Invitation) | {
        *("__class__", "__proto__", "constructor", "csrf", "_method", "user", "session"),
    }
    named = {
        "/auth/sign-up": {"email", "username", "name", "password"},
        "/auth/me": {"name", "locale", "time_zone"},
        "/auth/invitations/sign-up": {"token", "password", "username", "name"},
    }
    for method, url, body in (*OPEN, *OWN, *in_one):
        for name in sorted(names - set(body) - named.get(url, set())):
            answer = await owner.request(method, url, json={**body, name: True})
            assert answer.status_code == 422, (url, name, answer.text)
            places = {tuple(one["loc"]) for one in answer.json()["detail"]}
            assert ("body", name) in places, (url, name)


async def test_every_schema_that_comes_in_is_closed(target: Target) -> None:
    document = target.app.openapi()
    seen = 0
    for path, operations in document["paths"].items():
        if not path.startswith("/auth"):
            continue
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                schema = document["components"]["schemas"][name]
                assert schema["additionalProperties"] is False, (method, path)
                assert not set(_RIGHTS) & set(schema["properties"]), (method, path)
                seen += 1

    assert seen == len(OPEN) + len(OWN) + len(IN_ONE)


async def test_nothing_that_goes_out_tells_of_rights_or_secrets(target: Target) -> None:
    owner, path = await target.founded()
    hidden = {*_RIGHTS, "password", "is_active", "is_service"} - {"email_confirmed_at"}
    for url in ("/auth/me", f"{path}/members", f"{path}/invitations", "/auth/sessions"):
        answer = (await owner.get(url)).json()
        for shown in answer if isinstance(answer, list) else [answer]:
            assert not hidden & set(shown), url
            assert "id" not in shown or url == "/auth/sessions"
