"""What Stripe tells us: the subscription as it stands, and what was paid.

Messages are verified over their bytes, kept once, and worked as jobs. They may come twice (the
second is answered with 200 and changes nothing), again later (a replay is the same message), and
out of order: what is older than what we know changes nothing.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from subscriptions.invoices import send_invoice
from subscriptions.models import Invoice, Standing, Subscription
from subscriptions.plans import FREE, PLANS
from subscriptions.service import webhooks
from subscriptions.settings import settings
from subscriptions.tenancy import as_operations
from trivet.auth.organisations import Organisation
from trivet.jobs import Retry
from trivet.webhooks import StripeSignature

__all__ = ["stripe"]

stripe = webhooks.incoming("/hooks/stripe", StripeSignature(settings.stripe_secret))

# Stripe's words for what we do not tell apart.
_STANDINGS = {
    "incomplete": Standing.PAST_DUE,
    "incomplete_expired": Standing.CANCELED,
    "unpaid": Standing.PAST_DUE,
    "paused": Standing.PAST_DUE,
}


class Thing(BaseModel):
    """What an event is about, as Stripe has it at that moment."""

    object: dict[str, Any]


class StripeEvent(BaseModel):
    """The shape that all of Stripe's events have."""

    created: int  # seconds since 1970
    data: Thing


@stripe.handler("checkout.session.completed", queue="billing")
async def ordered(event: StripeEvent) -> None:
    """Note which customer of Stripe's an organisation is: it stands in what the checkout took."""
    await as_operations()
    session = event.data.object
    organisation = await Organisation.where(handle=session["client_reference_id"]).one()
    mine = await Subscription.where(organisation_id=organisation.id).for_update().one()
    mine.stripe_customer = session["customer"]


@stripe.handler("customer.subscription.*", queue="billing")
async def changed(event: StripeEvent) -> None:
    """Take over how a subscription stands, unless we know something newer."""
    await as_operations()
    theirs = event.data.object
    mine = await _subscription_of(theirs["customer"])
    if event.created < mine.told:
        return
    price = theirs["items"]["data"][0]
    plan = PLANS.get(price["price"]["lookup_key"], FREE)
    status = theirs["status"]
    mine.told = event.created
    mine.plan = plan.name
    mine.standing = _STANDINGS.get(status) or Standing(status)
    mine.seats = max(0, price["quantity"] - 1)


@stripe.handler("invoice.paid", queue="billing")
async def paid(event: StripeEvent) -> None:
    """Write down what was paid, and put the mail about it into the same transaction."""
    await as_operations()
    theirs = event.data.object
    mine = await _subscription_of(theirs["customer"])
    if await Invoice.where(stripe_id=theirs["id"]).exists():
        return
    invoice = await Invoice.create(
        organisation_id=mine.organisation_id,
        stripe_id=theirs["id"],
        paid=datetime.fromtimestamp(theirs["status_transitions"]["paid_at"], UTC),
        total=Decimal(theirs["total"]) / 100,
        currency=theirs["currency"],
    )
    await send_invoice(invoice)


async def _subscription_of(customer: str) -> Subscription:
    """Give whose customer it is; Stripe may tell of one before its checkout is told."""
    found = await Subscription.where(stripe_customer=customer).for_update().first()
    if found is None:
        raise Retry(f"the checkout of {customer} was not told yet", after=30)
    return found
