"""Webhooks of others: verified, kept once, answered at once, worked by jobs; on every database."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import stripe
from sqlalchemy import func, select

from tests.webhooks.running import Order, Site, until
from trivet import Depends
from trivet.errors import SetupError
from trivet.testing import async_client
from trivet.webhooks import Received, StandardSignature, StripeSignature
from trivet.webhooks.secrets import new_secret
from trivet.webhooks.signing import signed_headers
from trivet.webhooks.tables import tables_in

SECRET = "whsec_test"


@dataclass
class Invoice:
    id: str
    total: int


@dataclass
class InvoicePaid:
    id: str
    data: Invoice


def message(id: str = "evt_1", event: str = "invoice.paid", **data: object) -> bytes:
    invoice = {"id": "in_1", "total": 7, **data}
    return json.dumps({"id": id, "type": event, "data": invoice}).encode()


def signed(body: bytes, *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return {"stripe-signature": made}


async def count(site: Site) -> tuple[int, int]:
    """Give how many messages are kept, and how many jobs."""
    jobs, received = site.jobs.board.jobs, tables_in(site.database.metadata).received
    async with site.database.engine.connect() as connection:
        found = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (received, jobs)
        ]
    return found[0], found[1]


async def orders(site: Site) -> list[str]:
    async with site.database.own_transaction():
        return [order.text for order in await Order.all().order_by("id")]


async def test_a_good_message_is_answered_and_worked(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    @incoming.handler("invoice.paid")
    async def paid(event: InvoicePaid) -> None:
        await Order.create(text=f"{event.data.id} {event.data.total}")

    body = message()
    async with async_client(site.app) as client:
        answer = await client.post("/hooks/stripe", content=body, headers=signed(body))
        assert (answer.status_code, answer.content) == (202, b"")
        assert await count(site) == (1, 1)
        async with site.working():
            assert await until(lambda: orders(site)) == ["in_1 7"]


async def test_the_same_message_again_is_answered_and_changes_nothing(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    @incoming.handler()
    async def any_of_them(event: Received) -> None: ...

    body = message()
    async with async_client(site.app) as client:
        answers = [
            (await client.post("/hooks/stripe", content=one, headers=signed(one))).status_code
            for one in (body, body, message("EVT_1"), message("evt_1 "))
        ]

    assert answers == [202, 200, 202, 202]
    assert await count(site) == (3, 3)


async def test_the_same_message_at_the_same_time_is_kept_once(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    @incoming.handler()
    async def any_of_them(event: Received) -> None: ...

    body = message()
    async with async_client(site.app) as client:
        answers = await asyncio.gather(
            *[client.post("/hooks/stripe", content=body, headers=signed(body)) for _ in range(8)]
        )

    assert sorted(one.status_code for one in answers) == [200] * 7 + [202]
    assert await count(site) == (1, 1)


async def test_two_sources_may_have_the_same_ids(site: Site) -> None:
    site.webhooks.incoming("/one", StripeSignature(SECRET))
    site.webhooks.incoming("/two", StripeSignature(SECRET), name="the other shop")

    body = message()
    async with async_client(site.app) as client:
        for path in ("/one", "/two"):
            answer = await client.post(path, content=body, headers=signed(body))
            assert answer.status_code == 202

    assert await count(site) == (2, 0)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (dict, "the header stripe-signature is missing"),
        (lambda: {"stripe-signature": "t=1,v1=00"}, "too long ago, or in the future"),
        (lambda: signed(message(), secret="another"), "no signature fits the body and the secret"),
        (lambda: signed(message(), age=301), "too long ago, or in the future"),
        (lambda: signed(message("evt_2")), "no signature fits the body and the secret"),
    ],
    ids=["none", "old", "of another secret", "just too old", "of another body"],
)
async def test_a_bad_signature_is_refused_and_nothing_is_kept(
    site: Site, given: Callable[[], dict[str, str]], why: str
) -> None:
    site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    async with async_client(site.app) as client:
        answer = await client.post("/hooks/stripe", content=message(), headers=given())

    assert answer.status_code == 401
    assert why in answer.json()["detail"]
    assert await count(site) == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        message("a" * 201),
        message("evt_1", "a" * 101),
        message("evt\0"),
        message("evt\ud800"),
    ],
    ids=range(6),
)
async def test_what_is_no_message_is_a_bad_request(site: Site, body: bytes) -> None:
    site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    async with async_client(site.app) as client:
        answer = await client.post("/hooks/stripe", content=body, headers=signed(body))

    assert answer.status_code == 400
    assert await count(site) == (0, 0)


async def test_what_is_too_large_is_refused_before_it_is_verified(site: Site) -> None:
    site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET), max_body_size=100)

    async with async_client(site.app) as client:
        answer = await client.post("/hooks/stripe", content=b"a" * 101)

    assert answer.status_code == 413


async def test_a_handler_hears_the_events_that_it_names(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))
    heard: list[tuple[str, str]] = []

    @incoming.handler("invoice.paid", "invoice.voided")
    async def two_of_them(event: Received) -> None:
        heard.append(("two", event.event))

    @incoming.handler("invoice.*", queue="slow")
    def all_of_invoices(event: Received) -> None:
        heard.append(("invoices", event.event))

    events = ["invoice.paid", "invoice.sent", "customer.created"]
    async with async_client(site.app) as client:
        for number, event in enumerate(events):
            body = message(f"evt_{number}", event)
            await client.post("/hooks/stripe", content=body, headers=signed(body))
        assert await count(site) == (3, 3)

        async def all_heard() -> bool:
            return len(heard) == 3

        async with site.working():
            await until(all_heard)

    assert sorted(heard) == [
        ("invoices", "invoice.paid"), ("invoices", "invoice.sent"), ("two", "invoice.paid"),
    ]  # fmt: skip


async def test_a_handler_is_given_the_message_as_it_came_and_its_dependencies(site: Site) -> None:
    secret = new_secret()
    incoming = site.webhooks.incoming("/hooks/shop", StandardSignature(secret), name="shop")
    heard: list[tuple[Received, str]] = []

    def clerk() -> str:
        return "Ann"

    @incoming.handler("order.placed")
    async def placed(event: Received, by: str = Depends(clerk)) -> None:
        heard.append((event, by))

    body = b'{"type": "order.placed",\n "data": [1]}'
    headers = signed_headers([secret], "msg_1", int(time.time()), body)

    async def found() -> list[tuple[Received, str]]:
        return heard

    async with async_client(site.app) as client:
        await client.post("/hooks/shop", content=body, headers=headers)
        async with site.working():
            ((event, by),) = await until(found)

    assert (event.source, event.id, event.event, by) == ("shop", "msg_1", "order.placed", "Ann")
    assert event.body == body
    assert event.json() == {"type": "order.placed", "data": [1]}
    assert event.received.tzinfo is not None


async def test_one_handler_that_fails_is_tried_again_alone(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))
    tried: list[str] = []

    @incoming.handler("invoice.paid", backoff=0.01)
    async def fails_once(event: Received) -> None:
        tried.append("one")
        if tried.count("one") == 1:
            raise ValueError("not yet")

    @incoming.handler("invoice.paid")
    async def works(event: Received) -> None:
        tried.append("two")

    async def twice() -> bool:
        return tried.count("one") == 2

    body = message()
    async with async_client(site.app) as client:
        await client.post("/hooks/stripe", content=body, headers=signed(body))
        async with site.working():
            await until(twice)

    assert tried.count("two") == 1


async def test_a_message_of_another_form_is_dead_at_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    @incoming.handler("invoice.paid")
    async def paid(event: InvoicePaid) -> None: ...

    async def is_dead() -> bool:
        return any("is dead" in record.getMessage() for record in caplog.records)

    body = message(total="many")
    with caplog.at_level(logging.ERROR):
        async with async_client(site.app) as client:
            await client.post("/hooks/stripe", content=body, headers=signed(body))
            async with site.working():
                await until(is_dead)

    assert "invoice.paid evt_1 is not as expected" in caplog.text


async def test_the_path_is_not_in_the_document(site: Site) -> None:
    site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    assert site.app.openapi()["paths"] == {}


async def test_a_handler_without_a_parameter_is_refused(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    with pytest.raises(SetupError) as caught:

        @incoming.handler("invoice.paid")
        async def paid() -> None: ...

    assert caught.value.code == "webhooks.handler"
    assert caught.value.mend == "async def paid(message: Received)"


async def test_a_parameter_that_is_no_dependency_is_refused(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    with pytest.raises(SetupError, match="'page' behind the message") as caught:

        @incoming.handler("invoice.paid")
        async def paid(event: Received, page: int) -> None: ...

    assert caught.value.code == "webhooks.handler"


async def test_a_type_that_no_json_gives_is_refused(site: Site) -> None:
    incoming = site.webhooks.incoming("/hooks/stripe", StripeSignature(SECRET))

    with pytest.raises(SetupError, match="cannot be read from JSON") as caught:

        @incoming.handler("invoice.paid")
        async def paid(event: Site) -> None: ...

    assert caught.value.code == "webhooks.handler"
