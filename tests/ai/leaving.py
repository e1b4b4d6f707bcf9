"""A client that asks, waits until the work has begun, and leaves."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any

from trivet.testing import LiveServer

__all__ = ["ask_and_leave"]


def ask_and_leave(
    server: LiveServer,
    path: str,
    began: threading.Event,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send one request and close the connection once `began` is set, without an answer."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"host: {server.host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if content:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    with socket.create_connection((server.host, server.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        assert began.wait(30)
