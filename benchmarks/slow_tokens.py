"""Many streams of a slow model at once, on one worker: are all whole, and what do they cost?"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import measure
from benchmarks.check import WrongAnswer
from benchmarks.peers import Peer
from benchmarks.servers import Server
from benchmarks.stream_cases import PAUSE, WORDS

CLIENT = Path(__file__).with_name("stream_client.py")


def run(peer: Peer, *, streams: int, server_cpu: int, load_cpu: int) -> dict[str, float]:
    """Read `streams` streams at one moment; gives the figures.

    Memory is that of the server's tree while half of a stream's time has gone, above what it held
    before the first.
    """
    with Server(peer, "streams", cpu=server_cpu, probe="/hello") as server:
        _ask(server.port, 2, load_cpu)  # warm
        before = measure.memory(server.pid)
        cpu_before = measure.cpu_seconds(server.pid)
        with _asking(server.port, streams, load_cpu) as client:
            time.sleep(1.0 + WORDS * PAUSE / 2)
            held = measure.memory(server.pid)
            output, errors = client.communicate(timeout=320)
        spent = measure.cpu_seconds(server.pid) - cpu_before
        if client.returncode:
            raise WrongAnswer(f"the clients failed: {errors.strip()[-500:]}")
        told = json.loads(output)
    if not told["words"]:
        raise WrongAnswer("no stream was whole")
    first = told["first"]
    return {
        "streams": streams,
        "missing": streams * WORDS - told["words"],
        "cost_us": spent * 1e6 / told["words"],
        "first_ms": median(first) * 1000,
        "first_p99_ms": first[int(len(first) * 0.99)] * 1000,
        "seconds": told["seconds"],
        "pss_mb": held.pss / 1e6,
        "pss_kb_per_stream": (held.pss - before.pss) / 1024 / streams,
    }


def _ask(port: int, streams: int, cpu: int) -> None:
    with _asking(port, streams, cpu) as client:
        client.communicate(timeout=60)


def _asking(port: int, streams: int, cpu: int) -> subprocess.Popen[str]:
    path = f"/slow?count={WORDS}&pause={PAUSE}"
    command = ["taskset", "-c", str(cpu), sys.executable, str(CLIENT)]
    return subprocess.Popen(
        [*command, str(port), str(streams), path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
