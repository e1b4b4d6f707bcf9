"""Invoices by mail, to those who own the organisation."""

from subscriptions.models import Invoice
from subscriptions.service import auth, mail
from trivet.auth.organisations import OWNER, Membership, Organisation

__all__ = ["send_invoice"]


async def send_invoice(invoice: Invoice) -> None:
    """Put the mail into the present transaction: it goes out once that is committed."""
    organisation = await Organisation.get(invoice.organisation_id)
    owners = await Membership.where(organisation_id=organisation.id, role=OWNER)
    for membership in owners:
        owner = await auth.accounts.by_handle(membership.user)
        if owner is not None and owner.email:
            await mail.send_template(
                "invoice", to=owner.email, invoice=invoice.amount, organisation=organisation.name
            )
