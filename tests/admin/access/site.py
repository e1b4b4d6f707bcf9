"""One shop that all people of the matrix look at: rows of theirs, of others, and denied ones.

Each row has a mark in its texts, so that whatever shows it where it may not be seen is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
from sqlalchemy import delete, insert, select

from tests.admin.shop import (
    AdmArtist,
    AdmRecord,
    AdmTag,
    AdmTrack,
    RecordAdmin,
    Shop,
    record_tags,
    shop_on,
)
from trivet.admin import Inline
from trivet.admin.history import changes_in
from trivet.auth import Auth, User
from trivet.db import Database

SECRET = "mark-of-a-secret"  # in a private column
PRICE = Decimal("7654.32")  # in a column that a rule hides from everybody
ROWS: Mapping[str, int] = {"own": 1, "other": 2, "denied": 3, "absent": 99}
MODELS = {"adm-artist": AdmArtist, "adm-record": AdmRecord, "adm-track": AdmTrack}
TABLES = [AdmArtist, AdmTag, AdmRecord, AdmTrack]
NAMES = ["adm_artist", "adm_record", "adm_track"]


@dataclass(frozen=True)
class Persona:
    """Somebody, and on which rows they may do what by the rules of the shop."""

    name: str
    permissions: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    enters: bool = True
    is_known: bool = True

    def may(self, action: str, model: str, row: str | None) -> bool:
        """Tell whether they may do it with a row, or with some row of the model."""
        if not self.enters or row == "denied":
            return False
        if self.values.get("is_superuser"):
            return True
        words = model.replace("-", "_")
        if {f"{words}.{action}", f"{words}.*"} & set(self.permissions):
            return True
        # The rule is asked about everybody: without a row, it says that there may be some.
        by_rule = model == "adm-artist" and action in ("view", "change", "delete")
        return by_rule and (row is None or (row == "own" and self.name == "owner"))

    def holds(self, name: str) -> bool:
        """Tell whether they have a permission that is about no model."""
        return self.enters and (bool(self.values.get("is_superuser")) or name in self.permissions)


def _staff(name: str, *permissions: str) -> Persona:
    return Persona(name, permissions, {"is_staff": True})


PERSONAS = (
    Persona("nobody", enters=False, is_known=False),
    Persona("user", tuple(f"{one}.*" for one in NAMES), enters=False),
    Persona("inactive", values={"is_superuser": True}, enters=False, is_known=False),
    Persona("expired", values={"is_superuser": True}, enters=False, is_known=False),
    _staff("idle"),
    _staff("viewer", *(f"{one}.view" for one in NAMES)),
    _staff("owner"),
    _staff("editor", *(f"{one}.*" for one in NAMES), "history.view"),
    _staff("adder", *(f"{one}.{what}" for one in NAMES for what in ("view", "add"))),
    Persona("root", values={"is_superuser": True}),
)


class MatrixRecordAdmin(RecordAdmin):
    """The list of records, and their tracks in their form."""

    inlines = [Inline(AdmTrack)]


@dataclass
class Matrix:
    """The shop with its people, each in a browser of their own."""

    shop: Shop
    browsers: dict[str, httpx2.AsyncClient]
    handles: dict[str, str]

    async def rows(self) -> dict[str, list[Any]]:
        """Give all that is stored."""
        async with self.shop.database.own_transaction() as unit:
            found = {}
            for model in TABLES:
                table: Any = model.__table__
                rows = await unit.rows(select(table).order_by(table.c.id))
                found[table.name] = [dict(row._mapping) for row in rows]
            return found

    async def restore(self) -> None:
        """Store the rows as they were at first."""
        await refill(self.shop.database)


async def refill(database: Database) -> None:
    """Store the rows of the matrix, and nothing else."""
    async with database.own_transaction() as unit:
        owner = await User.where(email="owner@example.org").first()
        assert owner is not None
        await unit.execute(delete(record_tags))
        for model in reversed(TABLES):
            await unit.execute(delete(model))
        names = ["own", "other", "denied"]
        await unit.execute(
            insert(AdmArtist),
            [
                {
                    "id": ROWS[name],
                    "name": f"artist-mark-{name}",
                    "notes": f"notes-mark-{name}",
                    "owner_id": owner.id if name == "own" else None,
                }
                for name in names
            ],
        )
        await unit.execute(
            insert(AdmRecord),
            [
                {
                    "id": ROWS[name],
                    "title": f"record-mark-{name}",
                    "year": 1970,
                    "price": PRICE,
                    "story": f"story-mark-{name}",
                    "secret": SECRET,
                    "artist_id": ROWS[name],
                }
                for name in names
            ],
        )
        await unit.execute(
            insert(AdmTrack),
            [
                {
                    "id": ROWS[name],
                    "title": f"track-mark-{name}",
                    "number": 1,
                    "record_id": ROWS[name],
                }
                for name in names
            ],
        )


def declare_rules(auth: Auth) -> None:
    """Say what the personas of the matrix may, beyond their permissions."""

    @auth.rules.deny("*", AdmArtist)
    def denied_artists(user: Any) -> Any:
        return AdmArtist.id == ROWS["denied"]

    @auth.rules.deny("*", AdmRecord)
    def denied_records(user: Any) -> Any:
        return AdmRecord.id == ROWS["denied"]

    @auth.rules.deny("*", AdmTrack)
    def denied_tracks(user: Any) -> Any:
        return AdmTrack.id == ROWS["denied"]

    @auth.rules.deny("view", AdmRecord, fields=["price"])
    def no_prices(user: Any) -> bool:
        return True

    for action in ("view", "change", "delete"):

        @auth.rules.allow(action, AdmArtist)
        def own(user: Any) -> Any:
            return AdmArtist.owner_id == (user.id if user.email == "owner@example.org" else -1)


async def matrix_on(database: Database) -> Matrix:
    """Make the shop, its people and its rows."""
    shop = shop_on(database)
    shop.admin.add(AdmArtist, AdmTrack, AdmTag)
    shop.admin.add(AdmRecord, by=MatrixRecordAdmin)
    declare_rules(shop.auth)
    browsers = {}
    handles = {}
    for one in PERSONAS:
        email = f"{one.name}@example.org"
        if one.name == "nobody":
            browsers[one.name] = shop.client()
            continue
        values = {**one.values, "name": one.name, "permissions": list(one.permissions)}
        browsers[one.name] = await shop.signed_in(email, **values)
        async with database.own_transaction():
            user = await User.where(email=email).first()
            assert user is not None
            handles[one.name] = user.handle
            if one.name == "inactive":
                await user.update(is_active=False)
    async with database.own_transaction():
        await shop.auth.sessions.end_all(handles["expired"])
    await refill(database)
    root = browsers["root"]
    for name in ("own", "other"):  # so that there is something to read in the history
        key = ROWS[name]
        answer = await root.post(
            f"/admin/adm-artist/{key}", data={"name": f"artist-mark-{name}", "notes": "anew"}
        )
        assert answer.status_code == 303, answer.text
    await refill(database)
    return Matrix(shop, browsers, handles)


async def first_change(database: Database) -> int:
    """Give the id of a change of the artist of `own`."""
    table = changes_in(database.metadata)
    async with database.own_transaction() as unit:
        wanted = select(table.c.id).where(table.c.key == str(ROWS["own"])).limit(1)
        return int(await unit.scalar(wanted))
