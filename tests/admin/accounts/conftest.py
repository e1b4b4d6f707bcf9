"""A shop whose accounts and groups are in its admin, on SQLite alone: no data differs here."""

from __future__ import annotations

import pytest

from tests.admin.shop import Shop, usual_shop
from trivet.auth import Group, SecurityEvent, User
from trivet.db import Database


@pytest.fixture(params=["sqlite"], scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def shop(database: Database) -> Shop:
    shop = usual_shop(database)
    shop.admin.add(User, Group, SecurityEvent)
    shop.auth.rules.role("editor", ["adm_record.*"])
    return shop
