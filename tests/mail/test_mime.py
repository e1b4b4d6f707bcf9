"""A message as it goes over the wire: read again, it says the same."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.mail.test_addresses import NAMES
from trivet.mail import Attachment, Message
from trivet.mail.addresses import Mailbox
from trivet.mail.mime import mime_of

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)


def wire(**fields: Any) -> bytes:
    message = Message(**{"to": "ann@example.org", "subject": "Hello", "text": "x", **fields})
    whole = message.filled(
        sender="shop@example.org",
        id="<1@example.org>",
        date=datetime(2026, 11, 25, 18, 30, tzinfo=UTC),
    )
    return mime_of(whole).as_bytes()


def read(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_head_says_who_what_and_when() -> None:
    found = read(wire(cc="bob@example.org", bcc="carl@example.org", reply_to="help@example.org"))

    assert {name: str(value) for name, value in found.items() if "Content" not in name} == {
        "From": "shop@example.org",
        "To": "ann@example.org",
        "Cc": "bob@example.org",
        "Reply-To": "help@example.org",
        "Subject": "Hello",
        "Date": "Wed, 25 Nov 2026 18:30:00 +0000",
        "Message-ID": "<1@example.org>",
        "MIME-Version": "1.0",
    }


def test_pictures_stand_beside_the_html_and_files_beside_all() -> None:
    found = read(
        wire(
            html='<img src="cid:logo">',
            attachments=[
                Attachment(name="Rechnung für Ann.pdf", content=b"%PDF\r\n\0"),
                Attachment(name="logo.png", content=b"\x89PNG", cid="logo"),
                Attachment(name="notes.txt", content="ü\n".encode("latin-1")),
            ],
        )
    )

    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "application/pdf", "text/plain",
    ]  # fmt: skip
    pdf, notes = list(found.iter_attachments())
    assert (pdf.get_filename(), pdf.get_content()) == ("Rechnung für Ann.pdf", b"%PDF\r\n\0")
    assert notes.get_payload(decode=True) == b"\xfc\n"
    picture = next(part for part in found.walk() if part["Content-ID"] == "<logo>")
    assert picture.get_content_disposition() == "inline"


def test_a_long_address_of_a_list_is_not_encoded() -> None:
    target = f"<https://example.org/{'u' * 300}>"

    assert f"List-Unsubscribe: {target}\r\n".encode() in wire(headers={"List-Unsubscribe": target})


@given(NAMES)
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    mailbox = Mailbox(name, "ann", "example.org")

    content = wire(to=[str(mailbox), "bob@example.org"])

    assert content.isascii()
    # The older reader: the newer one keeps blanks between encoded words, which are none (RFC 2047).
    (first, address), second = getaddresses([message_from_bytes(content)["To"]])
    assert (str(make_header(decode_header(first))), address) == (name, "ann@example.org")
    assert second == ("", "bob@example.org")


@given(WORDS)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    found = read(wire(subject=subject, headers={"X-Shop": subject}))

    assert str(found["Subject"]).split() == subject.split()
    assert str(found["X-Shop"]).split() == subject.split()
    assert found["Bcc"] is None
    assert len(found.keys()) == 9


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=300))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    content = wire(text=text)

    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    found = read(content).get_content().replace("\r\n", "\n")
    assert found.rstrip("\n") == text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
