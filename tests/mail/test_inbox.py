"""The inbox of development: what it shows, to whom, and that nothing in a message does anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from trivet import App
from trivet.mail import Attachment, Mail, MailAway, MemoryTransport, Message
from trivet.testing import TestClient

SENDER = "Shop <shop@example.org>"
EVIL = "<script>alert(1)</script>"


class Away(MemoryTransport):
    async def send(self, message: Message) -> None:
        raise MailAway("the server is away")


@pytest.fixture
def app() -> App:
    app = App(debug=True)
    mail = app.use(Mail(MemoryTransport(), sender=SENDER))
    other = app.use(Mail(Away(), sender="other@example.org"))

    @app.post("/send")
    async def send(message: Message) -> str:
        return await mail.send(message)

    @app.post("/fail")
    async def fail(message: Message) -> None:
        with pytest.raises(MailAway):
            await other.send(message)

    return app


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    with TestClient(app) as found:
        yield found


def send(client: TestClient, message: Message, path: str = "/send") -> None:
    answer = client.post(path, json=message.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text


def rich() -> Message:
    return Message(
        to=f'"{EVIL}" <ann@example.org>',
        bcc="bob@example.org",
        subject=f"Hello {EVIL}",
        text=f"See https://example.org/confirm?a=1&b=2. {EVIL}",
        html=f"<!DOCTYPE html><html><head><title>x</title></head><body>"
        f'<img src="cid:logo">{EVIL}</body></html>',
        headers={"X-Shop": EVIL},
        attachments=[
            Attachment(name="logo.png", content=b"\x89PNG", cid="logo"),
            Attachment(name=f"{EVIL[1:8]} ü.html", content=EVIL.encode()),
        ],
    )


def test_messages_are_listed_newest_first(client: TestClient) -> None:
    assert "Nothing was sent" in client.get("/_dev/mail").text

    send(client, Message(to="ann@example.org", subject="First", text="x"))
    send(client, Message(to="ann@example.org", subject="Second", text="x"))

    page = client.get("/_dev/mail").text
    assert page.index("Second") < page.index("First")
    assert "2 messages" in page


def test_a_message_shows_its_head_text_and_attachments(client: TestClient) -> None:
    send(client, rich())

    page = client.get("/_dev/mail/1").text

    assert "bob@example.org" in page
    assert 'href="https://example.org/confirm?a=1&amp;b=2"' in page
    assert 'src="/_dev/mail/1/html"' in page
    assert "shown as cid:logo" in page


def test_nothing_of_a_message_is_markup_on_our_pages(client: TestClient) -> None:
    send(client, rich())

    for path in ("/_dev/mail", "/_dev/mail/1"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["cache-control"] == "no-store"


def test_the_html_has_its_pictures_and_may_do_nothing(client: TestClient) -> None:
    send(client, rich())

    answer = client.get("/_dev/mail/1/html")

    assert '<img src="data:image/png;base64,iVBORw==">' in answer.text
    assert '<head><base target="_blank">' in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


def test_html_without_a_head_has_links_that_open_a_window(client: TestClient) -> None:
    send(client, Message(to="ann@example.org", subject="x", html="<p>x</p>"))

    assert client.get("/_dev/mail/1/html").text == '<base target="_blank"><p>x</p>'


def test_attachments_are_saved_and_never_shown(client: TestClient) -> None:
    send(client, rich())

    answer = client.get("/_dev/mail/1/attachments/1")

    assert answer.content == EVIL.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''script%3E%20%C3%BC.html"
    )


def test_the_source_is_what_goes_over_the_wire(client: TestClient) -> None:
    send(client, rich())

    answer = client.get("/_dev/mail/1/source")

    assert b"Message-ID: <" in answer.content
    assert b"bob@example.org" not in answer.content


def test_mail_that_was_not_sent_is_shown_with_its_reason(client: TestClient) -> None:
    send(client, Message(to="ann@example.org", subject="x", text="x"), "/fail")

    assert "Not sent: the server is away" in client.get("/_dev/mail").text
    assert "Not sent: the server is away" in client.get("/_dev/mail/1").text


@pytest.mark.parametrize(
    "path", ["/2", "/1/html", "/1/attachments/0", "/1/attachments/-1", "/0", "/2/source"]
)
def test_what_is_not_there_is_a_404(client: TestClient, path: str) -> None:
    send(client, Message(to="ann@example.org", subject="x", text="x"))

    assert client.get(f"/_dev/mail{path}").status_code == 404


def test_the_last_two_hundred_are_kept(client: TestClient) -> None:
    for number in range(201):
        send(client, Message(to="ann@example.org", subject=f"Number {number}", text="x"))

    assert "200 messages" in client.get("/_dev/mail").text
    assert client.get("/_dev/mail/1").status_code == 404
    assert client.get("/_dev/mail/201").status_code == 200


@pytest.mark.parametrize(("debug", "inbox"), [(False, True), (True, False)])
def test_there_is_no_inbox_without_debug_or_where_it_is_not_wanted(
    debug: bool, inbox: bool, message: Message
) -> None:
    app = App(debug=debug)
    app.use(Mail(MemoryTransport(), sender=SENDER, inbox=inbox))

    with TestClient(app) as client:
        assert client.get("/_dev/mail").status_code == 404


def test_the_inbox_stands_in_no_document(client: TestClient) -> None:
    assert "/_dev" not in client.get("/openapi.json").text
