"""Database servers of the tests' own, which may be killed, stopped and filled up."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

__all__ = ["MariaDb", "OwnServer", "PostgreSql"]

_PATIENCE = 30.0  # seconds in which a server starts or stops


class OwnServer(ABC):
    """A server on a free port of 127.0.0.1, whose data is in a folder that goes with the tests."""

    kind: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_file = folder / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address of its one database."""

    @abstractmethod
    def make(self) -> None:
        """Make the folder of its data."""

    @abstractmethod
    def command(self) -> list[str]:
        """Give the words that run it in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether it takes statements."""

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def start(self) -> None:
        """Start, and wait until it takes statements."""
        if self._process is not None:
            return
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.owner()
            )
        deadline = time.monotonic() + _PATIENCE
        while not self.is_ready():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it in an orderly way."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Kill it and all its processes, as a failing machine does."""
        if self._process is not None:
            # It makes no more processes while one looks which there are.
            self._process.send_signal(signal.SIGSTOP)
            children = _children(self._process.pid)
            self._end(signal.SIGKILL)
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            deadline = time.monotonic() + _PATIENCE
            while any(_is_alive(child) for child in children) and time.monotonic() < deadline:
                time.sleep(0.01)

    def freeze(self) -> None:
        """Stop it as it stands: connections are taken, and nothing is answered."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._tell_all(signal.SIGCONT)

    def _tell_all(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            for child in _children(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, number)

    stop_signal = signal.SIGTERM

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(_PATIENCE)

    def owner(self) -> dict[str, object]:
        """Give whom its processes belong to, as options of `Popen`."""
        return {}


class PostgreSql(OwnServer):
    kind = "postgresql"
    stop_signal = signal.SIGINT  # fast: sessions are ended, not waited for

    def __init__(self, folder: Path, programs: Path, data: Path | None = None) -> None:
        super().__init__(folder)
        self._programs = programs
        self._data = data or folder / "data"

    @staticmethod
    def programs(missing: Callable[[str], NoReturn]) -> Path:
        """Give the folder of the newest installed server's programs, which are not on the path."""
        found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
        if not found and (initdb := shutil.which("initdb")):
            found = [Path(initdb).parent]
        if not found:
            missing("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
        return max(found, key=lambda path: (len(path.parts), path))

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def owner(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam("postgres")  # it refuses to run as root
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_file.touch()
        if owner := self.owner():
            for path in (self.folder, self.log_file):
                os.chown(path, int(str(owner["user"])), int(str(owner["group"])))
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "--waldir", self.folder / "wal"),
                *("-U", "postgres", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8"),
            ],
            check=True,
            capture_output=True,
            **self.owner(),  # type: ignore[call-overload]
        )

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            "max_connections": 60,
            "autovacuum": "off",
            # Clients that leave without a word are told of at this level.
            "log_min_messages": "debug1",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def is_ready(self) -> bool:
        ready = self._programs / "pg_isready"
        words = [str(ready), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(words, check=False).returncode == 0


class MariaDb(OwnServer):
    kind = "mariadb"

    @staticmethod
    def program(missing: Callable[[str], NoReturn]) -> None:
        """Look whether its programs are there."""
        for name in ("mariadbd", "mariadb-install-db", "mariadb-admin"):
            if not _found(name):
                missing(f"{name} is not installed (Debian: apt-get install mariadb-server)")

    @property
    def url(self) -> str:
        return f"mariadb://root@127.0.0.1:{self.port}/mysql"

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *(_found("mariadb-install-db"), "--no-defaults", *self._whom()),
                *(f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal"),
                *("--skip-test-db", "--skip-name-resolve"),
            ],
            check=True,
            capture_output=True,
        )

    def command(self) -> list[str]:
        return [
            *(_found("mariadbd"), "--no-defaults", *self._whom()),
            *(f"--datadir={self.folder / 'data'}", f"--port={self.port}"),
            *("--bind-address=127.0.0.1", f"--socket={self.folder / 'socket'}"),
            *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2", "--skip-log-bin"),
            *("--innodb-buffer-pool-size=16M", "--max-connections=60", "--log-warnings=4"),
        ]

    def is_ready(self) -> bool:
        words = [_found("mariadb-admin"), "--no-defaults", "-h127.0.0.1", f"-P{self.port}"]
        done = subprocess.run([*words, "-uroot", "ping"], check=False, capture_output=True)
        return done.returncode == 0

    @staticmethod
    def _whom() -> list[str]:
        return ["--user=root"] if os.geteuid() == 0 else []


def _found(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
