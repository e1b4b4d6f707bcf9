"""Transports that send nothing: to the console, to files, to memory."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from trivet.mail import (
    Attachment,
    ConsoleTransport,
    FileTransport,
    Mail,
    MemoryTransport,
    Message,
)
from trivet.mail.transport import Transport

SENDER = "Shop <shop@example.org>"


async def test_memory_keeps_messages_as_they_were_sent(message: Message) -> None:
    transport = MemoryTransport()
    mail = Mail(transport, sender=SENDER)

    id = await mail.send(message)

    [kept] = transport.messages
    assert (kept.id, kept.sender, kept.to) == (id, SENDER, ("Ann <ann@example.org>",))
    transport.clear()
    assert transport.messages == []


async def test_the_console_shows_a_message() -> None:
    stream = io.StringIO()
    mail = Mail(ConsoleTransport(stream), sender=SENDER)

    await mail.send(
        Message(
            to="ann@example.org",
            bcc="bob@example.org",
            subject="Hello",
            text="One\r\nTwo\x1b[2J",
            html="<p>One</p>",
            attachments=[Attachment(name="a.pdf", content=b"12345")],
        )
    )

    assert stream.getvalue().splitlines()[1:-1] == [
        "From: Shop <shop@example.org>",
        "To: ann@example.org",
        "Bcc: bob@example.org",
        "Subject: Hello",
        "",
        "One",
        "Two\ufffd[2J",
        "",
        "[HTML, 10 letters]",
        "[a.pdf, application/pdf, 5 bytes]",
    ]


async def test_the_console_is_by_default_the_programs_output(
    message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    await Mail(ConsoleTransport(), sender=SENDER).send(message)

    assert "How are you?" in capsys.readouterr().out


async def test_a_console_that_lacks_letters_shows_their_escapes() -> None:
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding="ascii")
    mail = Mail(ConsoleTransport(stream), sender=SENDER)

    await mail.send(Message(to="ann@example.org", subject="ü", text="x"))

    assert b"Subject: \\xfc" in content.getvalue()


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_files_are_whole_messages(tmp_path: Path, message: Message) -> None:
    folder = tmp_path / "sent" / "mail"
    mail = Mail(FileTransport(folder), sender=SENDER)

    ids = [await mail.send(message) for _ in range(3)]

    files = files_in(folder)
    assert {file.suffix for file in files} == {".eml"}
    found = [message_from_bytes(file.read_bytes(), policy=default)["Message-ID"] for file in files]
    assert found == ids


async def test_a_file_that_cannot_be_whole_is_not_there(
    tmp_path: Path, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)

    with pytest.raises(OSError, match="disk full"):
        await Mail(FileTransport(tmp_path), sender=SENDER).send(message)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "transport", [MemoryTransport(), ConsoleTransport(io.StringIO()), FileTransport("unused")]
)
async def test_they_open_and_close(transport: Transport) -> None:
    await transport.open()
    await transport.close()
