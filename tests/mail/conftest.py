"""A server that takes mail, one with certificates of its own, and a message."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from tests.mail.smtp_server import Server, serving
from trivet.mail import Message


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(Server()) as found:
        yield found


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def message() -> Message:
    return Message(to="Ann <ann@example.org>", subject="Hello", text="How are you?")
