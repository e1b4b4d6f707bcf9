"""What a message may say, and what is refused before it goes anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from trivet.mail import Attachment, Message

PICTURE = Attachment(name="logo.png", content=b"\x89PNG\x00\xff", cid="logo")


def message(**given: Any) -> Message:
    return Message(**{"to": "ann@example.org", "subject": "Hello", "text": "x", **given})


def test_one_recipient_or_several_may_be_given() -> None:
    assert message(to="ann@example.org").to == ("ann@example.org",)
    assert message(to=["Ann <ann@example.org>", "bob@example.org"]).to == (
        "Ann <ann@example.org>",
        "bob@example.org",
    )


def test_each_recipient_is_there_once() -> None:
    made = message(to="Ann <ann@example.org>", cc="ann@EXAMPLE.org", bcc="bob@example.org")

    assert made.recipients == ("ann@example.org", "bob@example.org")


def test_a_message_is_the_same_after_json() -> None:
    made = message(
        html='<img src="cid:logo">',
        attachments=[PICTURE, Attachment(name="a.bin", content=bytes(range(256)))],
        headers={"X-Shop": "1"},
        bcc="bob@example.org",
    ).filled(sender="shop@example.org", id="<1@example.org>", date=datetime.now(UTC))

    assert Message.model_validate_json(made.model_dump_json()) == made
    assert Message.model_validate(made.model_dump()) == made
    assert made.is_whole


@pytest.mark.parametrize("breaks", ["\r", "\n", "\r\n", "\0", "\x0b", "\x85", "\u2028", "\ud800"])
@pytest.mark.parametrize("place", ["to", "cc", "bcc", "reply_to", "sender", "subject", "header"])
def test_nothing_may_begin_another_line_of_the_head(place: str, breaks: str) -> None:
    evil = f"x{breaks}Bcc: bob@example.org"
    given: dict[str, Any] = {place: f"{evil} <ann@example.org>"}
    if place == "subject":
        given = {"subject": evil}
    elif place == "header":
        given = {"headers": {"X-Shop": evil}}

    with pytest.raises(ValidationError):
        message(**given)


@pytest.mark.parametrize("breaks", ["\r", "\n", "\0", "\u2028", "\ud800"])
@pytest.mark.parametrize("place", ["name", "cid", "type"])
def test_nothing_may_begin_another_line_of_an_attachments_head(place: str, breaks: str) -> None:
    with pytest.raises(ValidationError):
        Attachment(**{"name": "a.png", "content": b"", place: f"x{breaks}X-Shop: 1"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"to": []}, "it goes to nobody"),
        ({"to": [f"a{n}@example.org" for n in range(101)]}, "goes to 101 addresses"),
        ({"text": None}, "it says nothing"),
        ({"text": "a\0b"}, "at position 1"),
        ({"html": "a\ud800"}, "at position 1"),
        ({"headers": {"Bcc": "bob@example.org"}}, "use its fields"),
        ({"headers": {"content-type": "text/html"}}, "use its fields"),
        ({"headers": {"X Shop": "1"}}, "cannot be called"),
        ({"headers": {"X-Shop": "1", "x-shop": "2"}}, "there twice"),
        ({"headers": {"X-Shop": "x" * 901}}, "a word of over 900"),
        ({"html": '<img src="cid:logo">'}, "no attachment has that cid"),
        ({"attachments": [PICTURE]}, "stands in HTML"),
        ({"html": "x", "attachments": [PICTURE, PICTURE]}, "two attachments"),
        ({"id": "1"}, "is none"),
        ({"date": datetime(2026, 1, 1)}, "timezone"),
        ({"titel": "x"}, "Extra inputs"),
    ],
)
def test_a_message_that_cannot_be_is_told_why(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        message(**given)


def test_without_a_text_it_is_made_of_the_html() -> None:
    assert message(text=None, html="<p>Hello <b>Ann</b></p>").text == "Hello Ann\n"


@pytest.mark.parametrize(
    ("name", "type", "found"),
    [
        ("a.pdf", "", "application/pdf"),
        ("a.txt", "", "text/plain"),
        ("a", "", "application/octet-stream"),
        ("a.eml", "", "application/octet-stream"),
        ("a.csv", "Text/X-Own", "text/x-own"),
    ],
)
def test_the_type_of_an_attachment_is_that_of_its_name(name: str, type: str, found: str) -> None:
    assert Attachment(name=name, content=b"", type=type).type == found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "text"}, "one such as"),
        ({"type": "multipart/mixed"}, "one such as"),
        ({"type": "text/plain; charset=x"}, "one such as"),
        ({"name": "../a"}, "is a path"),
        ({"name": ""}, "at least 1"),
        ({"cid": "<logo>"}, "may have letters"),
    ],
)
def test_an_attachment_that_cannot_be_is_told_why(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Attachment(**{"name": "a", "content": b"", **given})


def test_an_attachment_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_bytes(b"a,b\n")

    found = Attachment.read(tmp_path / "prices.csv")

    assert (found.name, found.type, found.content) == ("prices.csv", "text/csv", b"a,b\n")
