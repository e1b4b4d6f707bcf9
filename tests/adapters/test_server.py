"""The server as a process: workers, reload, TLS, UNIX sockets, proxies, the access log."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.adapters.serving import app as echo_app
from tests.adapters.serving import read_all, read_answer, request, wait_until
from trivet.adapters.server import ServerOptions, configure, serve
from trivet.errors import SetupError

SCRIPT = Path(__file__).with_name("run_server.py")
APP = "tests.adapters.served_app:app"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of UNIX")


class Process:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, output: IO[str]) -> None:
        self.process = process
        self.port = port
        self._output = output

    def ask(self, path: str, *headers: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
            sock.sendall(request(path, "Connection: close", *headers))
            return read_all(sock)

    def body(self, path: str) -> bytes:
        return self.ask(path).partition(b"\r\n\r\n")[2]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(50)
        return self.output()

    def output(self) -> str:
        """Give what the server has written; a file, as a full pipe would block it."""
        self._output.seek(0)
        return self._output.read()


@contextmanager
def process(app: str = APP, folder: Path | None = None, **options: Any) -> Iterator[Process]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    if "uds" not in options:
        options["port"] = port
    root = Path(__file__).parents[2]
    paths = (
        [str(folder), str(root), str(root / "src")] if folder else [str(root), str(root / "src")]
    )
    with tempfile.TemporaryFile("w+") as output:
        started = subprocess.Popen(
            [sys.executable, str(SCRIPT), app, json.dumps(options)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            cwd=folder or root,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        found = Process(started, port, output)
        try:
            wait_until(lambda: started.poll() is not None or _is_up(found, options.get("uds")), 50)
            assert started.poll() is None, found.output()
            yield found
        finally:
            if started.poll() is None:
                found.stop()


def _is_up(server: Process, uds: str | None) -> bool:
    try:
        if uds is not None:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(uds)
        else:
            socket.create_connection(("127.0.0.1", server.port), timeout=30).close()
    except OSError:
        return False
    return True


def test_a_worker_that_dies_is_replaced() -> None:
    with process(workers=2) as server:
        first = server.body("/who")
        assert server.ask("/die") == b""

        answers = {server.body("/who") for _ in range(20)}

    assert first.isdigit()
    assert all(answer.isdigit() for answer in answers)


def test_a_worker_that_is_blocked_is_replaced() -> None:
    with process(workers=2, timeout_worker_blocked=0.3) as server:
        assert server.ask("/block") == b""
        answers = {server.body("/who") for _ in range(20)}
        output = server.stop()

    assert all(answer.isdigit() for answer in answers)
    assert "was blocked for" in output
    assert "in block" in output


def test_reload_loses_no_request(tmp_path: Path) -> None:
    module = tmp_path / "reloaded.py"
    code = "from tests.adapters.serving import EchoApp, Ready, TEXT\n" \
        "from trivet.http.exchange import Answer\n" \
        "app = EchoApp({'/v': Ready(lambda e: Answer(TEXT, b'%s'))})\n"  # fmt: skip
    module.write_text(code % "first")

    # Without a delay: files are watched from then on only, and a fast machine serves before.
    options = {"reload": True, "reload_dirs": [str(tmp_path)], "reload_delay": 0}
    with process("reloaded:app", tmp_path, **options) as server:
        assert server.body("/v") == b"first"
        module.write_text(code % "second")
        answers: list[bytes] = []
        kept: list[bytes] = []
        done = threading.Event()

        def keep_asking() -> None:
            """Ask on kept connections, opening another where the server says that it closes."""
            while not done.is_set():
                with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
                    headers: dict[str, str] = {}
                    while "connection" not in headers and not done.is_set():
                        sock.sendall(request("/v"))
                        _, headers, body = read_answer(sock)
                        kept.append(body)

        thread = threading.Thread(target=keep_asking)
        thread.start()
        try:

            def is_reloaded() -> bool:
                answers.append(server.body("/v"))
                return answers[-1] == b"second"

            wait_until(is_reloaded, 50)
        finally:
            done.set()
            thread.join(30)

    assert set(answers) == {b"first", b"second"}
    assert set(kept) <= {b"first", b"second"}
    assert kept


def test_a_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    path = str(tmp_path / "server.sock")

    with process(uds=path), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(path)
        sock.sendall(request("/seen"))
        assert read_answer(sock)[2] == b"http -"

    assert not os.path.exists(path)


def test_tls_is_served(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with (
        process(ssl_certfile=str(chain), ssl_keyfile=str(key)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sock,
    ):
        sock.sendall(request("/seen"))
        assert read_answer(sock)[2] == b"https 127.0.0.1"
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert read_answer(sock)[0] == 400
        assert sock.recv(100) == b""


def test_a_trusted_proxy_is_believed() -> None:
    with process() as server:
        answer = server.ask(
            "/seen", "X-Forwarded-For: 10.1.1.1, 192.0.2.7", "X-Forwarded-Proto: https"
        )

    assert answer.endswith(b"https 192.0.2.7")


def test_any_other_peer_is_not_believed() -> None:
    with process(forwarded_allow_ips="192.0.2.1") as server:
        answer = server.ask("/seen", "X-Forwarded-For: 10.1.1.1", "X-Forwarded-Proto: https")

    assert answer.endswith(b"http 127.0.0.1")


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_access_log_has_a_line_for_each_answer(form: str) -> None:
    with process(access_form=form) as server:
        server.ask('/a"b?c=d')
        server.ask("/late")
        output = server.stop()

    lines = [line for line in output.splitlines() if "HTTP/1.1" in line or line[:1] == "{"]
    assert len(lines) == 2
    if form == "json":
        first = json.loads(lines[0])
        assert (first["method"], first["target"], first["status"]) == ("GET", "/a%22b?c=d", 200)
        assert first["client"].startswith("127.0.0.1:")
    else:
        assert lines[1].endswith('"GET /late HTTP/1.1" 200')


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_that_waits_for_nobody_still_writes_the_access_log(workers: int) -> None:
    # A sweep that never comes, and a client that stays.
    limits = {"sweep": 1000.0}
    with (
        process(workers=workers, limits=limits, timeout_graceful_shutdown=0) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as kept,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as busy,
    ):
        busy.sendall(request("/count", "Content-Length: 9", method="POST"))
        kept.sendall(request("/late?kept"))
        assert read_answer(kept)[0] == 200
        output = server.stop()

    assert '"GET /late?kept HTTP/1.1" 200' in output


def test_the_access_log_can_be_switched_off() -> None:
    with process(access_log=False) as server:
        server.ask("/late")
        output = server.stop()

    assert "/late" not in output


def test_workers_need_the_name_of_the_application() -> None:
    with pytest.raises(SetupError, match="need the application's name"):
        serve(echo_app, ServerOptions(workers=2))


def test_options_mean_what_they_mean_to_uvicorn() -> None:
    options = ServerOptions(
        port=1, workers=3, root_path="/a", limit_concurrency=5, headers=[("x-a", "b")],
        timeout_keep_alive=7, timeout_graceful_shutdown=9, backlog=11,
    )  # fmt: skip

    config = configure(APP, options)

    assert (config.port, config.workers, config.root_path) == (1, 3, "/a")
    assert (config.limit_concurrency, config.backlog) == (5, 11)
    assert config.timeout_graceful_shutdown == 9
    assert config.http.limits.keep_alive == 7  # type: ignore[union-attr]
    config.load()
    assert config.encoded_headers == [(b"x-a", b"b")]
