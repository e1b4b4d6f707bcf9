"""One server at a time: started on its processor, waited for, stopped with all its children."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

from benchmarks.peers import APPS, Peer

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ServerFailed(Exception):
    """A server did not start; the message holds the last line that it printed."""


class Server:
    """A peer serving one of its applications, for the length of a `with` block."""

    def __init__(
        self, peer: Peer, app: str, *, cpu: int, probe: str, routes: int = 0, database: str = ""
    ) -> None:
        self.peer = peer
        self.port = free_port()
        self.probe = probe
        self.first_answer_ms = 0.0
        self._command = ["taskset", "-c", str(cpu), *peer.line(app, self.port)]
        self._environment = peer.variables(self.port, routes, database)

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        begun = time.perf_counter()
        # taskset turns itself into the server: the process id stays. A session of its own makes
        # every process of the tree reachable, and none of ours.
        self._process = subprocess.Popen(
            self._command,
            cwd=APPS,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait(begun)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        """The root of the server's process tree."""
        return self._process.pid

    def printed(self) -> str:
        """Give the last line that the server has printed: where it failed, mostly the reason."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:500] if lines else "it printed nothing"

    def _wait(self, begun: float) -> None:
        while time.perf_counter() - begun < START_SECONDS:
            if self._process.poll() is not None:
                raise ServerFailed(f"ended with {self._process.returncode}: {self.printed()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", self.probe)
                response = connection.getresponse()
                response.read()
            except (ConnectionError, TimeoutError, http.client.HTTPException):
                time.sleep(0.001)
                continue
            finally:
                connection.close()
            self.first_answer_ms = (time.perf_counter() - begun) * 1000
            if response.status != 200:
                raise ServerFailed(f"GET {self.probe} gave {response.status}: {self.printed()}")
            return
        raise ServerFailed(f"no answer within {START_SECONDS:g} s: {self.printed()}")

    def _stop(self) -> None:
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        # Some leave children or ignore the first signal: the group gets the last word.
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def free_port() -> int:
    """Give a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
