"""Whose rows a request sees.

PostgreSQL holds it (`migrations/0002_policies.py`): each table has a policy by the setting
`app.tenant`, and one for those who work for the service itself (`app.operations`). Whoever sets
neither sees nothing, so that a query that forgets the tenant shows nothing of others.
"""

from typing import Annotated

from starlette.requests import Request

from subscriptions.service import db
from trivet import Depends
from trivet.admin.by_accounts import ByAccounts
from trivet.admin.visits import Visit
from trivet.auth.organisations import CurrentOrganisation, Organisation

__all__ = ["Operations", "Tenant", "as_operations", "as_tenant"]


async def as_tenant(organisation: Organisation) -> None:
    """See the rows of one organisation from here on, in this unit of work."""
    await db.unit.set_local("app.tenant", organisation.id)


async def as_operations() -> None:
    """See the rows of all, in this unit of work: for jobs, webhooks and staff."""
    await db.unit.set_local("app.operations", "yes")


async def tenant(organisation: CurrentOrganisation) -> Organisation:
    """Give the organisation of a request, in which who asks is a member; others get 404."""
    await as_tenant(organisation)
    return organisation


Tenant = Annotated[Organisation, Depends(tenant)]


class Operations(ByAccounts):
    """The admin's way in: staff, who see the rows of all organisations."""

    async def visit(self, request: Request) -> Visit:
        """Let staff in as ever, and lift the policies for what they do."""
        visit = await super().visit(request)
        await as_operations()
        return visit
