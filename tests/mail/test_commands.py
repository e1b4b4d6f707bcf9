"""`trivet mail test` sends one message through each mailer and says what happened."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.mail.smtp_server import Server
from trivet import App
from trivet.errors import SetupError
from trivet.mail import ConsoleTransport, FileTransport, Mail, MemoryTransport, SmtpTransport

SENDER = "Shop <shop@example.org>"


def command_of(*mailers: Mail) -> Callable[..., Any]:
    """Give the command of an application with these mailers."""
    app = App()
    for mail in mailers:
        app.use(mail)
    given = [group for part in app.parts.values() for group in part.commands()]
    [group] = given
    assert group.name == "mail"
    return group.commands["test"]  # type: ignore[no-any-return]


async def test_a_message_goes_to_the_server_and_its_id_is_told(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = Mail(SmtpTransport(f"smtp://127.0.0.1:{server.port}"), sender=SENDER)

    await command_of(mail)(to="Ann <ann@example.org>")

    [received] = server.received
    told = capsys.readouterr().out
    assert received.mail["To"] == "Ann <ann@example.org>"
    assert f"sent  to Ann <ann@example.org>, as {received.mail['Message-ID']}" in told
    assert "\x1b" not in told


async def test_it_goes_past_the_outbox() -> None:
    class Folder:
        async def enqueue(self, message: Any, /) -> None:
            raise AssertionError("it was kept")

    transport = MemoryTransport()
    mail = Mail(transport, sender=SENDER)
    mail.outbox(Folder())

    await command_of(mail)(to="ann@example.org")

    assert len(transport.messages) == 1


async def test_a_refusal_is_told_with_the_servers_words(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on_recipient = {"nobody@example.org": "550 no such user"}
    mail = Mail(SmtpTransport(f"smtp://127.0.0.1:{server.port}"), sender=SENDER)

    with pytest.raises(SystemExit) as caught:
        await command_of(mail)(to="nobody@example.org")

    told = capsys.readouterr().out
    assert caught.value.code == 1
    assert "refused  " in told
    assert "no such user" in told
    assert "look at the address after --to" in told


async def test_a_server_that_is_away_is_told_and_no_password_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"smtp://shop:secret-word@127.0.0.1:{taken.getsockname()[1]}"
        mail = Mail(SmtpTransport(url, timeout=2), sender=SENDER)

        with pytest.raises(SystemExit):
            await command_of(mail)(to="ann@example.org")

    told = capsys.readouterr().out
    assert "not sent  no way to" in told
    assert "name and port" in told
    assert "secret-word" not in told


async def test_what_sends_nothing_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await command_of(
        Mail(MemoryTransport(), sender=SENDER),
        Mail(FileTransport(tmp_path), sender=SENDER),
        Mail(ConsoleTransport(), sender=SENDER),
    )(to="ann@example.org")

    told = capsys.readouterr().out
    assert told.count("not sent  ") == 3
    assert "MemoryTransport kept it in memory" in told
    assert len(os.listdir(tmp_path)) == 1


async def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SystemExit):
        await command_of(Mail(FileTransport(tmp_path / "file"), sender=SENDER))(to="a@example.org")

    assert "look at what the transport was given" in capsys.readouterr().out


async def test_several_mailers_are_all_tried_or_the_one_that_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = MemoryTransport(), MemoryTransport()
    test = command_of(
        Mail(first, sender="orders@example.org", name="orders"),
        Mail(second, sender="news@example.org", name="news"),
    )

    await test(to="ann@example.org")
    await test(to="ann@example.org", mailer="news")

    assert (len(first.messages), len(second.messages)) == (1, 2)
    assert second.messages[0].sender == "news@example.org"
    assert capsys.readouterr().out.count("news  news@example.org") == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "nobody"}, "mail.recipient"),
        ({}, "mail.recipient"),
        ({"to": "a@example.org\nBcc: b@example.org"}, "mail.recipient"),
        ({"to": "ann@example.org", "mailer": "gone"}, "mail.no-mailer"),
    ],
)
async def test_what_cannot_be_tried_says_what_to_write(given: dict[str, str], code: str) -> None:
    transport = MemoryTransport()

    with pytest.raises(SetupError) as caught:
        await command_of(Mail(transport, sender=SENDER))(**given)

    assert caught.value.code == code
    assert transport.messages == []


def test_it_is_a_command_of_trivet(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from trivet import App\nfrom trivet.mail import Mail, MemoryTransport\n"
        "app = App()\napp.use(Mail(MemoryTransport(), sender='shop@example.org'))\n"
    )
    words = [sys.executable, "-m", "trivet", "--app", "shop.py", "mail", "test"]

    done = subprocess.run(
        [*words, "--to", "ann@example.org"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
    )
    wrong = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=50)

    assert done.returncode == 0, done.stderr
    assert "MemoryTransport kept it in memory" in done.stdout
    assert wrong.returncode != 0
    assert "trivet mail test --to ann@example.org" in wrong.stderr
