"""What every engine does, on each of them, against the real servers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.jobs.brokers import PATIENCE, Site, own_server, site_of, wire_to
from trivet.errors import SetupError
from trivet.jobs.engines.engine import Delivery, EngineAway, Message, MessageTooLarge
from trivet.jobs.engines.naming import server_of, token_of
from trivet.jobs.engines.nats import NatsEngine
from trivet.jobs.engines.rabbitmq import RabbitMqEngine
from trivet.jobs.engines.redis import RedisEngine

_SOON = 20.0  # seconds in which what is to happen has happened, on a machine that is busy


@pytest.fixture(params=["nats", "rabbitmq", "redis"])
async def site(
    request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Site]:
    async with site_of(request.param, missing) as found:
        yield found


def messages(count: int, first: int = 0) -> list[Message]:
    return [Message(str(n), b"%d" % n) for n in range(first, first + count)]


async def taken(engine: Any, count: int, queues: Sequence[str] = ("mail",)) -> list[Delivery]:
    """Take as many messages, and leave them in hands."""
    found: list[Delivery] = []
    async with asyncio.timeout(_SOON), aclosing(engine.deliveries(queues, count)) as given:
        async for one in given:
            found.append(one)
            if len(found) == count:
                break
    return found


async def bodies(engine: Any, count: int, queues: Sequence[str] = ("mail",)) -> list[bytes]:
    """Take as many messages, and be done with them."""
    found: list[bytes] = []
    async with asyncio.timeout(_SOON), aclosing(engine.deliveries(queues, 50)) as given:
        while len(found) < count:
            one = await anext(given)
            await one.done()
            found.append(one.body)
    return found


async def until_empty(engine: Any, queue: str = "mail") -> None:
    async with asyncio.timeout(_SOON):
        while await engine.waiting(queue):  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.02)


# -- what is carried -----------------------------------------------------------------------------


async def test_what_is_sent_is_delivered_once(site: Site) -> None:
    engine = await site.engine()

    await engine.send("mail", [Message("1", b"one")])
    assert await engine.waiting("mail") == 1
    [one] = await taken(engine, 1)

    assert (one.body, one.times) == (b"one", 1)
    assert await engine.waiting("mail") == 1
    await one.done()
    await until_empty(engine)


async def test_what_was_sent_before_any_worker_was_there_is_delivered(site: Site) -> None:
    sender = await site.engine()
    await sender.send("mail", messages(3))
    await sender.close()

    worker = await site.engine()

    assert sorted(await bodies(worker, 3)) == [b"0", b"1", b"2"]


async def test_any_bytes_are_carried_as_they_are(site: Site) -> None:
    engine = await site.engine()
    sent = [b"", bytes(range(256)), b"\r\n\0\xff" * 200_000]

    await engine.send("mail", [Message(str(n), body) for n, body in enumerate(sent)])

    assert sorted(await bodies(engine, 3)) == sorted(sent)


async def test_thousands_are_all_delivered_and_nothing_is_left(site: Site) -> None:
    engine = await site.engine(patience=30.0)
    await engine.send("mail", messages(2000))
    await engine.send("slow", messages(1000, first=2000))

    found = await bodies(engine, 3000, ("mail", "slow"))

    assert Counter(found) == Counter(b"%d" % n for n in range(3000))
    await until_empty(engine, "mail")
    await until_empty(engine, "slow")


async def test_a_message_that_is_too_large_says_so_and_nothing_is_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    if site.kind != "nats":  # NATS's own limit is used as it is; the others' are hundreds of MB
        monkeypatch.setattr(f"trivet.jobs.engines.{site.kind}._LARGEST", 1024 * 1024 - 200)
    engine = await site.engine()
    large = Message("large", b"x" * 1024 * 1024)

    with pytest.raises(
        MessageTooLarge, match=r"'large' has 1,048,576 bytes.*the key of a row"
    ) as e:
        await engine.send("mail", [Message("small", b"x"), large])

    assert e.value.message is large
    assert await engine.waiting("mail") == 0


async def test_the_largest_body_that_nats_takes_is_carried(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("nats", missing) as site:
        engine = await site.engine()
        with pytest.raises(MessageTooLarge) as error:
            await engine.send("mail", [Message("1", b"x" * 2**20)])
        largest = int(str(error.value).partition("at most ")[2].partition(":")[0].replace(",", ""))

        await engine.send("mail", [Message("1", b"x" * largest)])

        assert await bodies(engine, 1) == [b"x" * largest]


# -- workers -------------------------------------------------------------------------------------


async def test_workers_share_messages_and_none_is_handed_out_twice(site: Site) -> None:
    workers = [await site.engine(patience=30.0) for _ in range(3)]
    found: list[bytes] = []
    counts: Counter[int] = Counter()

    async def work(number: int) -> None:
        async with aclosing(workers[number].deliveries(["mail"], 5)) as given:
            async for one in given:
                found.append(one.body)
                counts[number] += 1
                assert one.times == 1
                await asyncio.sleep(0.001)
                await one.done()

    tasks = [asyncio.create_task(work(number)) for number in range(3)]
    await workers[0].send("mail", messages(600))
    async with asyncio.timeout(_SOON):
        while len(found) < 600:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert Counter(found) == Counter(b"%d" % n for n in range(600))
    assert sorted(counts) == [0, 1, 2]


async def test_no_more_are_handed_out_than_may_be_in_hands(site: Site) -> None:
    engine = await site.engine(patience=30.0)
    await engine.send("mail", messages(10))

    async with aclosing(engine.deliveries(["mail"], 3)) as given, asyncio.timeout(_SOON):
        held = [await anext(given) for _ in range(3)]
        more = asyncio.ensure_future(anext(given))
        await asyncio.wait((more,), timeout=0.7)
        assert not more.done()

        await held[0].done()

        assert (await more).times == 1


async def test_what_may_be_in_hands_is_shared_by_all_queues_and_none_starves(site: Site) -> None:
    engine = await site.engine(patience=30.0)
    queues = ["mail", "slow", "reports", "images"]
    await engine.send("mail", messages(40))
    for n, queue in enumerate(queues[1:]):
        await engine.send(queue, messages(5, first=100 + 10 * n))
    found: list[bytes] = []
    in_hands = most = 0

    async def work(one: Delivery) -> None:
        nonlocal in_hands
        await asyncio.sleep(0.005)
        found.append(one.body)
        in_hands -= 1
        await one.done()

    async with aclosing(engine.deliveries(queues, 3)) as given, asyncio.timeout(_SOON):
        tasks = []
        while len(tasks) < 55:
            one = await anext(given)
            in_hands += 1
            most = max(most, in_hands)
            tasks.append(asyncio.create_task(work(one)))
        await asyncio.gather(*tasks)

    assert most <= 3
    assert len(set(found)) == 55


async def test_one_queue_that_is_full_gets_all_hands_where_the_others_are_empty(site: Site) -> None:
    engine = await site.engine(patience=30.0)
    await engine.send("mail", messages(20))
    held: list[Delivery] = []

    async with (
        aclosing(engine.deliveries(["slow", "mail", "reports"], 12)) as given,
        asyncio.timeout(_SOON),
    ):
        while len(held) < 10:  # the two that are empty may keep one each
            held.append(await anext(given))

    for one in held:
        await one.done()


async def test_what_nobody_renews_is_handed_out_again(site: Site) -> None:
    forgetful, other = await site.engine(), await site.engine()
    await other.send("mail", [Message("1", b"one")])
    [first] = await taken(forgetful, 1)

    [second] = await taken(other, 1)

    assert (first.times, second.times) == (1, 2)
    assert second.body == b"one"
    await first.back(0)
    await second.done()
    await until_empty(other)


async def test_what_is_renewed_is_not_handed_out_again(site: Site) -> None:
    busy, other = await site.engine(), await site.engine()
    await other.send("mail", [Message("1", b"long")])
    [held] = await taken(busy, 1)
    others = asyncio.create_task(bodies(other, 1))

    until = monotonic() + 2.5 * PATIENCE
    while monotonic() < until:
        await held.renew()
        await asyncio.sleep(PATIENCE / 5)
    await held.done()
    await other.send("mail", [Message("2", b"next")])

    assert await others == [b"next"]
    await until_empty(other)


async def test_done_is_good_once_deliveries_are_closed(site: Site) -> None:
    engine = await site.engine()
    await engine.send("mail", messages(1))
    [one] = await taken(engine, 1)

    await one.renew()
    await one.done()

    await until_empty(engine)


async def test_what_is_given_back_is_handed_out_again_at_once(site: Site) -> None:
    engine = await site.engine(patience=30.0)
    await engine.send("mail", [Message("1", b"one")])

    async with aclosing(engine.deliveries(["mail"], 1)) as given, asyncio.timeout(_SOON):
        first = await anext(given)
        await first.back(0)
        second = await anext(given)

        assert (second.body, second.times) == (b"one", 2)
        await second.done()
    await until_empty(engine)


async def test_what_is_given_back_with_a_pause_is_not_handed_out_before(site: Site) -> None:
    engine = await site.engine()
    await engine.send("mail", [Message("1", b"one")])
    [first] = await taken(engine, 1)

    given_back = monotonic()
    await first.back(0.6)
    [second] = await taken(engine, 1)

    assert monotonic() - given_back >= 0.55  # the servers' clocks count in milliseconds
    await second.done()


async def test_what_was_taken_and_not_given_is_given_back_at_the_end(site: Site) -> None:
    leaving, other = await site.engine(patience=60.0), await site.engine(patience=60.0)
    await other.send("mail", messages(10))

    async with asyncio.timeout(_SOON):
        given = leaving.deliveries(["mail"], 10)
        one = await anext(given)
        await given.aclose()
    found = await bodies(other, 9)

    assert sorted([*found, one.body]) == [b"%d" % n for n in range(10)]
    await one.done()
    await until_empty(other)


async def test_a_worker_that_is_cancelled_while_it_waits_loses_nothing(site: Site) -> None:
    engine = await site.engine(patience=60.0)

    async def wait() -> None:
        async for _ in engine.deliveries(["mail", "slow"], 5):
            raise AssertionError("there was nothing")

    for n in range(3):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.05 * n)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await engine.send("mail", messages(5))

    assert sorted(await bodies(engine, 5, ("mail", "slow"))) == [b"%d" % n for n in range(5)]


# -- connections ---------------------------------------------------------------------------------


async def test_others_get_what_a_worker_had_whose_connection_is_lost(site: Site) -> None:
    other = await site.engine()
    async with wire_to(site.url) as wire:
        lost = await site.engine(wire.url)
        await other.send("mail", messages(5))
        held = await taken(lost, 5)

        await wire.cut()
        found = await bodies(other, 5)

        assert sorted(found) == sorted(one.body for one in held)
        for one in held:
            with pytest.raises(EngineAway):
                await one.renew()


async def test_others_get_what_a_worker_had_that_hangs(site: Site) -> None:
    other = await site.engine()
    async with wire_to(site.url) as wire:
        hanging = await site.engine(wire.url)
        await other.send("mail", messages(3))
        await taken(hanging, 3)

        wire.freeze()

        assert sorted(await bodies(other, 3)) == [b"0", b"1", b"2"]
        await wire.cut()


async def test_everything_goes_on_once_a_lost_connection_is_mended(site: Site) -> None:
    async with wire_to(site.url) as wire:
        engine = await site.engine(wire.url)
        await engine.send("mail", messages(1))

        async with aclosing(engine.deliveries(["mail"], 2)) as given, asyncio.timeout(_SOON):
            await (await anext(given)).done()
            await wire.cut()
            with pytest.raises(EngineAway):
                await anext(given)
        with pytest.raises(EngineAway):
            await engine.send("mail", messages(1, first=1))
        with pytest.raises(EngineAway):
            await engine.waiting("mail")

        await wire.mend()
        await engine.send("mail", messages(1, first=2))

        async with aclosing(engine.deliveries(["mail"], 2)) as given, asyncio.timeout(_SOON):
            # That the first was done may have been lost with the connection.
            while (one := await anext(given)).body != b"2":
                assert one.body == b"0"
                await one.done()
            await one.done()


@pytest.mark.parametrize("kind", ["nats", "redis"])
async def test_a_server_that_is_killed_has_lost_nothing_when_it_is_back(
    kind: str, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    server = own_server(kind, tmp_path, missing)
    server.start()
    try:
        async with site_of(kind, missing, server.url) as site:
            engine = await site.engine()
            await engine.send("mail", messages(200))
            held = await taken(engine, 20)

            server.kill()
            with pytest.raises(EngineAway):
                await engine.send("mail", messages(1, first=1000))
            with pytest.raises(EngineAway):
                await taken(engine, 1)

            await asyncio.to_thread(server.start)
            async with asyncio.timeout(_SOON):
                while True:
                    try:
                        await engine.send("mail", messages(100, first=200))
                        break
                    except EngineAway:
                        await asyncio.sleep(0.05)
            found: set[bytes] = set()
            async with asyncio.timeout(_SOON), aclosing(engine.deliveries(["mail"], 50)) as given:
                async for one in given:
                    await one.done()
                    found.add(one.body)  # some come twice, where it was unsure that they are kept
                    if len(found) == 300:
                        break

            assert found == {b"%d" % n for n in range(300)}
            assert {one.body for one in held} <= found
    finally:
        server.kill()


async def test_nothing_is_lost_while_connections_are_cut_again_and_again(site: Site) -> None:
    seen: set[bytes] = set()
    has_all = asyncio.Event()

    async def work(engine: Any) -> None:
        while not has_all.is_set():
            try:
                async with aclosing(engine.deliveries(["mail", "slow"], 4)) as given:
                    async for one in given:
                        await asyncio.sleep(0.002)
                        seen.add(one.body)
                        if len(seen) == 300:
                            has_all.set()
                        await one.done()
            except EngineAway:
                await asyncio.sleep(0.05)

    async with wire_to(site.url) as wire, asyncio.timeout(2 * _SOON):
        engines = [await site.engine(wire.url) for _ in range(2)]
        tasks = [asyncio.create_task(work(engine)) for engine in engines]
        unsent = messages(300)
        cuts = 0
        while unsent:
            try:
                await engines[0].send("mail" if len(unsent) % 20 else "slow", unsent[:10])
                del unsent[:10]
            except EngineAway:
                await wire.mend()
            if cuts < 5 and len(unsent) < 300 - 50 * cuts:
                await wire.cut()
                cuts += 1
        await wire.mend()
        await has_all.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert cuts == 5
    assert seen == {b"%d" % n for n in range(300)}


async def test_what_was_renewed_by_way_of_a_new_connection_stays_in_hands(
    missing: Callable[[str], NoReturn],
) -> None:
    for kind in ("nats", "redis"):  # RabbitMQ takes away what the lost connection had
        async with site_of(kind, missing) as site, wire_to(site.url) as wire:
            engine = await site.engine(wire.url, patience=30.0)
            await engine.send("mail", messages(1))
            [held] = await taken(engine, 1)
            await wire.cut()
            await wire.mend()

            await held.renew()
            await held.done()

            await until_empty(engine)


async def test_an_engine_that_is_not_open_says_so(site: Site) -> None:
    engine = site.made()
    with pytest.raises(EngineAway, match="is not open"):
        await engine.send("mail", messages(1))

    await engine.open()
    await engine.send("mail", messages(1))
    [held] = await taken(engine, 1)
    waiting = asyncio.ensure_future(taken(engine, 1))
    await asyncio.sleep(0.1)
    await engine.close()

    with pytest.raises(EngineAway):
        await waiting
    with pytest.raises(EngineAway):
        await held.done()
    with pytest.raises(EngineAway, match="is not open"):
        await engine.waiting("mail")
    await engine.open()
    assert await bodies(engine, 1) == [b"0"]


async def test_an_engine_whose_server_is_not_there_says_where(site: Site) -> None:
    async with wire_to(site.url) as wire:
        url = wire.url
        await wire.cut()

        with pytest.raises(EngineAway, match=r"at [a-z]+://127\.0\.0\.1:"):
            await site.engine(url)


# -- each engine's own ---------------------------------------------------------------------------


async def test_nats_keeps_one_of_a_kind(missing: Callable[[str], NoReturn]) -> None:
    async with site_of("nats", missing) as site:
        engine = await site.engine()

        await engine.send("mail", [Message("1", b"one")])
        await engine.send("mail", [Message("1", b"one")])
        await engine.send("slow", [Message("1", b"another queue")])

        assert await engine.waiting("mail") == 1
        assert await engine.waiting("slow") == 1


async def test_a_consumer_that_was_deleted_is_made_anew(missing: Callable[[str], NoReturn]) -> None:
    async with site_of("nats", missing) as site:
        engine = await site.engine()
        await engine.send("mail", messages(1))
        stream, consumer = await engine._with_consumer("mail")
        await stream.delete_consumer(site.prefix, consumer)

        with pytest.raises(EngineAway):
            await engine.waiting("mail")

        assert await bodies(engine, 1) == [b"0"]


async def test_a_stream_of_nats_that_was_deleted_is_made_anew(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("nats", missing) as site:
        engine = await site.engine()
        await (await engine._connected()).jetstream().delete_stream(site.prefix)
        with pytest.raises(EngineAway):
            await engine.send("mail", messages(1))

        await engine.send("mail", messages(1))

        assert await bodies(engine, 1) == [b"0"]


async def test_a_stream_that_somebody_else_has_made_is_refused(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("nats", missing) as site:
        engine = await site.engine()
        client = await engine._connected()
        await client.jetstream().delete_stream(site.prefix)
        await client.jetstream().add_stream(name=site.prefix, subjects=[f"{site.prefix}.*"])

        with pytest.raises(SetupError, match="is not this engine's") as error:
            await site.engine()

        assert error.value.code == "jobs.engine"


async def test_rabbitmq_keeps_for_people_what_is_handed_out_for_ever(
    missing: Callable[[str], NoReturn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.jobs.engines.rabbitmq._DELIVERIES", 2)
    async with site_of("rabbitmq", missing) as site:
        engine = await site.engine()
        await engine.send("mail", [Message("1", b"one")])

        for _ in range(3):
            [one] = await taken(engine, 1)

            await one.back(0)

        channel = await engine._channel()
        async with asyncio.timeout(_SOON):
            while True:
                dead = await channel.declare_queue(f"{site.prefix}.dead", passive=True)
                if dead.declaration_result.message_count:
                    break
                await asyncio.sleep(0.02)
        message = await dead.get()
        assert (message.body, message.message_id) == (b"one", "1")
        await message.ack()


async def test_a_queue_that_was_deleted_is_made_anew(missing: Callable[[str], NoReturn]) -> None:
    async with site_of("rabbitmq", missing) as site:
        engine = await site.engine()
        await engine.send("mail", messages(1))
        channel = await engine._channel()
        async with aclosing(engine.deliveries(["mail"], 2)) as given, asyncio.timeout(_SOON):
            await (await anext(given)).done()

            await channel.queue_delete(f"{site.prefix}.queue.mail")
            with pytest.raises(EngineAway):
                await anext(given)
        with pytest.raises(EngineAway):
            await engine.send("mail", messages(1))

        await engine.send("mail", messages(1))

        assert await bodies(engine, 1) == [b"0"]


async def test_a_queue_that_somebody_else_has_made_is_refused(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("rabbitmq", missing) as site:
        engine = await site.engine()
        await (await engine._channel()).declare_queue(f"{site.prefix}.queue.mail", durable=True)

        with pytest.raises(SetupError, match="was made otherwise") as error:
            await engine.send("mail", messages(1))

        assert error.value.code == "jobs.engine"


async def test_redis_holds_nothing_that_is_done_and_no_consumer_that_is_gone(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("redis", missing) as site:
        engine, gone = await site.engine(), await site.engine()
        key = engine.key_of("mail")
        await engine.send("mail", messages(10))
        held = await taken(gone, 2)
        await bodies(engine, 8)
        client = engine._connected()

        await gone.close()
        names = {one["name"] for one in await client.xinfo_consumers(key, "workers")}
        assert gone.consumer.encode() in names, "what it has would be lost with it"

        assert sorted(await bodies(engine, 2)) == sorted(one.body for one in held)
        assert await client.xlen(key) == 0
        await engine.close()
        async with Redis.from_url(site.url) as client:
            names = {one["name"] for one in await client.xinfo_consumers(key, "workers")}
            assert engine.consumer.encode() not in names


async def test_a_stream_of_redis_that_was_deleted_is_made_anew(
    missing: Callable[[str], NoReturn],
) -> None:
    async with site_of("redis", missing) as site:
        engine = await site.engine()
        await engine.send("mail", messages(1))
        async with aclosing(engine.deliveries(["mail"], 2)) as given, asyncio.timeout(_SOON):
            await (await anext(given)).done()
            await engine._connected().delete(engine.key_of("mail"))

            await engine.send("mail", messages(1, first=1))

            assert (await anext(given)).body == b"1"


# -- names and mistakes --------------------------------------------------------------------------


async def test_queues_of_any_name_are_told_apart(site: Site) -> None:
    names = [
        "mail",
        "mail.high",
        "mail.*",
        ">",
        "a b",
        "a/b",
        "ü",
        "@",
        "🙂" * 100,
        "🙂" * 99 + "!",
    ]
    site.queues.update(names)
    engine = await site.engine(patience=30.0)

    for n, name in enumerate(names):
        await engine.send(name, messages(1, first=n))

    for name in names:
        assert await engine.waiting(name) == 1
    assert sorted(await bodies(engine, 10, names)) == [b"%d" % n for n in range(10)]


@given(st.sets(st.text(min_size=1, max_size=100), min_size=2, max_size=5))
def test_two_queues_never_have_the_same_token(names: set[str]) -> None:
    tokens = {token_of(name) for name in names}

    assert len(tokens) == len(names)
    assert all(len(token) <= 120 and token.isascii() for token in tokens)
    assert not any(set(token) & set(" .*>/\\\t\r\n") for token in tokens)


@pytest.mark.parametrize(
    ("engine", "shown"),
    [
        (NatsEngine("nats://ann:secret@a.example:4222"), "<NatsEngine nats://a.example:4222"),
        (RedisEngine("redis://:secret@[::1]:6379/0?password=secret"), "<RedisEngine redis://[::1]"),
        (RabbitMqEngine("amqps://ann:secret@b.example/vhost"), "<RabbitMqEngine amqps://b.example"),
    ],
)
def test_an_engine_shows_its_server_and_no_password(engine: object, shown: str) -> None:
    assert repr(engine).startswith(shown)
    assert "secret" not in repr(engine)


async def test_no_password_is_in_what_is_logged_or_raised(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="trivet")
    scheme, _, rest = site.url.partition("://")
    url = f"{scheme}://guest:topsecret@{rest.rpartition('@')[2]}"

    error: BaseException | None = None
    try:
        engine = await site.engine(url)
        await engine.send("mail", messages(1))
    except EngineAway as away:
        error = away

    assert "topsecret" not in caplog.text + repr(error) + str(error)
    if site.kind != "nats":  # this server asks for no password
        assert error is not None
    assert server_of(url) == server_of(site.url)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: NatsEngine(prefix="a.b"), "prefix='a.b'"),
        (lambda: RedisEngine(prefix=""), "prefix=''"),
        (lambda: RabbitMqEngine(patience=0), "patience=0"),
        (lambda: RabbitMqEngine("http://127.0.0.1"), "neither with amqp://"),
    ],
)
def test_what_no_engine_can_be_made_of_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(SetupError) as error:
        make()

    assert said in str(error.value)
    assert error.value.code == "jobs.engine"


async def test_an_address_that_is_not_of_redis_is_refused() -> None:
    with pytest.raises(SetupError, match="cannot read its address"):
        await RedisEngine("http://127.0.0.1").open()


@pytest.mark.parametrize(
    ("library", "module", "extra"),
    [
        ("nats", "engines.nats", "nats"),
        ("aio_pika", "engines.rabbitmq", "rabbitmq"),
        ("redis", "engines.redis", "redis"),
        ("celery", "bridges.celery", "celery"),
        ("procrastinate", "bridges.procrastinate", "procrastinate"),
    ],
)
def test_a_missing_library_says_what_to_install(library: str, module: str, extra: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import trivet.jobs.{module}"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "MissingExtraError" in done.stderr
    assert f'pip install "trivet[{extra}]"' in done.stderr
