"""Timing: what is compared with a secret takes as long for all, by how it is made.

No test measures time. Counted is the work of hashing, and looked at is how secrets are compared.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from tests.architecture.house import SOURCE
from tests.attacks.target import Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

_SECRET = re.compile(
    r"(^|_)(token|digest|signature|secret|mac|hmac|password|code|challenge|verifier)s?$"
)
_PACKAGES = ("auth", "security", "sessions", "middleware", "storage", "webhooks")


class Work:
    """How often something was hashed."""

    def __init__(self) -> None:
        self.count = 0

    async def of(self, answered: Awaitable[object]) -> int:
        self.count = 0
        await answered
        return self.count


@pytest.fixture
def work(target: Target, monkeypatch: pytest.MonkeyPatch) -> Work:
    counted = Work()

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        def called(*args: object, **options: object) -> object:
            counted.count += 1
            return function(*args, **options)

        return called

    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, counting(getattr(PasswordHasher, name)))
    return counted


async def _accounts(target: Target) -> None:
    await target.make()
    await target.make("off@example.org", is_active=False)
    await target.make("program@example.org", is_service=True)
    async with target.auth.database.own_transaction():
        await target.auth.accounts.make(email="nopassword@example.org")
        await target.auth.accounts.make(email="unconfirmed@example.org", password=PASSWORD)


async def test_every_sign_in_costs_one_hash(target: Target, work: Work) -> None:
    await _accounts(target)
    browser = target.client()
    counts = {}
    for log_in in (
        *("ann@example.org", "nobody@example.org", "off@example.org", "program@example.org"),
        *("nopassword@example.org", "unconfirmed@example.org", "no address", "@", "\u00ad"),
    ):
        for password in (PASSWORD, OTHER_PASSWORD):
            given = {"log_in": log_in, "password": password}
            counts[log_in, password] = await work.of(browser.post("/auth/sign-in", json=given))

    assert set(counts.values()) == {1}, counts


async def test_signing_up_costs_one_hash_whoever_has_an_account(target: Target, work: Work) -> None:
    await _accounts(target)
    browser = target.client()
    counts = {}
    for email in ("ann@example.org", "off@example.org", "new@example.org"):
        given = {"email": email, "password": OTHER_PASSWORD}
        counts[email] = await work.of(browser.post("/auth/sign-up", json=given))

    assert set(counts.values()) == {1}, counts


async def test_asking_for_a_letter_costs_no_hash(target: Target, work: Work) -> None:
    await _accounts(target)
    browser = target.client()
    for path in ("/auth/ask-for-reset", "/auth/ask-for-link"):
        for email in ("ann@example.org", "nobody@example.org"):
            assert await work.of(browser.post(path, json={"email": email})) == 0


async def test_a_token_that_does_not_count_costs_no_hash_of_a_password(
    target: Target, work: Work
) -> None:
    browser = target.client()
    given = {"token": "x" * 43, "password": PASSWORD}
    for path in ("/auth/reset-password", "/auth/invitations/sign-up"):
        assert await work.of(browser.post(path, json=given)) == 0


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _name_of(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def _compared() -> list[str]:
    found = []
    for package in _PACKAGES:
        for path in sorted((SOURCE / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Compare) or not any(
                    isinstance(one, ast.Eq | ast.NotEq) for one in node.ops
                ):
                    continue
                sides = [node.left, *node.comparators]
                if any(isinstance(side, ast.Constant) for side in sides):
                    continue
                if any(_SECRET.search(_name_of(side)) for side in sides):
                    found.append(f"{path.relative_to(SOURCE)}: {ast.unparse(node)}")
    return found


# Comparisons that tell nobody anything, with the reason.
_HARMLESS = {
    "auth/passwords/passwords.py: secret == given[0]": "both are what was typed",
    "security/kept_answers.py: found.token == token": "who holds a claim, in this process alone",
    "sessions/keeping.py: token != notes.token": "whether we made another one",
    "sessions/statements.py: columns.token == bind('digest', 'token')": "SQL, of a hash",
}


def test_no_secret_is_compared_by_the_sign_of_equality() -> None:
    found = _compared()
    left = [one for one in found if one not in _HARMLESS]

    assert set(_HARMLESS) <= set(found)
    assert not left, "\n".join(["use hmac.compare_digest, or look it up by its hash:", *left])


async def test_a_link_is_found_by_its_hash_alone(target: Target) -> None:
    await target.make()
    browser = target.client()
    await browser.post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    token = target.token()
    async with target.auth.database.own_transaction() as unit:
        rows = (await unit.execute(text("select * from auth_links"))).all()

    assert token not in str(rows)
