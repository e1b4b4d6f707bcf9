"""An application is served by Granian's own interface as it is, its lifespan included."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.adapters.serving import wait_until

PROGRAM = """
from contextlib import asynccontextmanager
from trivet import App
from trivet.routing.when import HeaderIs

events = []


@asynccontextmanager
async def lifespan(app):
    events.append("started")
    yield
    print("stopped", flush=True)


app = App(lifespan=lifespan)


@app.get("/events")
async def told() -> list[str]:
    return events


@app.get("/number", when=HeaderIs("API-Version", "1", default=True))
async def one() -> int:
    return 1


@app.get("/number", when=HeaderIs("API-Version", "2"))
async def two() -> int:
    return 2
"""


def test_granian_serves_an_application_natively(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "rsgi", "--port", str(port), "main:app"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def answers() -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{port}/events").status_code == 200
        except httpx2.TransportError:
            return process.poll() is not None

    try:
        wait_until(answers, 30)
        assert httpx2.get(f"http://127.0.0.1:{port}/events").json() == ["started"]
        number = f"http://127.0.0.1:{port}/number"
        found = [
            httpx2.get(number, headers=headers)
            for headers in ({}, {"API-Version": "2"}, {"API-Version": "3"})
        ]
        assert [answer.text for answer in found[:2]] == ["1", "2"]
        assert found[2].status_code == 400
        assert {answer.headers["vary"] for answer in found} == {"API-Version"}
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert "stopped" in output
