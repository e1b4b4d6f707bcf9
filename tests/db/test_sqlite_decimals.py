"""Decimals in SQLite: what is written is read, or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Numeric, func

from tests.db.conftest import own_database
from trivet.db import BareModel, Database, Mapped, Money, UnfitValue, field

ONCE = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class DecimalBase(BareModel, apart=True):
    pass


class DecimalRow(DecimalBase):
    id: Mapped[int] = field(primary_key=True)
    price: Mapped[Money]
    exact: Mapped[Decimal]
    free: Mapped[Decimal | None] = field(Numeric(), default=None)


@pytest.fixture
async def rows() -> AsyncIterator[Database]:
    async with own_database("sqlite://", "decimals") as made:
        database = Database(str(made.engine.url), models=DecimalBase)
        await database.create_tables()
        yield database
        await database.close()


def decimals(places: int) -> st.SearchStrategy[Decimal]:
    """Give numbers of up to 15 digits, with so many of them behind the point."""
    most = 10**15 - 1
    return st.integers(-most, most).map(lambda number: Decimal(number).scaleb(-places))


@ONCE
@given(price=decimals(2), exact=decimals(6))
async def test_fifteen_digits_are_read_as_they_were_written(
    rows: Database, price: Decimal, exact: Decimal
) -> None:
    async with rows.transaction() as unit:
        made = await DecimalRow.create(id=1, price=price, exact=exact)
        read = (await DecimalRow.all().values_list(DecimalRow.price, DecimalRow.exact))[0]
        same = await DecimalRow.where(price=price, exact=exact).count()
        await unit.delete(made)

    assert read == (price, exact)
    assert same == 1


@pytest.mark.parametrize(
    ("price", "exact"),
    [("9999999999999999.99", "0"), ("-12345678901234.56", "0"), ("0", "123456789012.3456")],
)
@pytest.mark.parametrize("by_session", [False, True])
async def test_more_digits_are_refused(
    rows: Database, price: str, exact: str, by_session: bool
) -> None:
    async def kept() -> None:
        async with rows.transaction() as unit:
            if by_session:
                await unit.session()
            await DecimalRow.create(id=1, price=Decimal(price), exact=Decimal(exact))

    with pytest.raises(UnfitValue, match="15 digits"):
        await kept()


async def test_few_digits_may_stand_far_from_the_point(rows: Database) -> None:
    async with rows.transaction():
        await DecimalRow.create(id=1, price=Decimal("1e40"), exact=Decimal("123e30"))

    async with rows.transaction():
        read = await DecimalRow.get(1)

    assert (read.price, read.exact) == (Decimal("1e40"), Decimal("123e30"))


async def test_further_decimals_are_rounded_as_the_column_has_them(rows: Database) -> None:
    async with rows.transaction():
        third = Decimal(1) / 3
        await DecimalRow.create(id=1, price=third, exact=third, free=third)

    async with rows.transaction():
        read = await DecimalRow.get(1)

    assert (read.price, read.exact) == (Decimal("0.33"), Decimal("0.333333"))
    assert read.free == Decimal("0.3333333333")


async def test_sums_and_comparisons_are_those_of_numbers(rows: Database) -> None:
    async with rows.transaction():
        for number, price in enumerate(("10.10", "9.90", "-0.01"), 1):
            await DecimalRow.create(id=number, price=Decimal(price), exact=Decimal(0))

    async with rows.transaction():
        found = await DecimalRow.all().aggregate(total=func.sum(DecimalRow.price))
        above = await DecimalRow.where(price__gt=Decimal("9.9")).count()
        ordered = await DecimalRow.all().order_by("price").values_list(DecimalRow.id)

    assert found == {"total": Decimal("19.99")}
    assert above == 1
    assert list(ordered) == [3, 2, 1]
