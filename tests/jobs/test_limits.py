"""Limits of a queue: in all and for each key, for all workers together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.jobs.site import Site, running, site_on
from trivet.errors import SetupError
from trivet.jobs import Limit, Rate, State


class Seen:
    """Counts what runs at the same time."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.ran: list[str] = []

    @asynccontextmanager
    async def run(self, key: str) -> AsyncIterator[None]:
        self.ran.append(key)
        for name in (key, "all"):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        await asyncio.sleep(0.02)
        yield
        for name in (key, "all"):
            self.now[name] -= 1


def with_mail(site: Site, seen: Seen) -> None:
    @site.jobs.job(queue="mail", limit_by=lambda to: to)
    async def mail(to: str) -> None:
        async with seen.run(to):
            pass

    site.mail = mail  # type: ignore[attr-defined]


async def put_in(site: Site, *names: str) -> None:
    async with site.db.transaction():
        for name in names:
            await site.jobs.known[site.mail.name].enqueue(name)  # type: ignore[attr-defined]


async def test_so_many_run_at_once_on_all_workers_together(kind: str, worker_id: str) -> None:
    seen = Seen()
    async with site_on(kind, worker_id, limits=[Limit("mail", at_once=3)]) as site:
        with_mail(site, seen)
        await put_in(site, *"abcdefghijkl")

        async with running(site.worker(), site.worker()):
            while (await site.states()).get(State.DONE) != 12:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    assert seen.most["all"] <= 3
    assert len(seen.ran) == 12


async def test_so_many_run_at_once_for_each_key(kind: str, worker_id: str) -> None:
    seen = Seen()
    limit = Limit("mail", at_once_per_key=1)
    async with site_on(kind, worker_id, limits=[limit]) as site:
        with_mail(site, seen)
        await put_in(site, *(["ann"] * 5), "bob", "bob", "cem")

        async with running(site.worker(), site.worker()):
            while (await site.states()).get(State.DONE) != 8:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    assert (seen.most["ann"], seen.most["bob"]) == (1, 1)
    assert seen.ran.index("cem") < 5, "who has room does not wait for who has none"


async def test_so_many_begin_within_a_time(kind: str, worker_id: str) -> None:
    seen = Seen()
    limit = Limit("mail", rate=Rate(3, seconds=3600))
    async with site_on(kind, worker_id, limits=[limit]) as site:
        with_mail(site, seen)
        await put_in(site, *"abcdefg")

        async with running(site.worker(), site.worker()):
            await asyncio.sleep(0.3)

        assert await site.states() == {State.DONE: 3, State.READY: 4}


async def test_so_many_begin_within_a_time_for_each_key(kind: str, worker_id: str) -> None:
    seen = Seen()
    limit = Limit("mail", rate_per_key=Rate(2, seconds=3600))
    async with site_on(kind, worker_id, limits=[limit]) as site:
        with_mail(site, seen)
        await put_in(site, *(["ann"] * 100), "bob", "bob", "bob", "cem")

        async with running(site.worker(), site.worker()):
            await asyncio.sleep(0.5)

    assert Counter(seen.ran) == {"ann": 2, "bob": 2, "cem": 1}


async def test_rates_fill_up_again(kind: str, worker_id: str) -> None:
    seen = Seen()
    limit = Limit("mail", rate=Rate(2, seconds=0.2))
    async with site_on(kind, worker_id, limits=[limit]) as site:
        with_mail(site, seen)
        await put_in(site, *"abcdefg")

        async with running(site.worker()):
            while (await site.states()).get(State.DONE) != 7:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("make", [lambda: Rate(0), lambda: Limit("mail", at_once=0)])
def test_limits_that_let_nothing_run_are_refused(make: object) -> None:
    with pytest.raises(SetupError, match="lets nothing run") as raised:
        make()  # type: ignore[operator]
    assert raised.value.code == "jobs.limit"
