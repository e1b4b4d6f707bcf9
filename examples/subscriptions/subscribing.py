"""What an organisation may: its plan, its seats, and what is left of the month."""

from datetime import UTC, datetime

from pydantic import BaseModel

from subscriptions.models import Note, Standing, Subscription, Usage
from subscriptions.plans import FREE, PLANS, Plan
from subscriptions.service import events
from subscriptions.tenancy import Tenant, as_tenant
from trivet import HTTPException, Router
from trivet.auth.organisations import (
    Invitation,
    MemberInvited,
    Membership,
    Organisation,
    OrganisationCreated,
    requires_in_organisation,
)

__all__ = ["plan_of", "router", "this_month"]

router = Router(prefix="/organisations/{organisation}", tags=["subscription"])


class SubscriptionOut(BaseModel):
    """How an organisation stands."""

    plan: str
    standing: Standing
    seats: int
    seats_taken: int
    notes: int
    tokens: int
    tokens_used: int


def this_month() -> str:
    """Give the month by which usage is counted, such as 2026-11."""
    return f"{datetime.now(UTC):%Y-%m}"


def plan_of(subscription: Subscription | None) -> Plan:
    """Give the plan that counts: who has not paid has the free one."""
    if subscription is None or subscription.standing is Standing.CANCELED:
        return FREE
    return PLANS.get(subscription.plan, FREE)


async def seats_of(organisation: Organisation) -> tuple[int, int]:
    """Give how many seats there are and how many are taken; who is invited has one."""
    subscription = await Subscription.where(organisation_id=organisation.id).first()
    bought = 0 if subscription is None else subscription.seats
    members = await Membership.where(organisation_id=organisation.id).count()
    invited = await Invitation.where(
        organisation_id=organisation.id, expires_at__gt=datetime.now(UTC)
    ).count()
    return plan_of(subscription).seats + bought, members + invited


@events.on(OrganisationCreated)
async def begin(event: OrganisationCreated) -> None:
    """Begin with the free plan, in the transaction that makes the organisation."""
    organisation = await Organisation.where(handle=event.details["organisation"]).one()
    await as_tenant(organisation)
    await Subscription.create(organisation_id=organisation.id)


@events.on(MemberInvited)
async def have_a_seat(event: MemberInvited) -> None:
    """Refuse an invitation for which there is no seat: it is rolled back with all it did."""
    organisation = await Organisation.where(handle=event.details["organisation"]).for_update().one()
    await as_tenant(organisation)
    seats, taken = await seats_of(organisation)
    if taken > seats:
        raise HTTPException(402, f"All {seats} seats are taken: order more, or another plan")


@router.get("/subscription", dependencies=[requires_in_organisation("billing.view")])
async def subscription(organisation: Tenant) -> SubscriptionOut:
    """Say what the organisation has ordered, and how much of it is used."""
    mine = await Subscription.where(organisation_id=organisation.id).one()
    used = await Usage.where(organisation_id=organisation.id, month=this_month()).first()
    seats, taken = await seats_of(organisation)
    return SubscriptionOut(
        plan=plan_of(mine).name,
        standing=mine.standing,
        seats=seats,
        seats_taken=taken,
        notes=await Note.all().count(),
        tokens=plan_of(mine).tokens,
        tokens_used=0 if used is None else used.tokens,
    )
