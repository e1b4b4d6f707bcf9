"""`trivet admin`: a process that shows a database to whoever started it, and to nobody else."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.cli.typed import SCRIPT, environment


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE good (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)")
        connection.execute("INSERT INTO good VALUES (1, 'Kettle')")
    return path


@contextmanager
def running(file: Path, *words: str) -> Iterator[str]:
    """Run the command, and give the address that it prints."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    line = [SCRIPT, "admin", "--database", str(file), "--port", port, *words]
    changes = {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, env=environment(changes)
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            _wait_for(int(port), process)
            yield found[0]
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:  # the test's own time limit ends it
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return
    raise AssertionError(f"ended with {process.returncode}")


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM good ORDER BY id")]


def test_it_lets_in_who_has_the_key_and_changes_nothing(file: Path) -> None:
    with running(file) as url, httpx2.Client(follow_redirects=True) as client:
        base = url.partition("/?")[0]
        headers = {"origin": base}

        refused = client.get(f"{base}/admin/good/")
        wrong = client.get(f"{base}/?key=wrong")
        elsewhere = client.get(url, headers={"host": "evil.test"})
        assert refused.status_code in (401, 403)
        assert wrong.status_code in (401, 403)
        assert elsewhere.status_code == 400
        assert "Kettle" not in refused.text + wrong.text + elsewhere.text

        home = client.get(url)
        assert (home.status_code, home.url.path) == (200, "/admin/")
        assert "Kettle" in client.get(f"{base}/admin/good/").text
        posted = client.post(f"{base}/admin/good/1", data={"name": "Mine"}, headers=headers)
        assert posted.status_code == 403
    assert names(file) == ["Kettle"]


def test_rows_are_changed_where_that_was_asked_for(file: Path) -> None:
    with running(file, "--write") as url, httpx2.Client(follow_redirects=True) as client:
        base = url.partition("/?")[0]
        client.get(url)
        form = {"id": "2", "name": "Pan"}

        foreign = client.post(
            f"{base}/admin/good/add", data=form, headers={"origin": "http://e.test"}
        )
        added = client.post(f"{base}/admin/good/add", data=form, headers={"origin": base})

        assert (foreign.status_code, added.status_code) == (403, 200)
    assert names(file) == ["Kettle", "Pan"]
