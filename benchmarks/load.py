"""The load generator: wrk on one processor, one thread, few connections."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from benchmarks import measure
from benchmarks.case import Request

SCRIPT = Path(__file__).with_name("load.lua")
# Waiting for the very last answer costs wrk time for each: only where those under way matter.
EXACT_BELOW = 20_000
# After the last request was sent the answers under way still come; they take less than this.
DRAIN_SECONDS = 0.1
LONGEST_SECONDS = 60
MISSING = (
    "the load generator wrk is missing: `apt install wrk` (Debian, Ubuntu), `dnf install wrk` "
    "(Fedora) or https://github.com/wg/wrk"
)


class LoadFailed(Exception):
    """The load could not be generated, or answers other than 2xx came back."""


@dataclass(frozen=True)
class Load:
    """What the load generator saw: answered requests, wall time, bytes, percentiles in ms.

    `cpu_seconds` is what the server's process tree used meanwhile, `database_seconds` that of the
    database server beside it, `disturbance` the share of the time in which the server's processor
    worked for somebody else.
    """

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    errors: int
    bad_statuses: int
    cpu_seconds: float = 0.0
    database_seconds: float = 0.0
    disturbance: float = 0.0


@dataclass(frozen=True)
class Generator:
    """Loads one server: its port, the root of its process tree, its processor and that of wrk.

    `database` is the root of the database server's tree, if there is one.
    """

    port: int
    server: int
    server_cpu: int
    cpu: int
    database: int | None = None

    def for_a_second(self, request: Request, connections: int) -> Load:
        """Send for one second; the warm-up that also tells the rate. Blocks."""
        ended = subprocess.run(
            self._command(request, connections, count=0, seconds=1),
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        return checked(ended.stdout + ended.stderr)

    def send(self, request: Request, connections: int, count: int) -> Load:
        """Send exactly `count` requests and read the server's CPU time before and after.

        Blocks. Raises LoadFailed where an answer is missing or not a 2xx.
        """
        command = self._command(request, connections, count, LONGEST_SECONDS)
        before = measure.cpu_seconds(self.server)
        database_before = self._database_seconds()
        busy_before = measure.busy_seconds(self.server_cpu)
        begun = time.perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as wrk:
            assert wrk.stdout is not None
            # Never left alone with a server that stands still: the pipe ends with wrk.
            guard = threading.Timer(LONGEST_SECONDS + 10, wrk.kill)
            guard.start()
            try:
                first = _await(wrk.stdout, "FIRST")
                last = _await(wrk.stdout, "LAST")
                time.sleep(DRAIN_SECONDS)
                cpu = measure.cpu_seconds(self.server) - before
                database = self._database_seconds() - database_before
                busy = measure.busy_seconds(self.server_cpu) - busy_before
                whole = time.perf_counter() - begun
                wrk.send_signal(signal.SIGINT)
                rest = wrk.stdout.read()
            except BaseException:
                wrk.kill()
                raise
            finally:
                guard.cancel()
        load = replace(
            checked(rest),
            seconds=last - first,
            cpu_seconds=cpu,
            database_seconds=database,
            # Ticks are coarse: where nothing else ran the difference may fall below zero.
            disturbance=0.0 if self.server_cpu == self.cpu else max(0.0, (busy - cpu) / whole),
        )
        if load.requests != count:
            raise LoadFailed(f"{load.requests} answers to {count} requests")
        return load

    def _database_seconds(self) -> float:
        return 0.0 if self.database is None else measure.cpu_seconds(self.database)

    def _command(self, request: Request, connections: int, count: int, seconds: int) -> list[str]:
        command = ["taskset", "-c", str(self.cpu), "wrk", "-t1", f"-c{connections}"]
        command += [f"-d{seconds}s", "--timeout", f"{LONGEST_SECONDS}s", "-s", str(SCRIPT)]
        command += [f"http://127.0.0.1:{self.port}", "--", str(count)]
        command += ["1" if count < EXACT_BELOW else "0"]
        command += [str(number) for number in request.ids or (0, 0)]
        command += [request.method, request.path, request.body]
        return command + [f"{name}: {value}" for name, value in request.headers]


def find() -> str | None:
    """Give the path of wrk, or None where it is not installed."""
    return shutil.which("wrk")


def parse(output: str) -> Load:
    """Read the line that load.lua writes among wrk's own; raises LoadFailed without one."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            return Load(**json.loads(line.removeprefix("RESULT ")))
    raise LoadFailed(f"wrk wrote no result: {output.strip()[-500:]!r}")


def checked(output: str) -> Load:
    """Read the result and raise LoadFailed where any request failed."""
    load = parse(output)
    if load.errors or load.bad_statuses or not load.requests:
        raise LoadFailed(
            f"{load.requests} answers, {load.errors} connection errors, "
            f"{load.bad_statuses} answers that were not 2xx"
        )
    return load


def _await(output: IO[str], word: str) -> float:
    for line in output:
        if line.strip() == word:
            return time.perf_counter()
        if line.startswith("RESULT "):
            raise LoadFailed(f"not all answers came within {LONGEST_SECONDS} s: {line.strip()}")
    raise LoadFailed(f"wrk ended before {word}")
