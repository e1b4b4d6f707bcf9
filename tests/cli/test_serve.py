"""`dev` and `run` serve what they are told to, over real sockets, in every process they start."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import trustme
import uvicorn

from tests.cli.typed import SCRIPT, Trivet, Write, environment
from trivet.cli.find import Place
from trivet.cli.limit_options import LimitOptions
from trivet.cli.serve import address_of, server_options
from trivet.cli.server_options import (
    AccessForm,
    HeaderOptions,
    Lifespan,
    LogOptions,
    NetworkOptions,
    ProcessOptions,
    ReloadOptions,
    ServingOptions,
    TlsOptions,
)
from trivet.testing import LiveProcess

PLACE = Place("main", "app", Path.cwd(), "main.py")
APP = """\
import os, sys
from trivet import App
app = App(debug={debug})
@app.get("/seen")
async def seen() -> dict:
    return {{
        "pid": os.getpid(), "debug": app.debug, "fastapi": "fastapi" in sys.modules,
        "word": "{word}",
    }}
"""


def app_text(word: str = "one", debug: bool = False) -> str:
    return APP.format(word=word, debug=debug)


def ask_until_written(url: str) -> None:
    """Ask often enough for the access log to write its lines, which it does in batches."""
    with httpx2.Client() as client:
        for _ in range(64):
            client.get(f"{url}/seen")


class Dev:
    """One `trivet dev` on a port that was free a moment before."""

    def __init__(self, folder: Path, *words: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.log = folder / "dev.log"
        self._file = self.log.open("w")
        self.process = subprocess.Popen(
            [SCRIPT, "dev", *words, "--port", str(self.port)],
            cwd=folder,
            env=environment({}),
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def until(
        self, holds: Callable[[httpx2.Response], bool], path: str = "/seen"
    ) -> httpx2.Response:
        """Ask again until the answer is as wanted; the test's own time limit ends it."""
        while True:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx2.TransportError):
                answer = httpx2.get(f"http://127.0.0.1:{self.port}{path}")
                if holds(answer):
                    return answer
            time.sleep(0.05)

    def until_written(self, text: str) -> None:
        """Wait until the log has a text."""
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait()
        self._file.close()


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Callable[..., Dev]]:
    """Give a function that starts `trivet dev` in the test's folder; it is stopped in the end."""
    started: list[Dev] = []

    def start(*words: str) -> Dev:
        started.append(Dev(tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.mark.slow
def test_dev_serves_with_debug_and_tells_the_addresses_once(
    dev: Callable[..., Dev], write: Write
) -> None:
    write({"main.py": app_text("one")})

    server = dev()
    first = server.until(lambda answer: answer.status_code == 200).json()
    write({"main.py": app_text("two")})
    second = server.until(lambda answer: answer.json()["word"] == "two").json()

    text = server.log.read_text()
    assert (first["word"], first["debug"], second["debug"]) == ("one", True, True)
    assert f"Docs   http://127.0.0.1:{server.port}/docs" in text
    assert f"Pages  http://127.0.0.1:{server.port}/_dev" in text
    assert text.count("Trivet serves main:app") == 1


@pytest.mark.slow
def test_dev_waits_for_the_mend_of_a_broken_application(
    dev: Callable[..., Dev], write: Write
) -> None:
    write({"main.py": "import nowhere_to_be_found\n"})

    server = dev("main.py")
    server.until_written("main.py did not import")
    write({"main.py": app_text("mended")})
    answer = server.until(lambda answer: answer.status_code == 200)

    assert answer.json()["word"] == "mended"
    assert "Traceback" not in server.log.read_text()


FRONTEND = """\
from trivet import App
app = App()
app.frontend("/", directory="dist")
@app.get("/seen")
async def seen() -> dict:
    return {"debug": app.debug}
"""


@pytest.mark.slow
def test_dev_is_lenient_with_a_front_end_that_is_not_built_yet(
    dev: Callable[..., Dev], write: Write
) -> None:
    write({"main.py": FRONTEND})

    server = dev("--no-reload")
    seen = server.until(lambda answer: answer.status_code == 200).json()

    assert seen["debug"] is True
    assert "the folder of a front end, 'dist', does not exist" in server.log.read_text()


def test_run_is_strict_with_a_front_end_that_is_not_built(trivet: Trivet, write: Write) -> None:
    write({"main.py": FRONTEND})

    done = trivet("run", "--port", "0")

    assert done.code == 3
    assert "[routing.frontend-folder]" in done.err


def test_run_leaves_debug_off(write: Write) -> None:
    folder = write({"main.py": app_text()})

    with LiveProcess([], folder=folder, patience=60) as server:
        seen = httpx2.get(f"{server.url}/seen").json()

    assert seen["debug"] is False


@pytest.mark.slow
def test_workers_load_the_application_each_for_itself(write: Write) -> None:
    folder = write({"main.py": app_text()})

    with LiveProcess(["main:app", "--workers", "2"], folder=folder, patience=60) as server:
        assert server.process is not None
        pids: set[int] = set()
        while len(pids) < 2:  # the second may start later; the test's own time limit ends it
            pids.add(httpx2.get(f"{server.url}/seen").json()["pid"])

    assert server.process.pid not in pids


def test_access_log_may_be_json_or_nothing(write: Write) -> None:
    folder = write({"main.py": app_text()})

    with LiveProcess(["--access-log-format", "json"], folder=folder, patience=60) as told:
        ask_until_written(told.url)
    with LiveProcess(["--no-access-log"], folder=folder, patience=60) as quiet:
        ask_until_written(quiet.url)

    assert '"method":"GET","target":"/seen"' in told.log
    assert "/seen" not in quiet.log


def test_header_is_sent_with_every_answer(write: Write) -> None:
    folder = write({"main.py": app_text()})

    with LiveProcess(["--header", "X-Shop: little"], folder=folder, patience=60) as server:
        answer = httpx2.get(f"{server.url}/nowhere")

    assert (answer.status_code, answer.headers["x-shop"]) == (404, "little")


def test_unix_socket_is_served(write: Write, tmp_path: Path) -> None:
    folder = write({"main.py": app_text()})
    path = tmp_path / "s"
    process = subprocess.Popen(
        [SCRIPT, "run", "--uds", str(path)],
        cwd=folder,
        env=environment({}),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.05)
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path), retries=20)) as client:
            answer = client.get("http://shop.example/seen")
    finally:
        process.terminate()
        process.wait()

    assert answer.status_code == 200


FASTAPI = """\
import os
from fastapi import FastAPI
app = FastAPI()
@app.get("/seen")
def seen() -> dict:
    return {"pid": os.getpid(), "from": FastAPI.__module__}
"""


@pytest.mark.slow
def test_dropin_is_installed_in_every_worker(write: Write) -> None:
    folder = write({"main.py": FASTAPI})

    with LiveProcess(
        ["--dropin", "fastapi", "--workers", "2"], folder=folder, patience=60
    ) as server:
        assert server.process is not None
        seen = httpx2.get(f"{server.url}/seen").json()

    assert seen["from"].startswith("trivet.dropin.")
    assert seen["pid"] != server.process.pid


@pytest.mark.slow
def test_dropin_is_installed_in_reloaded_processes(dev: Callable[..., Dev], write: Write) -> None:
    write({"main.py": FASTAPI})

    server = dev("main.py", "--dropin", "fastapi")
    first = server.until(lambda answer: answer.status_code == 200).json()
    write({"main.py": f"# changed\n{FASTAPI}"})
    second = server.until(lambda answer: answer.json()["pid"] != first["pid"]).json()

    assert second["from"].startswith("trivet.dropin.")


def test_certificate_makes_it_https(write: Write, tmp_path: Path) -> None:
    folder = write({"main.py": app_text()})
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["run", "--ssl-keyfile", "key.pem", "--ssl-certfile", "cert.pem", "--port", str(port)]
    process = subprocess.Popen(
        [SCRIPT, *words],
        cwd=folder,
        env=environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer = None
        while answer is None:
            assert process.poll() is None
            with contextlib.suppress(httpx2.ConnectError):
                answer = httpx2.get(f"https://127.0.0.1:{port}/seen", verify=context)
    finally:
        process.terminate()
        process.wait()

    assert answer.status_code == 200


def test_foreign_application_is_served_too(write: Write) -> None:
    folder = write(
        {
            "main.py": "from starlette.applications import Starlette\n"
            "from starlette.responses import PlainTextResponse\n"
            "from starlette.routing import Route\n"
            'app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("plain"))])\n'
        }
    )

    with LiveProcess(["main.py"], folder=folder, patience=60) as server:
        assert httpx2.get(server.url).text == "plain"


@pytest.mark.parametrize("command", ["dev", "run"])
def test_application_that_is_not_there_ends_with_3_at_once(trivet: Trivet, command: str) -> None:
    done = trivet(command, "nowhere.py")

    assert done.code == 3
    assert "there is no file 'nowhere.py'" in done.err


@pytest.mark.parametrize("words", [["--workers", "1"], ["--workers", "2"]])
def test_run_of_an_application_that_does_not_import_ends_with_3(
    trivet: Trivet, write: Write, words: list[str]
) -> None:
    write({"main.py": "import nowhere_to_be_found\n"})

    done = trivet("run", "main.py", "--port", "0", *words)

    assert done.code == 3, done.err
    assert "main.py did not import" in done.err
    assert "Traceback" not in done.err


BROKEN_START = """\
from contextlib import asynccontextmanager
from trivet import App
@asynccontextmanager
async def lifespan(app):
    raise OSError("the database is away")
    yield
app = App(lifespan=lifespan)
"""


@pytest.mark.parametrize("words", [["--workers", "1"], ["--workers", "2"]])
def test_run_of_an_application_that_does_not_start_ends_with_3(
    trivet: Trivet, write: Write, words: list[str]
) -> None:
    write({"main.py": BROKEN_START})

    done = trivet("run", "main.py", "--port", "0", *words)

    assert done.code == 3, done.err
    assert "the database is away" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--reload", "--workers", "2"],
        ["run", "--workers", "0"],
        ["run", "--port", "70000"],
        ["run", "--log-level", "loud"],
        ["run", "--header", "no colon"],
    ],
)
def test_options_without_sense_are_usage_errors(
    trivet: Trivet, write: Write, words: list[str]
) -> None:
    write({"main.py": app_text()})

    assert trivet(*words).code == 2


# What is Trivet's own choice, or has another place; see "Process" in the reference of `run`.
_NOT_OURS = {
    "--app-dir", "--factory", "--h11-max-incomplete-event-size", "--http", "--http2",
    "--interface", "--reset-contextvars", "--version", "--env-file", "--help",
}  # fmt: skip


def test_run_has_every_option_that_uvicorn_has(trivet: Trivet) -> None:
    theirs = {name for option in uvicorn.main.params for name in option.opts if name[:2] == "--"}
    ours = trivet("run", "--help", COLUMNS="300").out

    missing = {name for name in theirs if not re.search(rf"{name}(?![a-z0-9-])", ours)}

    assert "--ssl-version" in theirs
    assert missing <= _NOT_OURS


def test_every_option_reaches_the_server() -> None:
    serving = ServingOptions(
        network=NetworkOptions(host="::1", port=1, uds=Path("/s"), root_path="/r", backlog=7),
        tls=TlsOptions(ssl_keyfile=Path("k"), ssl_certfile=Path("c"), ssl_version=17),
        log=LogOptions(access_log=False, access_log_format=AccessForm.JSON),
        headers=HeaderOptions(header=["a:b", "c: d:e"], server_header=True),
        limits=LimitOptions(limit_concurrency=5, timeout_keep_alive=2.5, ws_max_queue=3),
        process=ProcessOptions(loop="asyncio", ws="none", lifespan=Lifespan.ON),
        watch=ReloadOptions(reload_dir=[Path("x")], reload_include=["*.html"]),
    )

    made = server_options(PLACE, serving, reload=True)

    assert (made.host, made.port, made.uds, made.root_path, made.backlog) == (
        "::1",
        1,
        "/s",
        "/r",
        7,
    )
    assert (made.ssl_keyfile, made.ssl_certfile, made.ssl_version) == ("k", "c", 17)
    assert (made.loop, made.ws, made.lifespan, made.ws_max_queue) == ("asyncio", "none", "on", 3)
    assert (made.access_log, made.access_form, made.log_level) == (False, "json", "info")
    assert made.headers == [("a", "b"), ("c", "d:e")]
    assert (made.limit_concurrency, made.timeout_keep_alive) == (5, 2.5)
    assert (made.reload, made.reload_dirs, made.reload_includes) == (True, ["x"], ["*.html"])
    assert made.factory


@pytest.mark.parametrize(
    ("network", "tls", "address"),
    [
        (NetworkOptions(), TlsOptions(), "http://127.0.0.1:8000"),
        (NetworkOptions(host="0.0.0.0", port=80), TlsOptions(), "http://127.0.0.1:80"),
        (NetworkOptions(host="::"), TlsOptions(), "http://[::1]:8000"),
        (NetworkOptions(), TlsOptions(ssl_certfile=Path("c")), "https://127.0.0.1:8000"),
        (NetworkOptions(port=0), TlsOptions(), None),
        (NetworkOptions(uds=Path("s")), TlsOptions(), None),
        (NetworkOptions(fd=3), TlsOptions(), None),
    ],
)
def test_address_is_one_to_type_into_a_browser(
    network: NetworkOptions, tls: TlsOptions, address: str | None
) -> None:
    assert address_of(ServingOptions(network=network, tls=tls)) == address
