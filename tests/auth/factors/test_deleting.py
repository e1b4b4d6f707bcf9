"""What goes with an account that is deleted, and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.auth.factors.site import PASSWORD, Site
from trivet.auth import SecurityEvent, User
from trivet.auth.links import StoredLink
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.recovery import StoredRecoveryCode
from trivet.auth.totp.tables import StoredTotp
from trivet.sessions.tables import sessions_in

pytestmark = pytest.mark.anyio
BELONGINGS: list[Any] = [StoredTotp, StoredRecoveryCode, StoredPasskey, StoredLink]


async def counted(site: Site) -> list[int]:
    """Give how many rows there are of each kind, sessions last."""
    sessions = sessions_in(site.auth.database.metadata)
    async with site.auth.database.own_transaction() as unit:
        counts = [await model.all().count() for model in BELONGINGS]
        found = await unit.execute(select(func.count()).select_from(sessions))
        return [*counts, found.scalar_one()]


async def with_everything(site: Site, email: str) -> Any:
    user = await site.make(email)
    await site.with_passkey(email)
    async with site.auth.database.own_transaction():
        await site.totp.apps.begin(user)
        await site.totp.apps.recovery.replace(user)
        await site.auth.flows.links.make("reset", user, 60.0)
    return user


async def test_all_that_lets_somebody_in_goes_with_the_account(site: Site) -> None:
    ann = await with_everything(site, "ann@example.org")
    one_account = await counted(site)
    await with_everything(site, "bob@example.org")

    async with site.auth.database.own_transaction():
        await site.auth.flows.delete(None, await User.get(ann.id))

    assert all(one_account)
    assert await counted(site) == one_account  # bob's
    async with site.auth.database.own_transaction():
        kinds = [one.kind for one in await SecurityEvent.where(user=ann.handle)]
        assert await User.all().count() == 1
    assert {"passkey-added", "account-deleted"} <= set(kinds)
    client = site.client()
    answer = await client.post(
        "/auth/sign-in", json={"log_in": "ann@example.org", "password": PASSWORD}
    )
    assert answer.status_code == 401
