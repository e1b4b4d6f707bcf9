"""Mails from templates: subject, HTML and text, and nothing that could begin another header."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet import App
from trivet.errors import SetupError
from trivet.mail import Attachment, Mail, MemoryTransport, Renderer
from trivet.mail.mime import mime_of
from trivet.templates import Templates
from trivet.testing import async_client

SENDER = "Shop <shop@example.org>"
WELCOME = """{% extends "mail/layout.html" %}
{% block subject %}
  Welcome, {{ name }}
{% endblock %}
{% block content %}
<h1>Hello {{ name }}</h1>
<p><a class="button" href="{{ link }}">Confirm your address</a></p>
{% endblock %}
"""


class Texts:
    """A renderer that knows its texts."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def has(self, name: str, /) -> bool:
        return name.replace(".", "_") in self.texts

    async def text(self, name: str, /, **context: Any) -> str:
        return self.texts[name.replace(".", "_")].format(**context)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "welcome.html").write_text(WELCOME)
    return tmp_path


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def mail(folder: Path, transport: MemoryTransport) -> Mail:
    app = App()
    templates = app.use(Templates(folder))
    return app.use(Mail(transport, sender=SENDER, templates=templates))


async def test_a_template_is_subject_html_and_text(mail: Mail, transport: MemoryTransport) -> None:
    id = await mail.send_template(
        "welcome", to="ann@example.org", name="Tom & Ann", link="https://example.org/?a=1&b=2"
    )

    [message] = transport.messages
    assert message.id == id
    assert message.subject == "Welcome, Tom & Ann"
    assert message.text == (
        "Hello Tom & Ann\n\nConfirm your address (https://example.org/?a=1&b=2)\n"
    )
    assert "<h1>Hello Tom &amp; Ann</h1>" in (message.html or "")
    assert "prefers-color-scheme: dark" in (message.html or "")
    assert 'name="viewport"' in (message.html or "")


async def test_a_text_of_its_own_is_sent_as_it_is(
    mail: Mail, transport: MemoryTransport, folder: Path
) -> None:
    (folder / "welcome.txt").write_text("{% autoescape false %}Hi {{ name }}!{% endautoescape %}")

    await mail.send_template("welcome", to="ann@example.org", name="Tom & Ann", link="/")

    assert [one.text for one in transport.messages] == ["Hi Tom & Ann!"]


async def test_what_is_said_of_the_message_goes_into_it(
    mail: Mail, transport: MemoryTransport
) -> None:
    await mail.send_template(
        "welcome",
        to=["ann@example.org"],
        cc="cc@example.org",
        bcc="bcc@example.org",
        reply_to="help@example.org",
        attachments=[Attachment(name="a.txt", content=b"a")],
        headers={"List-Unsubscribe": "<https://example.org/no>"},
        name="Ann",
        link="/",
    )

    [message] = transport.messages
    assert (message.cc, message.bcc) == (("cc@example.org",), ("bcc@example.org",))
    assert message.reply_to == ("help@example.org",)
    assert [one.name for one in message.attachments] == ["a.txt"]
    assert dict(message.headers) == {"List-Unsubscribe": "<https://example.org/no>"}


@pytest.mark.parametrize(
    "line", ["\r\nBcc: eve@example.org", "\nX: y", "\x85X: y\u2028X: y\x0bX: y"]
)
async def test_a_name_begins_no_other_header(
    line: str, mail: Mail, transport: MemoryTransport
) -> None:
    await mail.send_template("welcome", to="ann@example.org", name=f"Ann{line}", link="/")

    [message] = transport.messages
    read = message_from_bytes(mime_of(message).as_bytes(), policy=policy.default)
    assert read["Subject"] == " ".join(f"Welcome, Ann{line}".split())
    assert read["Bcc"] is None
    assert read["X"] is None


@given(st.text(max_size=200))
async def test_a_subject_stays_on_one_line_and_lets_nothing_out(title: str) -> None:
    transport = MemoryTransport()
    mail = Mail(
        transport, sender=SENDER, templates=Texts(a_html="<title>Hi {title}</title>", a_txt="x")
    )

    try:
        await mail.send_template("a", to="ann@example.org", title=title)
    except ValueError:
        return

    read = message_from_bytes(mime_of(transport.messages[0]).as_bytes(), policy=policy.default)
    assert len(read["Subject"].splitlines()) == 1
    assert read["Bcc"] is None


async def test_whatever_gives_texts_is_a_renderer(transport: MemoryTransport) -> None:
    renderer: Renderer = Texts(bye_html="<title>Bye {who}</title><svg><title>No</title></svg><p>!")
    mail = Mail(transport, sender=SENDER, templates=renderer)

    await mail.send_template("bye", to="ann@example.org", who="Ann")

    assert [(one.subject, one.text) for one in transport.messages] == [("Bye Ann", "!\n")]


@pytest.mark.parametrize("html", ["<p>x</p>", "<title> \n </title>", "<body>title</body>"])
async def test_a_mail_without_a_subject_says_what_to_write(html: str) -> None:
    mail = Mail(MemoryTransport(), sender=SENDER, templates=Texts(a_html=html))

    with pytest.raises(SetupError) as caught:
        await mail.send_template("a", to="ann@example.org")

    assert caught.value.code == "mail.no-subject"


async def test_a_mail_without_templates_says_what_to_write() -> None:
    with pytest.raises(SetupError) as caught:
        await Mail(MemoryTransport(), sender=SENDER).send_template("a", to="ann@example.org")

    assert caught.value.code == "mail.no-templates"


async def test_a_template_that_is_not_there_is_told_as_for_pages(mail: Mail) -> None:
    with pytest.raises(SetupError) as caught:
        await mail.send_template("welcom", to="ann@example.org")

    assert caught.value.code == "templates.not-found"


async def test_the_users_own_layout_is_taken_instead(
    mail: Mail, transport: MemoryTransport, folder: Path
) -> None:
    (folder / "mail").mkdir()
    (folder / "mail" / "layout.html").write_text(
        "<title>Ours: {% block subject %}{% endblock %}</title>{% block content %}{% endblock %}"
    )

    await mail.send_template("welcome", to="ann@example.org", name="Ann", link="/")

    assert [one.subject for one in transport.messages] == ["Ours: Welcome, Ann"]


async def test_the_outbox_keeps_what_came_from_a_template(mail: Mail) -> None:
    class Folder:
        def __init__(self) -> None:
            self.kept: list[Any] = []

        async def enqueue(self, message: Any, /) -> None:
            self.kept.append(message)

    folder = mail.outbox(Folder())

    id = await mail.send_template("welcome", to="ann@example.org", name="Ann", link="/")

    assert [one.id for one in folder.kept] == [id]


async def test_the_inbox_shows_it_and_the_layout_passes_the_checks(folder: Path) -> None:
    app = App(debug=True)
    templates = app.use(Templates(folder))
    mail = app.use(Mail(MemoryTransport(), sender=SENDER, templates=templates))

    await mail.send_template("welcome", to="ann@example.org", name="Ann", link="/")

    async with async_client(app) as client:
        page = await client.get("/_dev/mail/1")
        html = await client.get("/_dev/mail/1/html")
    assert "Welcome, Ann" in page.text
    assert "<h1>Hello Ann</h1>" in html.text
    assert templates.checks(app) == []
    assert "mail/layout.html" in templates.environment().list_templates()
