"""What a process tree has used, read from /proc.

CPU time is the kernel's utime + stime of every process of the tree, and of the children that they
have waited for. It is kept in nanoseconds and shown in ticks of 1/100 s, so a difference is off by
at most two ticks a process: loads have to last long enough to make that small.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Times:
    """One process's parent and its CPU time in ticks, waited-for children included."""

    parent: int
    ticks: int


@dataclass(frozen=True)
class Memory:
    """Memory of a process tree in bytes; `pss` counts a page shared by n processes as 1/n."""

    rss: int
    pss: int


def parse_stat(text: str) -> Times:
    """Read the text of /proc/PID/stat."""
    # The command name is in brackets and may hold blanks and brackets itself.
    fields = text[text.rindex(")") + 2 :].split()
    return Times(parent=int(fields[1]), ticks=sum(int(field) for field in fields[11:15]))


def parse_rollup(text: str) -> Memory:
    """Read the text of /proc/PID/smaps_rollup."""
    sizes = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[2] == "kB":
            sizes[words[0]] = int(words[1]) * 1024
    return Memory(rss=sizes["Rss:"], pss=sizes["Pss:"])


def descendants(root: int, parents: dict[int, int]) -> set[int]:
    """Give `root` and everything below it, from a table of process to parent."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """Give the CPU seconds that the tree under the process `root` has used so far."""
    table = _processes()
    tree = descendants(root, {pid: times.parent for pid, times in table.items()})
    ticks = sum(table[pid].ticks for pid in tree if pid in table)
    return ticks / os.sysconf("SC_CLK_TCK")


def parse_busy(text: str, cpu: int) -> int:
    """Give the ticks that processor `cpu` has not been idle, from the text of /proc/stat.

    Time that a hypervisor took away counts as busy: it was not there for the server either.
    """
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name == f"cpu{cpu}":
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, rest.split()[:8])
            return user + nice + system + irq + softirq + steal
    raise ValueError(f"no processor {cpu} in /proc/stat")


def busy_seconds(cpu: int) -> float:
    """Give the seconds that processor `cpu` has spent on anything so far."""
    return parse_busy((PROC / "stat").read_text(), cpu) / os.sysconf("SC_CLK_TCK")


def parent_named(pid: int) -> int | None:
    """Give the parent of a process, if it runs here and has the same program; None otherwise."""
    try:
        parent = parse_stat((PROC / str(pid) / "stat").read_text()).parent
        same = _program(pid) == _program(parent)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return parent if same else None


def _program(pid: int) -> str:
    return (PROC / str(pid) / "comm").read_text()


def memory(root: int) -> Memory:
    """Give the memory that the tree under the process `root` holds now."""
    table = _processes()
    rss = pss = 0
    for pid in descendants(root, {pid: times.parent for pid, times in table.items()}):
        try:
            part = parse_rollup((PROC / str(pid) / "smaps_rollup").read_text())
        except (FileNotFoundError, ProcessLookupError, KeyError):
            continue  # ended between the two looks, or a zombie without memory
        rss += part.rss
        pss += part.pss
    return Memory(rss, pss)


def _processes() -> dict[int, Times]:
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = parse_stat((entry / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
