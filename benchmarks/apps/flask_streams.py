"""A slow model behind Flask: its words as chunks of a chat completion; each stream has a thread."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Flask, Response, request

app = Flask(__name__)


@app.get("/hello")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


def words(count: int, pause: float) -> Iterator[str]:
    for _ in range(count):
        time.sleep(pause)
        yield "word "


@app.get("/slow")
def slow() -> Response:
    count, pause = int(request.args["count"]), float(request.args["pause"])
    head = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "slow",
    }

    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + orjson.dumps({**head, "choices": [choice]}) + b"\n\n"

    def events() -> Iterator[bytes]:
        yield chunk({"role": "assistant", "content": ""})
        for word in words(count, pause):
            yield chunk({"content": word})
        yield chunk({}, "stop")
        yield b"data: [DONE]\n\n"

    return Response(events(), mimetype="text/event-stream")
