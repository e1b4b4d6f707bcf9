"""An example, served as its reader serves it: by the command line, on a real socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 50.0
STOP_SECONDS = 15.0
_LISTENS = re.compile(r"running on http://127\.0\.0\.1:(?P<port>\d+)")


@dataclass
class Example:
    """A running example: where it answers, and what it wrote so far."""

    target: str
    process: subprocess.Popen[str]
    port: int = 0
    lines: list[str] = field(default_factory=list)
    listens: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str) -> str:
        """Give the output once `text` is in it."""
        ends = time.monotonic() + START_SECONDS
        while text not in self.output:
            assert time.monotonic() < ends, self.output
            time.sleep(0.05)
        return self.output

    def follow(self) -> None:
        """Gather what the process writes; notes the port when it is told."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if not self.port and (found := _LISTENS.search(line)):
                self.port = int(found["port"])
                self.listens.set()
        self.listens.set()


@contextmanager
def serving(
    target: str, command: Sequence[str] = ("run",), **environment: str
) -> Iterator[Example]:
    """Run `trivet run` for an example on a free port, from the repository's folder.

    Or another `command` with its options.

    Afterwards it must have stopped by itself when asked, and written no traceback.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "trivet", *command, target, "--port", "0"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": "src", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    example = Example(target, process)
    follower = threading.Thread(target=example.follow)
    follower.start()
    try:
        assert example.listens.wait(START_SECONDS), example.output
        assert example.port, example.output
        yield example
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
            follower.join()
            assert process.stdout is not None
            process.stdout.close()
    assert "Traceback" not in example.output, example.output
