"""An application with organisations, for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import ColumnElement, Table, delete

from tests.auth.site import Site, site_on
from trivet.auth.organisations import Invitation, Membership, Organisation, Organisations
from trivet.db import Database, ForeignKey, Mapped, Model, field


class Plan(Model):
    """Something that belongs to an organisation."""

    __tablename__ = "auth_test_plans"

    title: Mapped[str] = field(max_length=50)
    organisation_id: Mapped[int] = field(ForeignKey(Organisation.id, ondelete="CASCADE"))


_MODELS: list[Any] = [Organisation, Membership, Invitation, Plan]
TABLES: list[Table] = [model.__table__ for model in _MODELS]
ROLES = {
    "admin": ["organisation.change", "member.*", "plan.*"],
    "writer": ["member.read", "plan.change"],
    "guest": ["member.read"],
}


@dataclass
class Team(Site):
    """The site, and its organisations."""

    organisations: Organisations

    async def founded(self, email: str = "ann@example.org") -> tuple[httpx2.AsyncClient, str]:
        """Give the browser of an owner, and the path of what they own."""
        await self.make(email)
        client = await self.signed_in(email)
        answer = await client.post("/auth/organisations", json={"name": "Acme"})
        assert answer.status_code == 201, answer.text
        return client, f"/auth/organisations/{answer.json()['handle']}"

    async def joined(
        self, owner: httpx2.AsyncClient, path: str, email: str, role: str
    ) -> tuple[httpx2.AsyncClient, str]:
        """Give the browser of a new member, and the handle of their account."""
        user = await self.make(email)
        given = {"email": email, "role": role}
        answer = await owner.post(f"{path}/invitations", json=given)
        assert answer.status_code == 202, answer.text
        client = await self.signed_in(email)
        answer = await client.post("/auth/invitations/accept", json={"token": self.token()})
        assert answer.status_code == 200, answer.text
        return client, user.handle

    async def roles(self) -> dict[str, str]:
        """Give the roles of all members, by the handles of their accounts."""
        async with self.auth.database.own_transaction():
            return {one.user: one.role for one in await Membership.all()}


def team_on(database: Database, **options: Any) -> Team:
    """Make an application with organisations over a database."""
    site = site_on(database, **options)
    organisations = site.app.use(Organisations(site.auth, ROLES))

    @site.auth.rules.allow("view", Plan)
    def in_mine(user: Any) -> ColumnElement[bool]:
        return Plan.organisation_id.in_(organisations.member_of(user))

    @site.auth.rules.allow("change", Plan)
    def where_i_write(user: Any) -> ColumnElement[bool]:
        return Plan.organisation_id.in_(organisations.member_of(user, "plan.change"))

    @site.auth.rules.allow("view", Membership)
    def beside_me(user: Any) -> ColumnElement[bool]:
        return Membership.organisation_id.in_(organisations.member_of(user))

    return Team(site.app, site.auth, site.letters, organisations)


async def emptied(database: Database) -> None:
    """Take all rows of organisations away."""
    async with database.own_transaction() as unit:
        for table in reversed(TABLES):
            await unit.execute(delete(table))
