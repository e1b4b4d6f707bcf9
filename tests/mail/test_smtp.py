"""Messages over SMTP, to a real server: TLS, passwords, refusals, and servers that go away."""

from __future__ import annotations

import asyncio
import ssl
import sys

import pytest

from tests.mail.smtp_server import PASSWORD, USER, Server, serving
from trivet.errors import MissingExtraError, SetupError
from trivet.mail import Mail, MailAway, MailRefused, Message, SmtpTransport


def mailer(server: Server, **options: object) -> Mail:
    url = f"smtp://127.0.0.1:{server.port}"
    return Mail(SmtpTransport(url, **options), sender="Shop <shop@example.org>")  # type: ignore[arg-type]


async def test_a_message_arrives_as_it_was_written(server: Server) -> None:
    mail = mailer(server)

    id = await mail.send(
        Message(
            to=["Ann <ann@example.org>", "bob@example.org"],
            cc="carl@example.org",
            bcc="dora@example.org",
            subject="Grüße",
            text="Hällo\n.\n..dots\nend",
        )
    )
    await mail.close()

    [received] = server.received
    assert received.sender == "shop@example.org"
    assert received.recipients == [f"{name}@example.org" for name in ("ann", "bob", "carl", "dora")]
    assert received.mail["From"] == "Shop <shop@example.org>"
    assert received.mail["To"] == "Ann <ann@example.org>, bob@example.org"
    assert received.mail["Subject"] == "Grüße"
    assert received.mail["Message-ID"] == id
    assert received.mail.get_content().splitlines() == ["Hällo", ".", "..dots", "end"]
    assert b"dora" not in received.content


# -- connections ---------------------------------------------------------------------------------


async def test_a_connection_is_used_again(server: Server, message: Message) -> None:
    mail = mailer(server)

    for _ in range(3):
        await mail.send(message)
    await mail.close()

    assert len(server.received) == 3
    assert len(server.connections) == 1


async def test_a_connection_that_the_server_has_closed_is_replaced(
    server: Server, message: Message
) -> None:
    mail = mailer(server)

    await mail.send(message)
    server.drop_all()
    await mail.send(message)
    await mail.close()

    assert len(server.received) == 2
    assert len(server.connections) == 2


async def test_there_are_no_more_connections_than_was_said(
    server: Server, message: Message
) -> None:
    mail = mailer(server, connections=2)

    await asyncio.gather(*(mail.send(message) for _ in range(10)))
    await mail.close()

    assert len(server.received) == 10
    assert len(server.connections) == 2
    assert server.most_at_once <= 2


async def test_a_sender_that_is_cancelled_leaves_no_connection_in_the_middle(
    server: Server, message: Message
) -> None:
    server.on_data = ["wait"]
    mail = mailer(server, connections=1)
    sending = asyncio.create_task(mail.send(message))
    await server.waiting.wait()

    sending.cancel()
    await asyncio.wait([sending])
    await mail.send(message)
    await mail.close()

    assert len(server.received) == 1
    assert len(server.connections) == 2


def test_each_event_loop_has_connections_of_its_own(message: Message) -> None:
    transport = SmtpTransport("smtp://127.0.0.1:1")
    mail = Mail(transport, sender="shop@example.org")

    async def send() -> None:
        async with serving(Server()) as server:
            transport._port = server.port
            await mail.send(message)
            await mail.close()
            assert len(server.received) == 1

    asyncio.run(send())
    asyncio.run(send())


# -- what fails ----------------------------------------------------------------------------------


async def test_a_recipient_that_is_refused_is_named_and_nobody_gets_the_message(
    server: Server,
) -> None:
    server.on_recipient = {"nobody@example.org": "550 5.1.1 no such user"}
    mail = mailer(server)
    message = Message(to=["ann@example.org", "nobody@example.org"], subject="Hello", text="x")

    with pytest.raises(
        MailRefused, match=r"nobody@example.org: 550 5\.1\.1 no such user"
    ) as caught:
        await mail.send(message)

    assert caught.value.code == 550
    assert [one.recipient for one in caught.value.refusals] == ["nobody@example.org"]
    assert server.received == []
    await mail.close()


async def test_after_a_refusal_the_connection_goes_on(server: Server, message: Message) -> None:
    server.on_recipient = {"nobody@example.org": "550 no such user"}
    mail = mailer(server)

    with pytest.raises(MailRefused):
        await mail.send(Message(to="nobody@example.org", subject="Hello", text="x"))
    await mail.send(message)
    await mail.close()

    assert [one.recipients for one in server.received] == [["ann@example.org"]]
    assert len(server.connections) == 1


async def test_a_recipient_that_is_put_off_is_no_refusal(server: Server) -> None:
    server.on_recipient = {"grey@example.org": "451 try again later"}
    mail = mailer(server)

    with pytest.raises(MailAway) as caught:
        await mail.send(Message(to=["ann@example.org", "grey@example.org"], subject="x", text="x"))
    await mail.close()

    assert caught.value.code == 451
    assert [one.reply for one in caught.value.refusals] == ["try again later"]
    assert server.received == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("554 spam", MailRefused), ("552 too large", MailRefused), ("452 full", MailAway)],
)
async def test_permanent_and_temporary_answers_are_told_apart(
    server: Server, message: Message, answer: str, kind: type[Exception]
) -> None:
    server.on_data = [answer]
    mail = mailer(server)

    with pytest.raises(kind, match=answer):
        await mail.send(message)
    await mail.close()


async def test_a_sender_that_is_refused_is_a_refusal(server: Server, message: Message) -> None:
    server.on_mail = "553 who are you"
    mail = mailer(server)

    with pytest.raises(MailRefused, match="553 who are you"):
        await mail.send(message)
    await mail.close()


async def test_a_server_that_wants_to_know_who_we_are_does_not_refuse_the_message(
    server: Server, message: Message
) -> None:
    server.on_mail = "530 5.7.0 Authentication required"
    mail = mailer(server)

    with pytest.raises(MailAway, match="530"):
        await mail.send(message)
    await mail.close()


async def test_a_server_that_says_goodbye_is_away(server: Server, message: Message) -> None:
    server.on_mail = "421 closing"
    mail = mailer(server)

    with pytest.raises(MailAway, match="421 closing"):
        await mail.send(message)
    server.on_mail = None
    await mail.send(message)
    await mail.close()

    assert len(server.connections) == 2


@pytest.mark.parametrize("what", ["drop", "wait"])
async def test_a_message_whose_answer_never_came_is_in_doubt(
    server: Server, message: Message, what: str
) -> None:
    server.on_data = [what]
    mail = mailer(server, timeout=0.3)

    with pytest.raises(MailAway) as caught:
        await mail.send(message)
    await mail.send(message)
    await mail.close()

    assert caught.value.is_in_doubt
    assert len(server.received) == 1


async def test_a_server_that_is_not_there_is_away(message: Message) -> None:
    async with serving(Server()) as gone:
        pass

    with pytest.raises(MailAway, match=r"no way to 127\.0\.0\.1"):
        await mailer(gone).send(message)


async def test_a_message_larger_than_the_server_takes_is_refused_before_it_is_sent(
    message: Message,
) -> None:
    async with serving(Server(), data_size_limit=200) as server:
        mail = mailer(server)
        with pytest.raises(MailRefused, match="552"):
            await mail.send(message.model_copy(update={"text": "x" * 500}))
        await mail.close()

        assert server.received == []


# -- letters beyond ASCII ------------------------------------------------------------------------


async def test_a_domain_in_other_letters_needs_nothing_of_the_server() -> None:
    async with serving(Server(), utf8=False) as server:
        mail = mailer(server)
        await mail.send(Message(to="Jörg <joerg@bücher.example>", subject="ß", text="ß"))
        await mail.close()

        [received] = server.received
        assert received.recipients == ["joerg@xn--bcher-kva.example"]
        assert received.content.isascii()


async def test_smtputf8_is_asked_for_only_where_it_is_needed(
    server: Server, message: Message
) -> None:
    mail = mailer(server)

    await mail.send(message)
    await mail.send(Message(to="jörg@example.org", subject="Grüße", text="x"))
    await mail.close()

    first, second = server.received
    assert "SMTPUTF8" not in first.options
    assert "SMTPUTF8" in second.options
    assert second.recipients == ["jörg@example.org"]


async def test_a_server_without_smtputf8_refuses_such_an_address() -> None:
    async with serving(Server(), utf8=False) as server:
        mail = mailer(server)
        with pytest.raises(MailRefused, match="SMTPUTF8"):
            await mail.send(Message(to="jörg@example.org", subject="x", text="x"))
        await mail.close()


# -- TLS and passwords ---------------------------------------------------------------------------


async def test_with_starttls_the_password_crosses_under_tls(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, message: Message
) -> None:
    server = Server()
    login = {"authenticator": server.authenticate, "auth_required": True, "auth_require_tls": True}
    async with serving(server, tls=server_tls, require_starttls=True, **login):
        url = f"smtp://{USER}:pass%40word@127.0.0.1:{server.port}"
        mail = Mail(SmtpTransport(url, starttls=True, tls=client_tls), sender="shop@example.org")
        await mail.send(message)
        await mail.close()

        assert [one.was_secure for one in server.received] == [True]
        assert server.passwords == [PASSWORD.encode()]


async def test_smtps_begins_with_tls(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, message: Message
) -> None:
    async with serving(Server(), tls=server_tls, from_start=True) as server:
        url = f"smtps://localhost:{server.port}"
        mail = Mail(SmtpTransport(url, tls=client_tls), sender="shop@example.org")
        await mail.send(message)
        await mail.close()

        assert len(server.received) == 1


@pytest.mark.parametrize("from_start", [True, False])
async def test_a_certificate_of_an_unknown_authority_is_not_taken(
    server_tls: ssl.SSLContext, message: Message, from_start: bool
) -> None:
    server = Server()
    login = {"authenticator": server.authenticate, "auth_require_tls": False}
    async with serving(server, tls=server_tls, from_start=from_start, **login):
        scheme = "smtps" if from_start else "smtp"
        url = f"{scheme}://{USER}:secret@127.0.0.1:{server.port}"
        mail = Mail(SmtpTransport(url, starttls=True), sender="shop@example.org")
        with pytest.raises(MailAway, match="certificate"):
            await mail.send(message)
        await mail.close()

        assert server.received == []
        assert server.passwords == []


async def test_a_server_without_starttls_is_not_told_the_password(message: Message) -> None:
    server = Server()
    login = {"authenticator": server.authenticate, "auth_require_tls": False}
    async with serving(server, **login):
        url = f"smtp://{USER}:secret@127.0.0.1:{server.port}"
        mail = Mail(SmtpTransport(url, starttls=True), sender="shop@example.org")
        with pytest.raises(MailAway, match="STARTTLS"):
            await mail.send(message)
        await mail.close()

        assert server.passwords == []


async def test_a_wrong_password_is_no_refusal_of_the_message(message: Message) -> None:
    server = Server()
    login = {"authenticator": server.authenticate, "auth_require_tls": False}
    async with serving(server, **login):
        url = f"smtp://{USER}:wrong@127.0.0.1:{server.port}"
        mail = Mail(SmtpTransport(url), sender="shop@example.org")
        with pytest.raises(MailAway, match="name and password") as caught:
            await mail.send(message)
        await mail.close()

        assert caught.value.code == 535
        assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_tls_first"),
    [
        ("smtp://mail.example.org", True),
        ("smtp://10.0.0.1:25", True),
        ("smtp://localhost", False),
        ("smtp://127.0.0.1:1025", False),
        ("smtp://[::1]:1025", False),
    ],
)
def test_starttls_is_the_rule_for_other_machines(url: str, is_tls_first: bool) -> None:
    assert SmtpTransport(url)._starttls is is_tls_first


def test_a_password_in_the_clear_is_refused_when_it_is_declared() -> None:
    with pytest.raises(SetupError) as caught:
        SmtpTransport("smtp://ann:secret@mail.example.org", starttls=False)

    assert caught.value.code == "mail.clear-password"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org:587", "http://ann:secret@mail.example.org", "smtp://", "smtp://x:port",
        "smtp://ann:secret@host:99999", "smtp://host/path", "smtp://host?tls=no",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        SmtpTransport(url)

    assert caught.value.code == "mail.server"
    assert "secret" not in str(caught.value)


def test_the_transport_does_not_show_its_password() -> None:
    assert repr(SmtpTransport("smtp://ann:secret@mail.example.org")) == (
        "<SmtpTransport mail.example.org:587>"
    )


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)

    with pytest.raises(MissingExtraError, match=r"trivet\[mail\]"):
        SmtpTransport("smtp://mail.example.org")
