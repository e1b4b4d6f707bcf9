"""Logs for programs and for people."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.requests import HTTPConnection

from tests.observe.otel.collector import Collector
from trivet import App
from trivet.app.part import Part
from trivet.auth.current import Knowing
from trivet.auth.identity import Identity
from trivet.errors import SetupError
from trivet.middleware.request_id import RequestId
from trivet.observe.logs import JsonFormatter, Logs, TextFormatter
from trivet.observe.otel import OpenTelemetry
from trivet.routing.router import Router
from trivet.terminal import Pen
from trivet.testing import LiveServer, TestClient

pytestmark = pytest.mark.usefixtures("logging_kept")

log = logging.getLogger("shop")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shop(stream: io.StringIO, *parts: Part, **options: Any) -> App:
    app = App()
    app.use(Logs(stream=stream, **options))
    for part in parts:
        app.use(part)

    @app.get("/sell/{name}")
    async def sell(name: str) -> None:
        await asyncio.sleep(0)
        log.info("sold to %s", name, extra={"price": 3, "card_number": "4111"})

    @app.get("/thread")
    def on_thread() -> None:
        log.info("on a thread")

    @app.get("/broken")
    async def broken() -> None:
        try:
            raise LookupError("token=abcdef\nforged")
        except LookupError:
            log.exception("failed")

    return app


def entries(stream: io.StringIO, logger: str = "shop") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [one for one in found if one["logger"] == logger]


def record(message: str, *values: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("shop", logging.WARNING, __file__, 7, message, values, None)
    vars(made).update(extra)
    return made


def test_entry_is_one_json_object_with_what_is_known_of_the_request() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, form="json")) as client:
        answer = client.get("/sell/ann", headers={"x-request-id": "r-1"})

    (entry,) = entries(stream)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "info",
        "logger": "shop",
        "message": "sold to ann",
        "route": "GET /sell/{name}",
        "request_id": "r-1",
        "price": 3,
        "card_number": "***",
    }
    assert answer.headers["x-request-id"] == "r-1"


def test_id_that_is_not_well_formed_is_replaced() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, form="json")) as client:
        answer = client.get("/sell/ann", headers={"x-request-id": 'a" b'})

    (entry,) = entries(stream)
    assert len(entry["request_id"]) == 32
    assert answer.headers["x-request-id"] == entry["request_id"]


def test_hook_for_ids_that_is_there_is_kept() -> None:
    app = App(hooks=[RequestId(header="X-Trace")])

    app.use(Logs(stream=io.StringIO()))

    assert app.hooks == [RequestId(header="X-Trace")]


def test_worker_threads_know_the_request_too() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, form="json")) as client:
        client.get("/thread")

    (entry,) = entries(stream)
    assert entry["route"] == "GET /thread"
    assert entry["request_id"]


def test_exception_is_an_object_of_its_own_without_secrets() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, form="json")) as client:
        client.get("/broken")

    (entry,) = entries(stream)
    assert entry["exception"]["type"] == "builtins.LookupError"
    assert entry["exception"]["message"] == "token=***\nforged"
    assert "in broken" in entry["exception"]["stack"]
    assert "abcdef" not in stream.getvalue()


def test_access_log_tells_route_status_and_time() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, form="json")) as client:
        client.get("/sell/ann?token=abc")
        client.get("/nowhere")

    sold, missing = entries(stream, "trivet.access")
    assert sold["message"] == "GET /sell/ann 200"
    assert (sold["route"], sold["status"], sold["method"]) == ("GET /sell/{name}", 200, "GET")
    assert sold["ms"] > 0
    assert sold["request_id"]
    assert "abc" not in str(sold)
    assert (missing["route"], missing["status"]) == ("GET", 404)


def test_server_writes_no_access_log_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()

    with LiveServer(shop(stream, form="json")) as server:
        httpx2.get(server.url + "/sell/ann")

    assert len(entries(stream, "trivet.access")) == 1
    assert "/sell/ann" not in capsys.readouterr().out


def test_access_log_may_be_left_to_the_server() -> None:
    stream = io.StringIO()
    app = shop(stream, form="json", access=False)

    with TestClient(app) as client:
        client.get("/sell/ann")

    assert entries(stream, "trivet.access") == []
    assert app.writes_access is False


def test_trace_is_named(collector: Collector) -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, OpenTelemetry(is_global=False), form="json")) as client:
        client.get("/sell/ann")

    (entry,) = entries(stream)
    span = collector.span("GET /sell/{name}")
    assert (entry["trace_id"], entry["span_id"]) == (span.trace_id, span.span_id)
    (line,) = entries(stream, "trivet.access")
    assert line["trace_id"] == span.trace_id


class Known(Knowing, Part):
    """Knows everybody as number seven."""

    name = "known"

    class AsSeven:
        name = "seven"
        challenge: str | None = None

        async def identify(self, connection: HTTPConnection) -> Identity:
            return Identity(SimpleNamespace(id=7), "seven")

    def __init__(self) -> None:
        self.means = [self.AsSeven()]

    def router(self) -> Router:
        router = Router()

        @router.get("/mine")
        async def mine(connection: HTTPConnection) -> None:
            await self.identify(connection)
            log.info("read")

        return router


def test_account_is_named_where_it_is_known() -> None:
    stream = io.StringIO()

    with TestClient(shop(stream, Known(), form="json")) as client:
        client.get("/mine")
        client.get("/sell/ann")

    (read, sold) = entries(stream)
    assert read["user_id"] == "7"
    assert "user_id" not in sold


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_client_cannot_write_a_line_or_act_on_a_terminal(formatter: logging.Formatter) -> None:
    text = formatter.format(record("said %s", "a\r\x1b[2K\x85\u2028\u202eb"))

    assert not any(letter in text for letter in "\r\n\x1b\x85\u2028\u202e")
    assert "\\u001b" in text


def test_lines_of_a_text_stand_further_in() -> None:
    lines = TextFormatter().format(record("one\nERROR two")).split("\n")

    assert lines[1] == "    ERROR two"


def test_text_has_the_exception_below_it() -> None:
    try:
        raise LookupError("one\ntwo")
    except LookupError:
        made = record("failed", exc_info=sys.exc_info())

    first, *others = TextFormatter().format(made).split("\n")

    assert first.endswith("shop failed")
    assert all(one.startswith("    ") for one in others)
    assert "LookupError: one" in "".join(others)


def test_colours_are_for_terminals() -> None:
    plain = TextFormatter(pen=Pen(io.StringIO())).format(record("x"))
    coloured = TextFormatter(pen=Pen(Terminal())).format(record("x"))

    assert "\x1b[" not in plain
    assert "\x1b[" in coloured


@pytest.mark.parametrize(("stream", "is_json"), [(io.StringIO(), True), (Terminal(), False)])
def test_form_follows_the_stream(
    stream: io.StringIO, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shop(stream)

    log.warning("hello")

    assert stream.getvalue().startswith("{") is is_json


def test_values_that_do_not_fit_their_message_are_told() -> None:
    text = JsonFormatter().format(record("%d books", "many"))

    assert "do not fit" in json.loads(text)["message"]


def test_second_application_takes_the_place_of_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    shop(first, form="text")
    shop(second, form="text")

    log.warning("hello")

    assert first.getvalue() == ""
    assert second.getvalue().count("hello") == 1


def test_loggers_of_the_server_write_the_same_way() -> None:
    stream = io.StringIO()
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(io.StringIO()))
    shop(stream, form="json")

    logging.getLogger("uvicorn.error").info("started", extra={"color_message": "\x1b[1m"})

    (entry,) = entries(stream, "uvicorn.error")
    assert entry["message"] == "started"
    assert "color_message" not in entry


@pytest.mark.parametrize(
    ("options", "code"),
    [({"form": "yaml"}, "observe.log-form"), ({"level": "LOUD"}, "observe.log-level")],
)
def test_what_cannot_be_written_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(SetupError) as caught:
        Logs(**options)

    assert caught.value.code == code
