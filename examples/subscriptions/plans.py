"""What one can order, and what it allows. Prices are Stripe's."""

from dataclasses import dataclass

__all__ = ["FREE", "PLANS", "Plan"]


@dataclass(frozen=True)
class Plan:
    """A plan, by Stripe's look-up key of its price."""

    name: str
    seats: int
    notes: int
    tokens: int  # a month


FREE = Plan("free", seats=3, notes=20, tokens=1_000)
PLANS = {
    one.name: one
    for one in (
        FREE,
        Plan("team", seats=10, notes=1_000, tokens=200_000),
        Plan("business", seats=100, notes=100_000, tokens=5_000_000),
    )
}
