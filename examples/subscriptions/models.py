"""What the service keeps. All but plans and flags belongs to one organisation, and PostgreSQL's
policies hold that: see `tenancy.py`."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, UniqueConstraint

from trivet.auth.organisations import Organisation
from trivet.db import Created, ForeignKey, Mapped, Model, Money, field, relationship

__all__ = ["Flag", "FlagRule", "Invoice", "Note", "Standing", "Subscription", "Usage"]


class Standing(StrEnum):
    """How a subscription stands, in Stripe's words."""

    ACTIVE = "active"
    TRIALING = "trialing"
    PAST_DUE = "past_due"
    CANCELED = "canceled"


class Subscription(Model):
    """What an organisation has ordered; Stripe knows it best, and tells us by webhooks."""

    organisation_id: Mapped[int] = field(
        ForeignKey(Organisation.id, ondelete="CASCADE"), unique=True
    )
    organisation: Mapped[Organisation] = relationship()
    stripe_customer: Mapped[str | None] = field(max_length=100, unique=True, default=None)
    plan: Mapped[str] = field(max_length=20, default="free")
    standing: Mapped[Standing] = field(default=Standing.ACTIVE)
    seats: Mapped[int] = field(default=0, description="Bought besides those of the plan")
    told: Mapped[int] = field(
        BigInteger, default=0, description="When Stripe made what we know, seconds since 1970"
    )


class Invoice(Model):
    """What was paid; written once, when Stripe says so."""

    organisation_id: Mapped[int] = field(
        ForeignKey(Organisation.id, ondelete="CASCADE"), index=True
    )
    organisation: Mapped[Organisation] = relationship()
    stripe_id: Mapped[str] = field(max_length=100, unique=True)
    paid: Mapped[datetime]
    total: Mapped[Money]
    currency: Mapped[str] = field(max_length=3)

    @property
    def amount(self) -> str:
        """What was paid, as people write it."""
        return f"{Decimal(self.total):.2f} {self.currency.upper()}"


class Usage(Model):
    """How many tokens an organisation has used in a month."""

    __table_args__ = (UniqueConstraint("organisation_id", "month"),)

    organisation_id: Mapped[int] = field(ForeignKey(Organisation.id, ondelete="CASCADE"))
    organisation: Mapped[Organisation] = relationship()
    month: Mapped[str] = field(max_length=7, description="Such as 2026-11, by UTC")
    tokens: Mapped[int] = field(BigInteger, default=0)


class Note(Model):
    """What a team writes down, and the assistant is asked about."""

    organisation_id: Mapped[int] = field(
        ForeignKey(Organisation.id, ondelete="CASCADE"), index=True
    )
    organisation: Mapped[Organisation] = relationship()
    title: Mapped[str] = field(max_length=200)
    text: Mapped[str] = field(max_length=20_000)
    created: Mapped[Created]


class Flag(Model):
    """A switch that the code asks by its name."""

    name: Mapped[str] = field(max_length=60, unique=True)
    is_on: Mapped[bool] = field(default=True, description="Off: everybody has what the code says")
    value: Mapped[Any] = field(JSON, description="What those have whom no rule is about")
    rules: Mapped[list["FlagRule"]] = relationship(
        order_by="FlagRule.position", cascade="all, delete-orphan"
    )


class FlagRule(Model):
    """Who has another value: all that is said must hold. The first rule that holds decides."""

    flag_id: Mapped[int] = field(ForeignKey(Flag.id, ondelete="CASCADE"), index=True)
    position: Mapped[int] = field(default=0)
    organisation: Mapped[str | None] = field(max_length=32, default=None, description="Its handle")
    user: Mapped[str | None] = field(max_length=32, default=None, description="Somebody's handle")
    share: Mapped[int] = field(default=100, description="For so many in a hundred organisations")
    value: Mapped[Any] = field(JSON)
