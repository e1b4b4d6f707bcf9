"""Log injection: what a client sends begins no line of a log, and colours no terminal."""

from __future__ import annotations

import logging

import pytest

from tests.attacks.target import Target
from tests.auth.site import PASSWORD
from trivet.auth import SecurityEvent

_EVIL = "x\r\n2026-01-01 root signed in\x1b[31m"


async def test_no_line_of_the_log_is_a_clients(
    target: Target, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await target.make()

    async def away(message: object) -> None:
        raise OSError("no mail today")

    monkeypatch.setattr(target.letters, "send", away)
    with caplog.at_level(logging.DEBUG):
        for path, body in (
            ("/auth/sign-in", {"log_in": _EVIL, "password": _EVIL}),
            ("/auth/ask-for-reset", {"email": _EVIL}),
            ("/auth/ask-for-reset", {"email": "ann@example.org"}),
            ("/auth/ask-for-link", {"email": "ann@example.org"}),
        ):
            await target.client().post(path, json=body)

    ours = [record for record in caplog.records if record.name.startswith("trivet")]
    assert ours  # the letters that could not be sent
    for record in ours:
        assert "root signed in" not in record.getMessage()
        assert PASSWORD not in record.getMessage()
        assert record.getMessage().isprintable()


async def test_the_trail_keeps_one_line_of_an_agent(target: Target) -> None:
    await target.make()
    # What servers let through: control characters below 32 they do not.
    headers = [(b"user-agent", b"Mozilla/5.0 \x85\x9b31m\xad" + b"x" * 5000)]
    given = {"log_in": "ann@example.org", "password": PASSWORD}
    answer = await target.client().post("/auth/sign-in", json=given, headers=headers)
    assert answer.status_code == 200, answer.text

    async with target.auth.database.own_transaction():
        (event,) = await SecurityEvent.all()
    assert event.agent is not None
    assert event.agent.isprintable()
    assert len(event.agent) <= 200
