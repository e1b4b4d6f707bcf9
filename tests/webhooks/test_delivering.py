"""From a transaction to the endpoint: what is sent, how often, and what is written down of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from tests.webhooks.running import Order, Receiver, Site, receiving, site_on, status, until
from trivet.db import Database, OutsideUnitError
from trivet.errors import SetupError
from trivet.jobs import Limit
from trivet.webhooks import Delivery, Disabled, Endpoint, Persistence, State
from trivet.webhooks.deliveries import forget
from trivet.webhooks.tables import tables_in


@dataclass
class OrderPlaced:
    id: int
    total: float


async def added(site: Site, receiver: Receiver, *events: str, owner: str | None = None) -> Endpoint:
    async with site.database.transaction():
        return await site.webhooks.endpoints.add(receiver.url, events or ("*",), owner=owner)


async def sent(site: Site, event: str = "order.placed", owner: str | None = None) -> str | None:
    async with site.database.transaction():
        return await site.webhooks.send(event, OrderPlaced(7, 9.5), owner=owner)


async def over(site: Site, endpoint: Endpoint) -> Delivery:
    """Wait until the newest delivery to an endpoint is over."""

    async def look() -> Delivery | None:
        async with site.database.own_transaction():
            found = (await site.webhooks.deliveries.of(endpoint.id, limit=1))[0]
        return found if found.state is not State.PENDING else None

    found: Delivery = await until(look)
    return found


async def now(site: Site, endpoint: Endpoint) -> Endpoint:
    async with site.database.own_transaction():
        return await site.webhooks.endpoints.get(endpoint.id)


# -- what is sent --------------------------------------------------------------------------------


async def test_the_official_package_verifies_what_arrives(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        async with site.working():
            await receiver.wait_for(1)
            found = await over(site, endpoint)

    (got,) = receiver.got
    message = Webhook(endpoint.secret).verify(got.body, got.headers)
    assert message["type"] == "order.placed"
    assert message["data"] == {"id": 7, "total": 9.5}
    assert datetime.fromisoformat(message["timestamp"]).tzinfo is not None
    assert got.headers["webhook-id"] == id
    assert (found.message_id, found.state, found.attempts) == (id, State.DELIVERED, 1)


async def test_during_a_rotation_both_secrets_sign(site: Site) -> None:
    async with receiving() as receiver:
        old = await added(site, receiver)
        async with site.database.transaction():
            secret = await site.webhooks.endpoints.rotate_secret(old.id, keep=60)
        await sent(site)
        async with site.working():
            await receiver.wait_for(1)

    (got,) = receiver.got
    assert len(got.headers["webhook-signature"].split()) == 2
    for one in (old.secret, secret):
        Webhook(one).verify(got.body, got.headers)


async def test_a_secret_whose_time_is_over_signs_no_more(site: Site) -> None:
    async with receiving() as receiver:
        old = await added(site, receiver)
        async with site.database.transaction():
            await site.webhooks.endpoints.rotate_secret(old.id, keep=0)
        await sent(site)
        async with site.working():
            await receiver.wait_for(1)

    assert len(receiver.got[0].headers["webhook-signature"].split()) == 1


async def test_nothing_is_sent_of_what_is_rolled_back(site: Site) -> None:
    async def fail() -> None:
        async with site.database.transaction():
            await Order.create(text="lost")
            await site.webhooks.send("order.placed", {"order": "lost"})
            raise ZeroDivisionError

    async with receiving() as receiver:
        await added(site, receiver)
        with pytest.raises(ZeroDivisionError):
            await fail()
        async with site.database.transaction():
            await site.webhooks.send("order.placed", {"order": "kept"})
        async with site.working():
            await receiver.wait_for(1)

    assert [got.json()["data"]["order"] for got in receiver.got] == ["kept"]


async def test_those_who_listen_hear_and_others_do_not(site: Site) -> None:
    async with receiving() as one, receiving() as two, receiving() as three, receiving() as four:
        await added(site, one, "order.placed", "order.*", "*")
        await added(site, two, "order.*")
        await added(site, three, "stock.*", "order")
        await added(site, four, "*", owner="shop 7")
        await sent(site)
        await sent(site, "stock.low", owner="shop 7")
        async with site.working():
            for receiver in (one, two, four):
                await receiver.wait_for(1)

    heard = [[got.json()["type"] for got in receiver.got] for receiver in (one, two, three, four)]
    assert heard == [["order.placed"], ["order.placed"], [], ["stock.low"]]


async def test_where_nobody_listens_nothing_is_written(site: Site) -> None:
    assert await sent(site) is None


async def test_a_typed_event_is_sent_by_a_subscriber(site: Site) -> None:
    site.events.on(OrderPlaced)(
        site.webhooks.sender("order.placed", owner=lambda event: f"shop {event.id}")
    )

    async with receiving() as receiver:
        await added(site, receiver, owner="shop 7")
        async with site.database.transaction():
            await site.events.publish(OrderPlaced(7, 9.5))
            await site.events.publish(OrderPlaced(8, 9.5))
        async with site.working():
            await receiver.wait_for(1)

    assert [got.json()["data"] for got in receiver.got] == [{"id": 7, "total": 9.5}]


async def test_a_test_is_sent_to_one_endpoint_whatever_it_listens_to(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver, "order.placed")
        async with site.database.transaction():
            await site.webhooks.send_test(endpoint.id)
        async with site.working():
            await receiver.wait_for(1)

    assert receiver.got[0].json()["type"] == "webhook.test"


async def test_a_webhook_outside_a_transaction_is_refused(site: Site) -> None:
    with pytest.raises(OutsideUnitError):
        await site.webhooks.send("order.placed", {})


async def test_what_is_too_large_for_a_webhook_is_refused(site: Site) -> None:
    async with receiving() as receiver:
        await added(site, receiver)
        async with site.database.transaction():
            with pytest.raises(SetupError, match="receivers take 262144 at most") as caught:
                await site.webhooks.send("order.placed", "a" * 300_000)

    assert caught.value.code == "webhooks.body"


# -- trying again --------------------------------------------------------------------------------


async def test_what_fails_is_tried_again_with_the_same_id_and_logged(site: Site) -> None:
    async with receiving(status(500, body=b"ouch"), status(200, body=b"thanks")) as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        async with site.working():
            found = await over(site, endpoint)

    assert [got.headers["webhook-id"] for got in receiver.got] == [id, id]
    assert (found.state, found.attempts) == (State.DELIVERED, 2)
    async with site.database.transaction():
        tried = await site.webhooks.deliveries.attempts(found.message_id, endpoint.id)
    assert [(one.status, one.answer) for one in tried] == [(500, b"ouch"), (200, b"thanks")]
    assert all(one.seconds >= 0 and one.moment is not None for one in tried)
    assert (await now(site, endpoint)).failing_since is None


async def test_what_fails_too_often_is_given_up_and_the_endpoint_is_not(site: Site) -> None:
    async with receiving(status(500)) as receiver:
        endpoint = await added(site, receiver)
        await sent(site)
        async with site.working():
            found = await over(site, endpoint)

    assert (found.state, found.attempts, len(receiver.got)) == (State.FAILED, 3, 3)
    after = await now(site, endpoint)
    assert after.disabled is None
    assert after.failing_since is not None


async def test_an_endpoint_that_is_gone_is_disabled_and_its_owner_can_be_told(site: Site) -> None:
    told: list[Disabled] = []
    site.events.on(Disabled)(told.append)

    async with receiving(status(410)) as receiver:
        endpoint = await added(site, receiver, owner="shop 7")
        await sent(site, owner="shop 7")
        async with site.working():
            found = await over(site, endpoint)
        assert await sent(site, owner="shop 7") is None

    assert (found.state, found.attempts) == (State.FAILED, 1)
    after = await now(site, endpoint)
    assert after.disabled is not None
    assert "410" in str(after.reason)
    assert told == [Disabled(endpoint.id, receiver.url, "shop 7", str(after.reason))]


async def test_an_endpoint_that_does_nothing_but_fail_is_disabled(database: Database) -> None:
    site = site_on(database, disable_after=0.0)

    async with receiving(status(500)) as receiver:
        endpoint = await added(site, receiver)
        await sent(site)
        async with site.working():
            await over(site, endpoint)

    assert "nothing but fail" in str((await now(site, endpoint)).reason)


async def test_a_disabled_endpoint_is_enabled_and_given_what_it_missed(database: Database) -> None:
    site = site_on(database, disable_after=0.0)

    async with receiving(status(500), status(204)) as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        async with site.working():
            await over(site, endpoint)
            async with site.database.transaction():
                enabled = await site.webhooks.endpoints.change(endpoint.id, is_active=True)
                since = datetime.now(UTC) - timedelta(hours=1)
                count = await site.webhooks.deliveries.replay_since(endpoint.id, since)
            found = await over(site, endpoint)

    assert (enabled.disabled, enabled.reason, count) == (None, None, 1)
    assert (found.state, found.attempts) == (State.DELIVERED, 1)
    assert [got.headers["webhook-id"] for got in receiver.got] == [id, id]


async def test_an_inactive_endpoint_gets_nothing_of_what_was_on_its_way(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        await sent(site)
        async with site.database.transaction():
            await site.webhooks.endpoints.change(endpoint.id, is_active=False)
        async with site.working():
            found = await over(site, endpoint)

    assert (found.state, found.attempts, receiver.got) == (State.FAILED, 0, [])


async def test_a_receiver_that_stalls_can_be_kept_from_taking_all_hands(
    database: Database,
) -> None:
    site = site_on(database, limits=(Limit("webhooks", at_once_per_key=1),))

    async with receiving(stalls=True) as slow, receiving() as quick:
        await added(site, slow, "slow")
        await added(site, quick, "quick")
        for event in ("slow", "slow", "slow", "quick"):
            await sent(site, event)
        async with site.working(concurrency=2, grace=0.1):
            await slow.wait_for(1)
            await quick.wait_for(1)

            assert len(slow.got) == 1


# -- again, by hand ------------------------------------------------------------------------------


async def test_a_delivery_is_replayed_as_it_was(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        assert id is not None
        async with site.working():
            await over(site, endpoint)
            async with site.database.transaction():
                await site.webhooks.deliveries.replay(id, endpoint.id)
            await receiver.wait_for(2)
            await over(site, endpoint)

    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == id


async def test_all_since_a_moment_are_replayed_where_one_asks_for_all(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        await sent(site, "a")
        await sent(site, "b")
        async with site.working():
            await receiver.wait_for(2)
            await over(site, endpoint)
            await asyncio.sleep(0)
            since = datetime.now(UTC) - timedelta(hours=1)
            deliveries = site.webhooks.deliveries

            async def both_delivered() -> bool:
                async with site.database.own_transaction():
                    found = await deliveries.of(endpoint.id, state=State.DELIVERED)
                return len(found) == 2

            await until(both_delivered)
            async with site.database.transaction():
                assert await deliveries.replay_since(endpoint.id, since) == 0
                assert await deliveries.replay_since(endpoint.id, since, delivered_too=True) == 2
                tomorrow = since + timedelta(days=1)
                assert await deliveries.replay_since(endpoint.id, tomorrow) == 0
            await receiver.wait_for(4)

    assert sorted(got.json()["type"] for got in receiver.got) == ["a", "a", "b", "b"]


async def test_a_job_of_a_delivery_that_is_over_sends_nothing(site: Site) -> None:
    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        job = site.jobs.known["trivet.webhooks.deliver"]
        async with site.working():
            await over(site, endpoint)
            async with site.database.transaction():
                again = await job.enqueue(id, endpoint.id, 0)
            await again.result(timeout=20)

    assert len(receiver.got) == 1


# -- keeping -------------------------------------------------------------------------------------


async def test_what_is_old_is_forgotten_by_a_job_of_each_hour(database: Database) -> None:
    site = site_on(database, keep=-1.0)
    schedule = site.jobs.schedules["trivet.webhooks.forget"]

    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        await sent(site)
        await site.jobs.known["trivet.webhooks.forget"]()

    assert schedule.ticks.text == "every 3600 0"
    async with site.database.transaction():
        assert await site.webhooks.deliveries.of(endpoint.id) == []


async def test_what_is_old_is_forgotten_with_its_deliveries_and_attempts(site: Site) -> None:
    tables = tables_in(site.database.metadata)

    async with receiving() as receiver:
        endpoint = await added(site, receiver)
        id = await sent(site)
        assert id is not None
        async with site.working():
            await over(site, endpoint)

    assert await forget(site.database, tables, keep=3600) == 0
    assert await forget(site.database, tables, keep=-1) == 1
    async with site.database.transaction():
        assert await site.webhooks.deliveries.of(endpoint.id) == []
        assert await site.webhooks.deliveries.attempts(id, endpoint.id) == []


def test_pauses_are_those_that_are_advised_and_no_shorter_than_is_asked_for() -> None:
    advised = Persistence()

    assert advised.attempts == 10
    assert 5.0 <= advised.pause(1, None) <= 5.5
    assert 300.0 <= advised.pause(2, 7.0) <= 330.0
    assert 900.0 <= advised.pause(1, 900.0) <= 990.0
    assert advised.pause(1, 1e12) <= 86_400 * 1.1
    assert advised.pause(99, None) >= 86_400
