"""What those see who run the service: figures, charts, every organisation, every switch."""

from subscriptions.models import Flag, FlagRule, Invoice, Standing, Subscription, Usage
from subscriptions.service import app, auth
from subscriptions.subscribing import this_month
from subscriptions.tenancy import Operations
from trivet.admin import Admin, Card, Chart, Inline, ModelAdmin
from trivet.auth import User

__all__ = ["admin"]


async def tokens_this_month() -> int:
    """Add up what all have used."""
    return sum(await Usage.where(month=this_month()).values_list("tokens"))


admin = app.use(Admin(title="Operations", access=Operations(auth, "/account")))
admin.add(User)
admin.card(
    Card(
        "Paying organisations",
        Subscription.where(Subscription.plan != "free", Subscription.standing == Standing.ACTIVE),
        link="subscription/?f.standing=active",
    )
)
admin.card(
    Card(
        "Payments that failed",
        Subscription.where(Subscription.standing == Standing.PAST_DUE),
        link="subscription/?f.standing=past_due",
    )
)

admin.card(Card("Tokens this month", tokens_this_month, link="usage/"))
admin.chart(Chart("Revenue", rows=Invoice.all(), on=Invoice.paid, value=Invoice.total, by="month"))


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    """Who has ordered what; Stripe's word counts, so that little is changed here."""

    columns = (
        Subscription.organisation,
        Subscription.plan,
        Subscription.standing,
        Subscription.seats,
    )
    search = ("organisation__name", "=stripe_customer")
    filters = (Subscription.plan, Subscription.standing)
    readonly = (Subscription.organisation, Subscription.stripe_customer, Subscription.told)


@admin.register(Invoice)
class InvoiceAdmin(ModelAdmin):
    """What was paid: exported as CSV by month, and never changed."""

    columns = (Invoice.organisation, Invoice.paid, Invoice.total, Invoice.currency)
    filters = (Invoice.paid, Invoice.total, Invoice.organisation)
    hierarchy = Invoice.paid
    totals = (Invoice.total,)
    order = "-paid"
    readonly = (
        *(Invoice.organisation, Invoice.stripe_id),
        *(Invoice.paid, Invoice.total, Invoice.currency),
    )


@admin.register(Usage)
class UsageAdmin(ModelAdmin):
    """Tokens by organisation and month."""

    columns = (Usage.organisation, Usage.month, Usage.tokens)
    filters = (Usage.month, Usage.organisation)
    totals = (Usage.tokens,)


@admin.register(Flag)
class FlagAdmin(ModelAdmin):
    """Switches, with who has another value; what is saved here counts within seconds."""

    columns = (Flag.name, Flag.is_on, Flag.value)
    editable = (Flag.is_on,)
    inlines = (Inline(FlagRule, order_by=FlagRule.position),)
