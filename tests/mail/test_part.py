"""Mail in an application: several mailers, an outbox that commits with the rest, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.mail.smtp_server import Server
from trivet import App
from trivet.db import Database, Mapped, Model, OutsideUnitError, field
from trivet.errors import SetupError
from trivet.jobs import Jobs, Stop
from trivet.jobs.tables import board_in
from trivet.mail import (
    Mail,
    MailRefused,
    MemoryTransport,
    Message,
    Outbox,
    SmtpTransport,
)
from trivet.testing import async_client

SENDER = "Shop <shop@example.org>"


class Site(Model):
    __abstract__ = True


class Member(Site):
    email: Mapped[str] = field(max_length=100, unique=True)


@pytest.fixture(params=list(URLS))
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    board_in(Site.metadata)
    async with clean_database(address(request.param), Site.metadata, models=Site) as found:
        yield found


class Telling(MemoryTransport):
    """Says when there is something."""

    def __init__(self) -> None:
        super().__init__()
        self.has_sent = asyncio.Event()

    async def send(self, message: Message) -> None:
        await super().send(message)
        self.has_sent.set()


def site_with(database: Database, mail: Mail) -> tuple[App, Jobs]:
    """Give an application whose sign-ups send mail through the outbox."""
    app = App()
    app.use(database)
    app.use(mail)
    jobs = app.use(Jobs(database))

    @mail.outbox
    @jobs.job(backoff=0.01)
    async def send_mail(message: Message) -> None:
        try:
            await mail.deliver(message)
        except MailRefused as error:
            raise Stop(str(error)) from error

    @app.post("/members")
    async def sign_up(email: str) -> dict[str, Any]:
        await Member.create(email=email)
        id = await mail.send(Message(to=email, subject="Welcome", text="Hello"))
        if email.startswith("late"):
            raise ZeroDivisionError
        return {"id": id}

    return app, jobs


async def test_a_mail_is_sent_once_what_was_written_is_committed(database: Database) -> None:
    transport = Telling()
    app, _ = site_with(database, Mail(transport, sender=SENDER))

    async with async_client(app) as client:
        answer = await client.post("/members", params={"email": "ann@example.org"})
        await asyncio.wait_for(transport.has_sent.wait(), 20)

    assert [(one.id, one.to) for one in transport.messages] == [
        (answer.json()["id"], ("ann@example.org",))
    ]


async def test_for_a_sign_up_that_is_rolled_back_nothing_is_sent(database: Database) -> None:
    transport = Telling()
    app, _ = site_with(database, Mail(transport, sender=SENDER))

    async with async_client(app) as client:
        with pytest.raises(ZeroDivisionError):
            await client.post("/members", params={"email": "late@example.org"})
        await client.post("/members", params={"email": "ann@example.org"})
        await asyncio.wait_for(transport.has_sent.wait(), 20)

    assert [one.to for one in transport.messages] == [("ann@example.org",)]


async def test_without_a_transaction_the_outbox_says_so(database: Database) -> None:
    mail = Mail(MemoryTransport(), sender=SENDER)
    site_with(database, mail)

    with pytest.raises(OutsideUnitError):
        await mail.send(Message(to="ann@example.org", subject="x", text="x"))


async def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    database: Database, server: Server
) -> None:
    server.on_data = ["451 later", "drop"]
    server.on_recipient = {"nobody@example.org": "550 no such user"}
    mail = Mail(SmtpTransport(f"smtp://127.0.0.1:{server.port}"), sender=SENDER)
    app, jobs = site_with(database, mail)

    async with async_client(app) as client, asyncio.timeout(20):
        answer = await client.post("/members", params={"email": "ann@example.org"})
        await client.post("/members", params={"email": "nobody@example.org"})
        dead = 0
        while not (server.received and dead):
            await asyncio.sleep(0.01)  # tables tell nobody
            dead = sum(one.dead for one in await jobs.stats())

    [received] = server.received
    assert received.mail["Message-ID"] == answer.json()["id"]
    assert dead == 1


# -- without a database --------------------------------------------------------------------------


async def test_whatever_enqueues_may_be_the_outbox(message: Message) -> None:
    class Folder:
        def __init__(self) -> None:
            self.kept: list[Message] = []

        async def enqueue(self, message: Message, /) -> None:
            self.kept.append(message)

    transport = MemoryTransport()
    mail = Mail(transport, sender=SENDER)
    folder = mail.outbox(Folder())
    assert isinstance(folder, Outbox)

    id = await mail.send(message)

    assert transport.messages == []
    assert [one.id for one in folder.kept] == [id]
    await mail.deliver(folder.kept[0])
    assert transport.messages == folder.kept


async def test_a_message_keeps_the_sender_and_the_id_that_it_has(message: Message) -> None:
    transport = MemoryTransport()
    mail = Mail(transport, sender=SENDER)

    own = message.model_copy(update={"sender": "ceo@other.example", "id": "<1@other.example>"})
    await mail.send(own)
    await mail.send(message.model_copy(update={"sender": "ceo@other.example"}))

    first, second = transport.messages
    assert (first.sender, first.id) == ("ceo@other.example", "<1@other.example>")
    assert second.id is not None
    assert second.id.endswith("@other.example>")


async def test_an_application_has_several_mailers_which_it_opens_and_closes(
    message: Message,
) -> None:
    told: list[str] = []

    class Opening(MemoryTransport):
        async def open(self) -> None:
            told.append("open")

        async def close(self) -> None:
            told.append("close")

    app = App()
    orders = app.use(Mail(Opening(), sender="orders@example.org"))
    news = app.use(Mail(Opening(), sender="news@example.org"))

    async with async_client(app):
        await orders.send(message)
        await news.send(message)

    assert told == ["open", "open", "close", "close"]
    assert isinstance(news.transport, MemoryTransport)
    assert [one.sender for one in news.transport.messages] == ["news@example.org"]


def test_a_sender_that_is_no_address_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        Mail(MemoryTransport(), sender="Shop")

    assert caught.value.code == "mail.sender"


def test_an_outbox_that_keeps_nothing_is_refused() -> None:
    async def send_mail(message: Message) -> None: ...

    with pytest.raises(SetupError) as caught:
        Mail(MemoryTransport(), sender=SENDER).outbox(send_mail)  # type: ignore[type-var]

    assert caught.value.code == "mail.outbox"


def test_a_second_outbox_is_refused() -> None:
    class Folder:
        async def enqueue(self, message: Message, /) -> None: ...

    mail = Mail(MemoryTransport(), sender=SENDER)
    mail.outbox(Folder())

    with pytest.raises(SetupError) as caught:
        mail.outbox(Folder())

    assert caught.value.code == "mail.second-outbox"


def test_mail_that_goes_nowhere_is_a_finding_where_debug_is_off() -> None:
    mail = Mail(MemoryTransport(), sender=SENDER)
    real = Mail(SmtpTransport("smtp://mail.example.org"), sender=SENDER)

    assert [one.code for one in mail.checks(App())] == ["mail.not-sent"]
    assert mail.checks(App(debug=True)) == ()
    assert real.checks(App()) == ()


# -- handlers without async ----------------------------------------------------------------------


async def test_a_plain_handler_sends_within_its_own_transaction(database: Database) -> None:
    transport = Telling()
    mail = Mail(transport, sender=SENDER)
    app, _ = site_with(database, mail)

    @app.post("/plain")
    def sign_up(email: str) -> dict[str, str]:
        id = mail.send_from_thread(Message(to=email, subject="Welcome", text="Hello"))
        if email.startswith("late"):
            raise ZeroDivisionError
        return {"id": id}

    async with async_client(app) as client:
        with pytest.raises(ZeroDivisionError):
            await client.post("/plain", params={"email": "late@example.org"})
        answer = await client.post("/plain", params={"email": "ann@example.org"})
        await asyncio.wait_for(transport.has_sent.wait(), 20)

    assert [(one.id, one.to) for one in transport.messages] == [
        (answer.json()["id"], ("ann@example.org",))
    ]


async def test_a_plain_handler_is_told_what_the_transport_raises() -> None:
    class Refusing(MemoryTransport):
        async def send(self, message: Message) -> None:
            raise MailRefused("no such user", code=550)

    app = App()
    mail = app.use(Mail(Refusing(), sender=SENDER))

    @app.post("/plain")
    def plain(email: str) -> str:
        try:
            return mail.send_from_thread(Message(to=email, subject="x", text="x"))
        except MailRefused as error:
            return str(error.code)

    async with async_client(app) as client:
        answer = await client.post("/plain", params={"email": "ann@example.org"})

    assert answer.json() == "550"


async def test_elsewhere_than_on_a_handlers_thread_it_says_so(message: Message) -> None:
    mail = Mail(MemoryTransport(), sender=SENDER)

    with pytest.raises(SetupError) as on_the_loop:
        mail.send_from_thread(message)
    with ThreadPoolExecutor(1) as pool, pytest.raises(SetupError) as elsewhere:
        pool.submit(mail.send_from_thread, message).result()

    assert {on_the_loop.value.code, elsewhere.value.code} == {"mail.no-thread"}


# -- several -------------------------------------------------------------------------------------


async def test_two_mailers_have_outboxes_of_their_own_and_one_inbox(message: Message) -> None:
    class Folder:
        def __init__(self) -> None:
            self.kept: list[Message] = []

        async def enqueue(self, message: Message, /) -> None:
            self.kept.append(message)

    app = App(debug=True)
    orders = app.use(Mail(MemoryTransport(), sender="orders@example.org", name="orders"))
    news = app.use(Mail(MemoryTransport(), sender="news@example.org", name="news"))
    kept = news.outbox(Folder())

    await orders.send(message)
    await news.send(message)

    assert isinstance(orders.transport, MemoryTransport)
    assert isinstance(news.transport, MemoryTransport)
    assert [one.sender for one in orders.transport.messages] == ["orders@example.org"]
    assert news.transport.messages == []
    assert [one.sender for one in kept.kept] == ["news@example.org"]
    await news.deliver(kept.kept[0])
    async with async_client(app) as client:
        page = await client.get("/_dev/mail")
    assert "2 messages" in page.text
    assert [part.name for part in app.parts.values() if isinstance(part, Mail)] == [
        "orders", "news",
    ]  # fmt: skip
    assert len([one for part in app.parts.values() for one in part.commands()]) == 1
