"""The case of many open WebSockets: memory of an idle connection, then one broadcast to all."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from benchmarks import measure
from benchmarks.check import WrongAnswer
from benchmarks.peers import Peer
from benchmarks.servers import Server

CLIENT = Path(__file__).with_name("socket_client.py")


def run(
    peer: Peer, *, connections: int, idle_seconds: float, server_cpu: int, load_cpu: int
) -> dict[str, float]:
    """Open `connections` WebSockets, leave them idle, broadcast once; gives the figures.

    Memory is the difference of the server's tree between no connection and all of them idle.
    """
    with Server(peer, "app", cpu=server_cpu, probe="/hello") as server:
        before = measure.memory(server.pid)
        cpu_before = measure.cpu_seconds(server.pid)
        command = ["taskset", "-c", str(load_cpu), sys.executable, str(CLIENT)]
        with subprocess.Popen(
            [*command, str(server.port), str(connections)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            assert client.stderr is not None
            try:
                opened = _line(client.stdout, client.stderr)
                cpu_opened = measure.cpu_seconds(server.pid)
                time.sleep(idle_seconds)
                after = measure.memory(server.pid)
                cpu_idle = measure.cpu_seconds(server.pid)
                _go_on(client.stdin)
                told = _line(client.stdout, client.stderr)
                cpu_told = measure.cpu_seconds(server.pid)
                _go_on(client.stdin)
            except BaseException:
                client.kill()
                raise
    return {
        "connections": connections,
        "missing": connections - told["received"] + told["wrong"],
        "pss_kb_per_connection": (after.pss - before.pss) / 1024 / connections,
        "rss_kb_per_connection": (after.rss - before.rss) / 1024 / connections,
        "open_us": (cpu_opened - cpu_before) * 1e6 / connections,
        "idle_cpu_percent": (cpu_idle - cpu_opened) * 100 / idle_seconds,
        "cost_us": (cpu_told - cpu_idle) * 1e6 / connections,
        "broadcast_ms": told["seconds"] * 1000,
        "opening_seconds": opened["seconds"],
    }


def _line(output: IO[str], errors: IO[str]) -> dict[str, Any]:
    line = output.readline()
    if not line:
        raise WrongAnswer(f"the WebSocket client failed: {errors.read().strip()[-500:]}")
    found: dict[str, Any] = json.loads(line)
    return found


def _go_on(stdin: IO[str]) -> None:
    stdin.write("\n")
    stdin.flush()
