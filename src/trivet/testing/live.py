"""An application behind a real socket, for tests with real clients.

`LiveServer` serves an object from a thread of this process; `LiveProcess` runs `trivet run` as a
service would be run. Both listen on a free port of 127.0.0.1 from before they are entered, so that
no client comes too early, and both are stopped gracefully.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trivet.adapters import server as adapter
from trivet.adapters.server import ServerOptions, configure

__all__ = ["LiveProcess", "LiveServer", "ServerDied"]

_LOOK = 0.01  # seconds between two looks at a server that starts


class ServerDied(RuntimeError):
    """The server ended before it served; the message has what it wrote, where that is known."""


class _Listening:
    """A socket on a free port of 127.0.0.1, and the addresses that lead to it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.host, self.port = self._socket.getsockname()[:2]

    @property
    def url(self) -> str:
        """Give the address for HTTP clients, without a last slash."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Give the address for WebSocket clients, without a last slash."""
        return f"ws://{self.host}:{self.port}"


class LiveServer(_Listening):
    """Serves an application from a thread while the block runs.

    `with LiveServer(app) as server:` gives `server.url`. Options are those of the real server;
    address, reload and workers do not apply. `patience` is how many seconds starting and stopping
    may take; then `TimeoutError` is raised.
    """

    def __init__(
        self, app: Any, options: ServerOptions | None = None, *, patience: float = 20.0
    ) -> None:  # Any: an App, or any ASGI application
        super().__init__()
        options = replace(options or ServerOptions(log_level="warning", access_log=False))
        # uvicorn comes in by the adapters' door.
        server_class: Any = adapter.Server  # type: ignore[attr-defined]
        self._server = server_class(configure(app, replace(options, reload=False, workers=1)))
        self._patience = patience
        self._thread = threading.Thread(target=self._run, name="trivet-live-server", daemon=True)
        self._error: BaseException | None = None

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:  # told to the thread that waits, SystemExit too
            self._error = error

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + self._patience
        while not self._server.started:
            if not self._thread.is_alive():
                self._socket.close()
                raise ServerDied("the server could not start; its log says why") from self._error
            if time.monotonic() > deadline:
                self._server.should_exit = True
                raise TimeoutError(f"the server did not start within {self._patience} s")
            time.sleep(_LOOK)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(self._patience)
        if self._thread.is_alive():
            self._server.force_exit = True
            raise TimeoutError(f"the server did not stop within {self._patience} s")
        self._socket.close()


class LiveProcess(_Listening):
    """Runs `trivet run` in a process of its own while the block runs.

    `words` is what follows `trivet run` on the command line, such as `["main:app", "--workers",
    "2"]`; the address is chosen here. What the process writes goes to `log` once it has ended.
    `patience` is in seconds, as for `LiveServer`. POSIX only, as it hands the socket on.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        folder: Path | str | None = None,
        environment: Mapping[str, str] | None = None,
        patience: float = 20.0,
    ) -> None:
        super().__init__()
        self._words = list(words)
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._patience = patience
        self.process: subprocess.Popen[str] | None = None
        self.log = ""

    def __enter__(self) -> Self:
        number = self._socket.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trivet", "run", *self._words, "--fd", str(number)],
            cwd=self._folder,
            env=self._environment,
            pass_fds=[number],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self._wait_for_an_answer(self.process)
        except BaseException:
            self._end(self.process)
            raise
        return self

    def _wait_for_an_answer(self, process: subprocess.Popen[str]) -> None:
        """Wait until one request was answered; the socket takes connections before that."""
        deadline = time.monotonic() + self._patience
        with contextlib.closing(socket.create_connection((self.host, self.port))) as client:
            client.settimeout(_LOOK)
            client.sendall(b"OPTIONS * HTTP/1.1\r\nhost: trivet\r\nconnection: close\r\n\r\n")
            while True:
                with contextlib.suppress(TimeoutError):
                    client.recv(1)
                    return
                if process.poll() is not None:
                    self.log = process.communicate()[0]
                    raise ServerDied(self.log)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the server did not answer within {self._patience} s")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        if self.process is not None:
            self._end(self.process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Stop gracefully, and by force where that takes longer than the patience."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            written, _ = process.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            process.kill()
            written, _ = process.communicate()
        self.log = self.log or written
        self._socket.close()
