"""What a script uses from here to there: CPU seconds and memory of its process, from Linux.

Imports nothing but the standard library: every peer's script uses it.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 10_000


def measurements() -> list[dict[str, object]]:
    """Make as many rows as the command line says: all of them, before anything is measured."""
    return [
        {"sensor": n % 1000, "value": n * 0.5, "label": f"sensor {n % 1000}"}
        for n in range(1, int(sys.argv[2]) + 1)
    ]


@contextmanager
def metered() -> Iterator[None]:
    """Measure the block, and print what it used as one line of JSON."""
    # From now on the peak is that of the block: what was freed before it does not count.
    Path("/proc/self/clear_refs").write_text("5")
    at_first = memory("VmRSS")
    used, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    peak = memory("VmHWM")
    figures = {"cpu_s": cpu, "seconds": seconds, "peak_mb": peak, "growth_mb": peak - at_first}
    sys.stdout.write(json.dumps(figures) + "\n")


def memory(name: str) -> float:
    """Give one of the kernel's figures on this process's memory, in MB of 10**6 bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"the kernel tells no {name}")
