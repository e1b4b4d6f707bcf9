"""A disk without room: what cannot be stored is refused, the rest goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx2
import pytest

from tests.db.breaking.conftest import emptied, serving
from tests.db.breaking.load import stored
from tests.db.breaking.servers import PostgreSql

_LARGE = 60_000  # bytes of a note


@contextmanager
def small_disk(size: str, missing: Callable[[str], NoReturn]) -> Iterator[Path]:
    """Give a folder on a disk of its own; only root may mount one."""
    if os.geteuid() != 0:
        missing("a small disk is mounted by root alone")
    with tempfile.TemporaryDirectory(prefix="trivet-") as folder:
        Path(folder).chmod(0o755)
        disk = Path(folder) / "disk"
        disk.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(disk)]
        if subprocess.run(words, check=False, capture_output=True).returncode:
            missing("no small disk could be mounted")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left on a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for piece in (b"x" * 65536, b"x" * 512, b"x"):
            try:
                while True:
                    file.write(piece)
            except OSError:
                continue
    return ballast


async def _drill(url: str, disk: Path) -> None:
    with serving(url) as stall:
        async with httpx2.AsyncClient(base_url=stall.url, timeout=15) as client:
            assert (await client.post("/orders/before")).status_code == 201
            ballast = await asyncio.to_thread(fill, disk)

            refused = 0
            stayed = ["before"]
            for n in range(200):  # pages that are free already are used up first
                answer = await client.post(f"/orders/full{n}?note={_LARGE}")
                if answer.status_code == 201:
                    stayed.append(f"full{n}")
                    continue
                assert answer.status_code == 507, answer.text
                assert "no room left" in answer.json()["detail"]
                refused += 1
                if refused == 3:
                    break
            assert refused == 3
            shown = await client.get("/count")
            assert (shown.status_code, shown.json()) == (200, len(stayed))

            ballast.unlink()

            for n in range(3):
                assert (await client.post(f"/orders/after{n}?note={_LARGE}")).status_code == 201
    assert "free some on its disk" in stall.log
    assert sorted(await stored(url)) == sorted([*stayed, "after0", "after1", "after2"])


async def test_a_full_disk_refuses_writes_to_sqlite(missing: Callable[[str], NoReturn]) -> None:
    with small_disk("4m", missing) as disk:
        url = f"sqlite:///{disk / 'stall.db'}"
        await emptied(url)

        await _drill(url, disk)


@pytest.mark.slow
async def test_a_full_disk_refuses_writes_to_postgresql(
    missing: Callable[[str], NoReturn],
) -> None:
    programs = PostgreSql.programs(missing)
    with small_disk("80m", missing) as disk:
        # The log of what is to be written lies elsewhere: without room for that the server stops.
        server = PostgreSql(disk.parent / "server", programs, disk / "data")
        server.make()
        server.start()
        try:
            await emptied(server.url)

            await _drill(server.url, disk)
        finally:
            server.stop()
