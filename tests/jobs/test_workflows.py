"""The page about workflows: its application, with a DBOS that is killed between two steps."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.db.conftest import address, own_database

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "workflows.md"


def written(folder: Path) -> None:
    """Write the page's application down, with a way to die in it."""
    _, _, rest = PAGE.read_text().partition("# file: trips.py\n")
    source, _, _ = rest.partition("```")
    crashing = source.replace(
        "    async with db.transaction():\n        await (await Trip.get",
        '    if os.environ.get("CRASH"):\n        os._exit(9)\n'
        "    async with db.transaction():\n        await (await Trip.get",
    )
    assert crashing != source
    (folder / "trips.py").write_text(crashing)


@contextmanager
def serving(
    folder: Path, url: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve it in a process of its own; gives its address, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "trivet", "run", "trips.py", "--port", str(port)],
            cwd=folder,
            env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": f"{ROOT / 'src'}", **environment},
            stdout=out,
            stderr=out,
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()


def asked(url: str, process: subprocess.Popen[bytes], method: str = "GET") -> httpx2.Response:
    """Ask, once the server is there."""
    while True:
        try:
            return httpx2.request(method, url, timeout=5)
        except httpx2.TransportError:
            assert process.poll() is None, "it is there no more"
            time.sleep(0.1)


def drill(folder: Path, url: str) -> None:
    written(folder)
    make = "import asyncio, trips; asyncio.run(trips.db.create_tables())"
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": f"{ROOT / 'src'}"}
    subprocess.run([sys.executable, "-c", make], cwd=folder, env=environment, check=True)

    with serving(folder, url, CRASH="1") as (server, process):
        assert asked(f"{server}/trips/t1?city=Rome", process, "POST").status_code == 202
        assert process.wait() == 9

    with serving(folder, url) as (server, process):
        while [trip["step"] for trip in asked(f"{server}/trips", process).json()] != ["charged"]:
            time.sleep(0.1)


@pytest.mark.slow
async def test_a_workflow_goes_on_with_the_step_at_which_it_was_killed(
    tmp_path: Path, worker_id: str
) -> None:
    async with own_database(address("postgresql"), f"{worker_id}_trips") as db:
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        await asyncio.to_thread(drill, tmp_path, url)
