"""What conditions mean for rows: in three databases the same as in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admin.conditions.stall import (
    LIST,
    ZONE,
    AdcWare,
    WareAdmin,
    expected,
    fill,
    stall_on,
    tables_in,
)
from tests.databases import clean_database
from tests.db.conftest import address
from trivet.admin.conditions.tree import Condition, Group, Where, normal
from trivet.admin.plan.lookups import LOOKUPS
from trivet.admin.plan.model import plan_of
from trivet.db import Database


@dataclass
class Stall:
    """A stall on one kind of database, with a browser in which a superuser looks at it."""

    runner: asyncio.Runner
    client: httpx2.AsyncClient

    def keys(self, where: str) -> list[int]:
        """Give the keys of the wares that the list exports."""
        asked = {"where": where, "as": "json", "all": "1"}
        answer = self.runner.run(self.client.get(f"{LIST[:-1]}/export", params=asked))
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"], scope="module")
def stall(request: pytest.FixtureRequest) -> Iterator[Stall]:
    url = address(request.param)
    with asyncio.Runner() as runner:
        context = clean_database(url, tables_in(Database(url)))
        database = runner.run(context.__aenter__())
        shop = stall_on(database)
        runner.run(fill(database))
        root = {"is_superuser": True, "time_zone": ZONE}
        client = runner.run(shop.signed_in("root@example.org", **root))
        yield Stall(runner, client)
        runner.run(context.__aexit__(None, None, None))


def condition(name: str, values: Any, single: list[str], more: list[str]) -> Any:
    """Give conditions on one column: look-ups that take one value, and others."""
    found = [st.builds(Condition, st.just(name), st.sampled_from(single), st.tuples(values))]
    many = st.lists(values, min_size=1, max_size=3).map(tuple)
    for lookup in more:
        taken: Any = {"in": many, "between": st.tuples(values, values)}.get(lookup, st.just(()))
        found.append(st.builds(Condition, st.just(name), st.just(lookup), taken))
    return st.one_of(found)


NUMBERS = ["is", "not", "min", "max"]
TEXTS = ["is", "not", "contains", "lacks", "starts"]
EMPTY = ["empty", "filled"]
WORDS = st.sampled_from(
    ["ann", "an", "a", "%", "_", "'", "x, (y)", "first", "second", "anton", "ber", "zz", "\\"]
)
DAYS = st.sampled_from(["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02", "2026-02-03"])
DATES = ["is", "not", "before", "after"]
CODES = st.integers(0, 5).map(lambda n: f"00000000-0000-0000-0000-{n:012}")
ANY = st.one_of(
    condition("title", WORDS, TEXTS, ["in", *EMPTY]),
    condition("note", WORDS, TEXTS, ["in", *EMPTY]),
    condition("maker__name", WORDS, TEXTS, ["in"]),
    condition("stock", st.integers(-3, 6).map(str), NUMBERS, ["in", "between", *EMPTY]),
    condition("price", st.integers(0, 28).map(lambda n: str(n / 4)), NUMBERS, ["in", "between"]),
    condition("weight", st.integers(0, 20).map(lambda n: str(n / 2)), NUMBERS, ["between", *EMPTY]),
    condition("is_new", st.sampled_from(["true", "false"]), ["is", "not"], ["in", *EMPTY]),
    condition("shade", st.sampled_from(["red", "blue", "grey"]), ["is", "not"], ["in"]),
    condition("made_on", DAYS, DATES, ["between", *EMPTY]),
    condition("sold_at", DAYS, DATES, ["between", *EMPTY]),
    condition("made_on", st.just("week"), ["within"], []),
    condition("code", CODES, ["is", "not"], ["in", *EMPTY]),
    condition("maker", st.sampled_from(["1", "2", "3"]), ["is", "not"], ["in", *EMPTY]),
    condition("cost", st.sampled_from(["dear", "cheap"]), ["is", "not"], []),
    st.builds(Condition, st.just("details"), st.sampled_from(EMPTY)),
)


def groups(level: int) -> st.SearchStrategy[Group]:
    items: Any = ANY if level == 3 else st.one_of(ANY, ANY, groups(level + 1))
    found = st.lists(items, min_size=1, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(["all", "any"]), found)


@pytest.mark.parametrize("stall", ["sqlite"], indirect=True)
@settings(deadline=None, max_examples=150)
@given(groups(1))
def test_rows_are_those_that_fit_in_python(stall: Stall, group: Group) -> None:
    where = Where.of(normal(group))
    assert where.root is not None

    assert stall.keys(where.text) == expected(where.root)


@pytest.mark.parametrize("stall", ["postgresql", "mariadb"], indirect=True)
@settings(deadline=None, max_examples=25)
@given(groups(1))
def test_servers_give_the_same_rows(stall: Stall, group: Group) -> None:
    where = Where.of(normal(group))
    assert where.root is not None

    assert stall.keys(where.text) == expected(where.root)


EACH = [
    "title:contains:AN", "title:lacks:an", "title:is:50%", "title:starts:x\\, ", "title:in:zoe|a_b",
    "title:empty", "note:filled", "note:empty", "maker__name:contains:ton", "maker__name:lacks:ton",
    "stock:is:2", "stock:not:2", "stock:min:1", "stock:max:-1", "stock:between:0|2", "stock:in:1|2",
    "stock:empty", "price:min:3.25", "weight:max:4.5", "is_new:is:true", "is_new:not:true",
    "is_new:empty", "shade:not:red", "shade:in:red|blue", "made_on:is:2026-02-01",
    "made_on:before:2026-02-01", "made_on:after:2026-01-31",
    "made_on:between:2026-01-31|2026-02-01",
    "sold_at:is:2026-02-01", "sold_at:not:2026-02-01", "sold_at:before:2026-02-01",
    "sold_at:after:2026-02-01", "sold_at:between:2026-02-01|2026-02-02", "sold_at:within:week",
    "code:is:00000000-0000-0000-0000-000000000002", "code:empty", "details:filled", "maker:is:1",
    "maker:not:1", "maker:in:1|2", "maker:empty", "cost:is:dear", "cost:not:dear",
    "any(stock:is:2,all(price:min:5,any(shade:is:red,maker:empty)))",
]  # fmt: skip


def test_each_look_up_means_the_same_in_every_database(stall: Stall) -> None:
    wrong = []
    for text in EACH:
        where = Where.read([text.replace("x\\, ", "'x, '")])
        assert where.root is not None, where.problem
        if stall.keys(where.text) != expected(where.root):
            wrong.append(text)

    assert wrong == []


HOSTILE = [
    "", "x", "1e400", "nan", "-inf", "9" * 40, "1099511627776", "0001-01-01", "9999-12-31",
    "2026-02-30", "99999-01-01", "00000000-0000-0000-0000-000000000000", "true", "~", "%", "'",
    "\\", "\u202e", "1,2", "١٢", " ", "{}", "9223372036854775808",
]  # fmt: skip


def test_no_value_is_too_much_for_any_column(stall: Stall) -> None:
    """Each column is asked for each value, by one of its look-ups; and there is no other column."""
    plan = plan_of(type("Hostile", (WareAdmin,), {"model": AdcWare})())
    wrong = []
    for subject in plan.subjects.values():
        for number, value in enumerate(HOSTILE):
            lookup = subject.lookups[number % len(subject.lookups)]
            takes = LOOKUPS[lookup].takes
            values = {"none": (), "two": (value, value), "some": ("1", value)}.get(takes, (value,))
            where = Where.of(Group("all", (Condition(subject.name, lookup, values),)))
            answer = stall.runner.run(stall.client.get(LIST, params={"where": where.text}))
            if answer.status_code not in (200, 422):
                wrong.append((where.text, answer.status_code))

    assert wrong == []
    assert set(plan.subjects) == {one.name for one in plan.filters} | {
        "title",
        "note",
        "maker__name",
    }
