"""Streams of tokens on a real socket, read by the clients for which they are."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import openai
import pytest

from tests.ai.leaving import ask_and_leave
from trivet import App, HTTPException
from trivet.ai.tokens import (
    Finish,
    Generation,
    Piece,
    Price,
    Reasoning,
    TokenStream,
    TokenStreams,
    ToolCall,
    Usage,
    openai_stream,
)
from trivet.testing import LiveServer, TestClient
from trivet.watching import Happening

SAID: list[Piece] = [
    Reasoning("hm"),
    "Hello",
    ", ",
    'wörld\n"',
    ToolCall("call-1", "read_record", '{"number": 1}'),
    "!",
    Usage(7, 5),
    Finish("length"),
]


class Provider:
    """A model that says what it is told to, and notes how it ends."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.closed = threading.Event()
        self.given = 0

    async def say(self, *pieces: Piece, then: Any = None) -> AsyncIterator[Piece]:
        self.began.set()
        try:
            for piece in pieces:
                self.given += 1
                yield piece
            if isinstance(then, Exception):
                raise then
            if then == "wait":
                await anyio.sleep(3600)
        finally:
            self.closed.set()


class Site:
    """An application with streams of several kinds."""

    def __init__(self) -> None:
        self.provider = Provider()
        self.ended: list[Generation] = []
        self.happened: list[Happening] = []
        self.app = App()
        self.part = self.app.use(
            TokenStreams(prices={"alice": Price(input=2, output=10)}, on_end=self.ended.append)
        )
        self.part.watch(self)

        @self.app.post("/v1/chat/completions")
        async def chat(usage: bool = True) -> TokenStream:
            return self.part.openai(self.provider.say(*SAID), model="alice", usage=usage)

        @self.app.post("/ui")
        async def ui() -> TokenStream:
            return self.part.ui(self.provider.say(*SAID), model="alice", usage=True, message_id="m")

        @self.app.get("/waiting")
        async def waiting() -> TokenStream:
            return self.part.openai(self.provider.say("one", then="wait"), model="alice")

        @self.app.get("/silent")
        async def silent() -> TokenStream:
            return self.part.openai(self.provider.say(then="wait"), model="alice")

        @self.app.get("/endless")
        async def endless() -> TokenStream:
            return self.part.openai(self.provider.say(*["x" * 1000] * 100_000), model="alice")

        @self.app.get("/failing")
        async def failing(after: bool, wire: str = "openai") -> TokenStream:
            stream = self.part.openai if wire == "openai" else self.part.ui
            pieces = ["one"] if after else []
            return stream(
                self.provider.say(*pieces, then=RuntimeError("secret words")), model="alice"
            )

        @self.app.get("/busy")
        async def busy() -> TokenStream:
            error = HTTPException(503, "No room", {"Retry-After": "2"})
            return self.part.openai(self.provider.say(then=error), model="alice")

        @self.app.get("/blocking")
        async def blocking() -> TokenStream:
            return self.part.openai(iter(["a", "b"]), model="alice")

    def begins(self, happening: Happening) -> None:
        assert happening.ended is None

    def ends(self, happening: Happening) -> None:
        self.happened.append(happening)

    def end_of(self, how: str) -> Happening:
        """Give what was told of the first stream; it is told behind the last byte."""
        while not self.ended:
            threading.Event().wait(0.01)
        assert self.ended[0].ended == how
        return self.happened[0]

    def running(self) -> float:
        reading = anyio.run(self.part.gauges()[0].read)
        return float(reading[0].value)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def live(site: Site) -> Iterator[str]:
    with LiveServer(site.app) as server:
        yield server.url


def _chunks(text: str) -> list[Any]:
    """Give the data of each event, by the rules of server-sent events."""
    assert text.endswith("\n\n")
    events = [one for one in text.split("\n\n") if one and not one.startswith(":")]
    data = [one.removeprefix("data: ") for one in events]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


def test_openais_client_gathers_the_stream(live: str) -> None:
    with openai.OpenAI(base_url=f"{live}/v1", api_key="x", max_retries=0) as client:
        chunks = list(client.chat.completions.create(model="alice", messages=[], stream=True))

    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert choices[0].delta.role == "assistant"
    assert "".join(one.delta.content or "" for one in choices) == 'Hello, wörld\n"!'
    assert choices[-1].finish_reason == "length"
    calls = [call for one in choices for call in one.delta.tool_calls or ()]
    assert [(one.index, one.id, one.function and one.function.name) for one in calls] == [
        (0, "call-1", "read_record")
    ]
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (7, 5, 12)
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_is_told_only_where_it_is_asked_for(site: Site) -> None:
    answer = TestClient(site.app).post("/v1/chat/completions?usage=false")

    chunks = _chunks(answer.text)
    assert chunks[-1] == "[DONE]"
    assert all("usage" not in one for one in chunks[:-1])
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"


def test_a_message_of_the_ai_sdk_opens_and_closes_its_parts(site: Site) -> None:
    answer = TestClient(site.app).post("/ui")

    named = {"toolCallId": "call-1", "toolName": "read_record"}
    assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert _chunks(answer.text) == [
        {"type": "start", "messageId": "m"},
        {"type": "start-step"},
        {"type": "reasoning-start", "id": "part-1"},
        {"type": "reasoning-delta", "id": "part-1", "delta": "hm"},
        {"type": "reasoning-end", "id": "part-1"},
        {"type": "text-start", "id": "part-2"},
        {"type": "text-delta", "id": "part-2", "delta": "Hello"},
        {"type": "text-delta", "id": "part-2", "delta": ", "},
        {"type": "text-delta", "id": "part-2", "delta": 'wörld\n"'},
        {"type": "text-end", "id": "part-2"},
        {"type": "tool-input-start", **named},
        {"type": "tool-input-available", **named, "input": {"number": 1}},
        {"type": "text-start", "id": "part-3"},
        {"type": "text-delta", "id": "part-3", "delta": "!"},
        {"type": "text-end", "id": "part-3"},
        {"type": "finish-step"},
        {
            "type": "finish",
            "finishReason": "length",
            "messageMetadata": {"usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}},
        },
        "[DONE]",
    ]


def test_the_end_tells_tokens_cost_and_the_time_to_the_first(site: Site) -> None:
    TestClient(site.app).post("/ui")

    (ended,) = site.ended
    assert (ended.model, ended.ended, ended.pieces) == ("alice", "length", 5)
    assert ended.cost == pytest.approx((7 * 2 + 5 * 10) / 1_000_000)
    assert ended.first_piece is not None
    assert 0 <= ended.first_piece <= ended.seconds
    (happened,) = site.happened
    assert (happened.kind, happened.name, happened.error) == ("generation", "chat alice", None)
    assert happened.facts["gen_ai.usage.output_tokens"] == 5
    assert happened.facts["gen_ai.server.time_to_first_token"] == ended.first_piece
    assert happened.ended is not None


def test_metrics_count_streams_and_tokens(site: Site) -> None:
    TestClient(site.app).post("/ui")

    readings = anyio.run(site.part.gauges()[1].read)
    found = {(one.labels["model"], one.labels["type"]): one.value for one in readings}
    assert found == {("alice", "input"): 7, ("alice", "output"): 5}
    seconds, count = (anyio.run(one.read)[0].value for one in site.part.gauges()[2:])
    assert (seconds, count) == (site.ended[0].first_piece, 1)
    assert site.running() == 0


@pytest.mark.parametrize("path", ["/waiting", "/endless"])
def test_a_client_that_leaves_closes_the_provider(site: Site, live: str, path: str) -> None:
    with httpx2.stream("GET", live + path) as answer:
        assert next(answer.iter_bytes())

    assert site.provider.closed.wait(30)
    assert site.end_of("cancelled").error is None
    assert site.running() == 0


def test_a_client_that_leaves_before_the_first_token_closes_the_provider(site: Site) -> None:
    with LiveServer(site.app) as server:
        ask_and_leave(server, "/silent", site.provider.began)

        assert site.provider.closed.wait(30)


def test_a_slow_client_slows_its_provider_down(site: Site, live: str) -> None:
    """100 MB are there to be had; what the sockets hold is a small part of it."""
    with httpx2.stream("GET", f"{live}/endless") as answer:
        assert next(answer.iter_bytes())
        before = -1
        while site.provider.given != before:
            before = site.provider.given
            threading.Event().wait(0.3)

        assert 0 < before < 50_000


def test_what_fails_before_the_first_token_is_answered_with_a_status(site: Site) -> None:
    client = TestClient(site.app, raise_server_exceptions=False)

    busy = client.get("/busy")
    failed = client.get("/failing?after=false")

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
    assert busy.json() == {"detail": "No room"}
    assert failed.status_code == 500
    assert [one.ended for one in site.ended] == ["error", "error"]
    assert site.provider.closed.is_set()


def test_what_fails_in_the_middle_is_told_in_the_stream(
    site: Site, live: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = httpx2.get(f"{live}/failing?after=true")
    message = httpx2.get(f"{live}/failing?after=true&wire=ui")

    assert _chunks(answer.text)[-1]["error"]["message"] == "The model failed"
    assert _chunks(message.text)[-2:] == [
        {"type": "error", "errorText": "The model failed"},
        "[DONE]",
    ]
    assert "secret" not in answer.text + message.text
    assert "secret words" in caplog.text
    assert site.end_of("error").error is not None


def test_openais_client_raises_what_failed_in_the_middle() -> None:
    site = Site()

    @site.app.post("/v2/chat/completions")
    async def chat() -> TokenStream:
        said = site.provider.say("one", then=HTTPException(503, "No more words"))
        return site.part.openai(said, model="alice")

    with LiveServer(site.app) as server:
        client = openai.OpenAI(base_url=f"{server.url}/v2", api_key="x", max_retries=0)
        with client, pytest.raises(openai.APIError, match="No more words"):
            list(client.chat.completions.create(model="alice", messages=[], stream=True))


def test_a_blocking_iterator_is_asked_on_a_thread(site: Site) -> None:
    chunks = _chunks(TestClient(site.app).get("/blocking").text)

    said = [one["choices"][0]["delta"].get("content") for one in chunks[:-1]]
    assert said == ["", "a", "b", None]


def test_a_silent_model_keeps_the_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivet.ai.tokens.stream.PING_SECONDS", 0.01)
    released = anyio.Event()
    app = App()

    async def late() -> AsyncIterator[Piece]:
        await released.wait()
        yield "late"

    @app.get("/late")
    async def stream() -> TokenStream:
        return openai_stream(late(), model="alice")

    async def look() -> None:
        got: list[bytes] = []

        async def send(message: Any) -> None:
            got.append(message.get("body", b""))
            if b"ping" in got[-1]:
                released.set()

        async def receive() -> Any:
            await anyio.sleep_forever()

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "path": "/late", "raw_path": b"/late", "query_string": b"", "root_path": "",
            "headers": [(b"host", b"testserver")], "scheme": "http",
            "client": ("127.0.0.1", 1), "server": ("testserver", 80),
        }  # fmt: skip
        await app(scope, receive, send)

        text = b"".join(got).decode()
        assert text.index('"role":"assistant"') < text.index(": ping") < text.index("late")

    anyio.run(look)


async def test_what_the_end_is_told_to_may_wait_and_may_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []

    async def waiting(generation: Generation) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(generation.ended)
        raise RuntimeError("no place to write it down")

    app = App()

    @app.get("/")
    async def stream() -> TokenStream:
        return openai_stream(iter(["a"]), model="alice", on_end=waiting)

    assert TestClient(app).get("/").status_code == 200
    assert told == ["stop"]
    assert "no place" in caplog.text
