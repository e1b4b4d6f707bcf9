"""Redis and NATS servers of the tests' own, which may be killed."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

__all__ = ["NatsServer", "OwnServer", "RedisServer"]

_PATIENCE = 30.0  # seconds in which a server starts


class OwnServer(ABC):
    """A server on a free port of 127.0.0.1 whose data outlives its process."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def found(cls, missing: Callable[[str], NoReturn], name: str) -> str:
        return shutil.which(name) or missing(f"{name} is not installed")

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self._process.poll() is None, f"{self.program} has ended"
                assert time.monotonic() < deadline, f"{self.program} does not start"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(_PATIENCE)


class RedisServer(OwnServer):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            *(self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always", "--dir", str(self.folder)),
        ]


class NatsServer(OwnServer):
    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            *(self.program, "-a", "127.0.0.1", "-p", str(self.port), "-js"),
            *("-sd", str(self.folder)),
        ]
