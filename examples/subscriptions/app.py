"""The whole service: `trivet run examples/subscriptions/app.py`; the README says how to begin."""

from subscriptions import assistant, billing, notes, operations, subscribing
from subscriptions.service import app

__all__ = ["admin", "app", "stripe"]

admin = operations.admin
stripe = billing.stripe
app.include_router(subscribing.router)
app.include_router(notes.router)
app.include_router(assistant.router)
