"""The benchmarks read the kernel's files as they are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks import measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is /proc only on Linux")

STAT = (
    "4711 (a (strange) name) S 12 4711 4711 0 -1 4194304 2500 0 3 0 "
    "150 50 7 3 20 0 1 0 90210 11276288 1500 18446744073709551615"
)
ROLLUP = """55d0-7ffe ---p 00000000 00:00 0                          [rollup]
Rss:               52100 kB
Pss:               41800 kB
Pss_Dirty:         30000 kB
"""


def test_a_command_name_with_brackets_does_not_shift_the_fields() -> None:
    times = measure.parse_stat(STAT)

    assert times.parent == 12


def test_waited_for_children_count_as_cpu_time() -> None:
    times = measure.parse_stat(STAT)

    assert times.ticks == 150 + 50 + 7 + 3


def test_memory_is_given_in_bytes() -> None:
    held = measure.parse_rollup(ROLLUP)

    assert held == measure.Memory(rss=52100 * 1024, pss=41800 * 1024)


def test_stolen_time_is_busy_and_waiting_is_not() -> None:
    text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 4 800 900 8 16 32 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n"

    assert measure.parse_busy(text, 0) == 1 + 2 + 4 + 8 + 16 + 32


def test_an_unknown_processor_is_an_error() -> None:
    with pytest.raises(ValueError, match="no processor 7"):
        measure.parse_busy("cpu0 1 2 4 800 900 8 16 32 0 0\n", 7)


def test_a_tree_holds_grandchildren_and_no_strangers() -> None:
    parents = {1: 0, 10: 1, 11: 10, 12: 11, 20: 1}

    assert measure.descendants(10, parents) == {10, 11, 12}


def test_a_child_adds_to_the_memory_of_its_tree() -> None:
    alone = measure.memory(os.getpid())

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        together = measure.memory(os.getpid())
        child.communicate(b"\n")

    assert together.rss > alone.rss
    assert 0 < together.pss <= together.rss


def test_cpu_time_of_a_finished_child_is_not_lost() -> None:
    before = measure.cpu_seconds(os.getpid())

    subprocess.run(
        [sys.executable, "-c", "import time\nwhile time.process_time() < 0.1: pass"], check=True
    )

    assert measure.cpu_seconds(os.getpid()) - before >= 0.08
