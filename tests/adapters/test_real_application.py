"""The application itself behind our own protocol, where the other tests use a small dispatch."""

from __future__ import annotations

import socket

from trivet import App
from trivet.testing import LiveServer


def test_a_large_body_that_nobody_reads_is_answered() -> None:
    app = App(max_body_size=None)
    sent = 8 * 1024 * 1024

    with LiveServer(app) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = f"POST /nowhere HTTP/1.1\r\nHost: {host}\r\nContent-Length: {sent}\r\n\r\n"
            client.sendall(head.encode() + b"x" * sent)
            answer = client.recv(65536)

    assert answer.startswith(b"HTTP/1.1 404 ")
