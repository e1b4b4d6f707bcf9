"""How many queries a request sends: a stand-in before PostgreSQL that reads what goes by.

It knows of PostgreSQL's protocol (version 3) what a count needs: texts, names given to them, and
which one is run. Answers pass unread.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

# What begins and ends transactions or sets up a connection is no query.
NO_QUERIES = (
    *("BEGIN", "COMMIT", "END", "ROLLBACK", "START", "SAVEPOINT", "RELEASE", "SET", "RESET"),
    *("DISCARD", "DEALLOCATE", "CLOSE", "UNLISTEN", "SHOW"),
)
# "May we speak encrypted?" and its like: eight bytes, before the connection is open.
_QUESTIONS = (struct.pack("!ii", 8, 80877103), struct.pack("!ii", 8, 80877104))


class Reader:
    """One client's messages, as their bytes come in; gives the text of each query that is run."""

    def __init__(self) -> None:
        self._waiting = b""
        self._is_open = False
        self._texts: dict[bytes, str] = {}
        self._portals: dict[bytes, bytes] = {}

    def feed(self, data: bytes) -> list[str]:
        """Take some bytes; gives what was run in them, without what is no query."""
        self._waiting += data
        found = []
        while (message := self._next()) is not None:
            text = self._read(*message)
            if text is not None and _is_query(text):
                found.append(text)
        return found

    def _next(self) -> tuple[bytes, bytes] | None:
        """Take one message off: its letter (none before the connection is open) and its body."""
        begin = 1 if self._is_open else 0
        if len(self._waiting) < begin + 4:
            return None
        (length,) = struct.unpack_from("!i", self._waiting, begin)
        end = begin + length
        if len(self._waiting) < end:
            return None
        letter, body = self._waiting[:begin], self._waiting[begin + 4 : end]
        self._waiting = self._waiting[end:]
        if not self._is_open:
            self._is_open = True
        return letter, body

    def _read(self, letter: bytes, body: bytes) -> str | None:
        if letter == b"Q":
            return body.rstrip(b"\0").decode()
        if letter == b"P":
            name, text, _ = body.split(b"\0", 2)
            self._texts[name] = text.decode()
        elif letter == b"B":
            portal, name, _ = body.split(b"\0", 2)
            self._portals[portal] = name
        elif letter == b"E":
            return self._texts.get(self._portals.get(body.split(b"\0", 1)[0], b""), "")
        return None


class Wire:
    """Listens in the place of the server at `url`, for the length of a `with` block."""

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        port = self._listener.getsockname()[1]
        user = (self._server.netloc.rpartition("@")[0] + "@").lstrip("@")
        self.url = self._server._replace(netloc=f"{user}127.0.0.1:{port}").geturl()
        self.queries: list[str] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                address = (self._server.hostname or "127.0.0.1", self._server.port or 5432)
                server = socket.create_connection(address, timeout=10)
                server.settimeout(None)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [client, server]
                for way in ((client, server, Reader()), (server, client, None)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, to: socket.socket, reader: Reader | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if data in _QUESTIONS and reader is not None:
                    source.sendall(b"N")  # no: what is encrypted cannot be counted
                    continue
                if reader is not None:
                    # Before it is sent: whoever has the answer finds its query counted.
                    self.queries += reader.feed(data)
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)


def _is_query(text: str) -> bool:
    words = text.strip().strip(";").split(maxsplit=1)
    return bool(words) and words[0].strip(";").upper() not in NO_QUERIES
