"""How soon a process serves, and what it holds: imports, first answers, memory at rest."""

from __future__ import annotations

import subprocess
import time

from benchmarks import measure
from benchmarks.case import Request
from benchmarks.check import WrongAnswer, ask
from benchmarks.peers import APPS, ROOT, Peer
from benchmarks.servers import Server

HELLO = "/hello/world"
REQUESTS_BEFORE_MEMORY = 100
SETTLE_SECONDS = 0.5
EXAMPLE = ROOT / "examples" / "hello.py"

TIMED_IMPORT = """
import sys, time
begun = time.perf_counter()
module = __import__(sys.argv[1])
if sys.argv[2]:
    getattr(module, sys.argv[2])
print((time.perf_counter() - begun) * 1000)
"""


# What a program imports first: some modules load their names with their first use.
FIRST_NAMES = {"trivet": "App", "fastapi": "FastAPI"}


def served(peer: Peer) -> Peer:
    """Give the peer as it serves its hello application; Trivet's is examples/hello.py."""
    if peer.name != "trivet" or not EXAMPLE.exists():
        return peer
    command = tuple(part.replace("{apps}/trivet_{app}.py", str(EXAMPLE)) for part in peer.command)
    return Peer(**{**vars(peer), "command": command})


def run(peer: Peer, *, server_cpu: int, warm: bool) -> tuple[dict[str, float], dict[str, float]]:
    """Import once and serve once, each in a fresh process; gives start-up and memory figures.

    With `warm` both are done once before without being counted: the byte code is there, as it is in
    production after the first start. Times are in
    milliseconds from the start of the process (for the import: from its first line).
    """
    if warm:  # byte code and page cache, so that the first round is like the others
        _import_ms(peer, server_cpu)
        with Server(served(peer), "hello", cpu=server_cpu, probe=HELLO):
            pass
    imported = _import_ms(peer, server_cpu)
    with Server(served(peer), "hello", cpu=server_cpu, probe=HELLO) as server:
        first_answer = server.first_answer_ms
        cpu = measure.cpu_seconds(server.pid)
        for _ in range(REQUESTS_BEFORE_MEMORY):
            reply = ask(server.port, Request(HELLO))
            if reply.status != 200 or b"world" not in reply.body:
                raise WrongAnswer(f"GET {HELLO} gave {reply.status} {reply.body[:200]!r}")
        time.sleep(SETTLE_SECONDS)
        held = measure.memory(server.pid)
    return (
        {"import_ms": imported, "first_answer_ms": first_answer, "cpu_ms": cpu * 1000},
        {"rss_mb": held.rss / 1e6, "pss_mb": held.pss / 1e6},
    )


def _import_ms(peer: Peer, cpu: int) -> float:
    asked = [peer.name, FIRST_NAMES.get(peer.name, "")]
    ended = subprocess.run(
        ["taskset", "-c", str(cpu), str(peer.python), "-c", TIMED_IMPORT, *asked],
        cwd=APPS,
        env=peer.variables(0, 0),
        capture_output=True,
        check=True,
        text=True,
    )
    return float(ended.stdout)
