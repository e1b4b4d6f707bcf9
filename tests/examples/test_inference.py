"""examples/inference.py between a real client and real model servers, good, slow and broken."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.examples.model_server import GOOD, ModelServer, answer, model_server
from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving

KEY = {"X-API-Key": "second-key"}
KEYS = '["first-key", "second-key"]'
TEXT = {"text": "What a wonderful morning"}


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def example(model: ModelServer) -> Iterator[Example]:
    with serving(
        "examples/inference.py",
        INFERENCE_MODEL_URL=f"http://127.0.0.1:{model.port}",
        INFERENCE_API_KEYS=KEYS,
        INFERENCE_DEADLINE="1.5",
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def is_well(model: ModelServer) -> None:
    model.say(answer("200 OK", GOOD))
    model.bodies.clear()


def ask(example: Example, headers: dict[str, str] = KEY) -> httpx2.Response:
    return httpx2.post(f"{example.url}/v1/sentiment", json=TEXT, headers=headers, timeout=30)


def test_an_answer_of_the_model_is_passed_on(example: Example, model: ModelServer) -> None:
    given = ask(example)

    assert (given.status_code, given.json()) == (200, {"label": "positive", "score": 0.9})
    assert model.bodies == [b'{"text":"What a wonderful morning"}']


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "third-key"}, {"X-API-Key": "é"}])
def test_without_a_known_key_the_model_is_not_asked(
    example: Example, model: ModelServer, headers: dict[str, str]
) -> None:
    given = ask(example, headers={name: value.encode("latin-1") for name, value in headers.items()})

    assert given.status_code == 401
    assert given.headers["WWW-Authenticate"] == "APIKey"
    assert not model.bodies


def test_an_empty_text_is_refused_before_the_model_is_asked(
    example: Example, model: ModelServer
) -> None:
    given = httpx2.post(f"{example.url}/v1/sentiment", json={"text": ""}, headers=KEY)

    assert given.status_code == 422
    assert not model.bodies


@pytest.mark.parametrize(
    "said",
    [
        answer("500 Internal Server Error", b"oops"),
        answer("404 Not Found", b"{}"),
        answer("200 OK", b"<html>"),
        answer("200 OK", b'{"label": "furious", "score": 0.9}'),
        answer("200 OK", b'{"label": "positive", "score": 17}'),
        answer("200 OK", GOOD)[:-5],
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ],
    ids=["500", "404", "no-json", "no-label", "no-score", "cut", "closed", "not-http"],
)
def test_a_model_server_that_fails_is_502(
    example: Example, model: ModelServer, said: bytes
) -> None:
    model.say(said)

    given = ask(example)

    assert given.status_code == 502, given.text
    assert given.json()["detail"]


def test_a_busy_model_server_is_503_with_its_own_time_to_wait(
    example: Example, model: ModelServer
) -> None:
    model.say(answer("429 Too Many Requests", b"", "Retry-After: 7"))

    given = ask(example)

    assert (given.status_code, given.headers["Retry-After"]) == (503, "7")


def test_a_silent_model_server_is_504(example: Example, model: ModelServer) -> None:
    model.say(answer("200 OK", GOOD), pause=30)

    assert ask(example).status_code == 504


def test_a_model_server_that_dribbles_is_504(example: Example, model: ModelServer) -> None:
    """No single wait is longer than the deadline; all of them together are."""
    said = answer("200 OK", GOOD)
    model.say(*[said[at : at + 1] for at in range(len(said))], pause=0.1)

    assert ask(example).status_code == 504


def test_others_are_served_while_the_model_is_slow_for_one(
    example: Example, model: ModelServer
) -> None:
    model.say(answer("200 OK", GOOD), pause=0.3)

    with ThreadPoolExecutor(10) as pool:
        given = list(pool.map(lambda _: ask(example), range(10)))

    assert [one.status_code for one in given] == [200] * 10


def test_a_model_server_that_is_away_is_503() -> None:
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with serving(
            "examples/inference.py", INFERENCE_MODEL_URL=url, INFERENCE_API_KEYS=KEYS
        ) as example:
            given = ask(example)

    assert (given.status_code, given.headers["Retry-After"]) == (503, "1")


def test_the_small_model_of_the_example_answers() -> None:
    with (
        serving("examples/inference.py:model") as small,
        serving("examples/inference.py", INFERENCE_MODEL_URL=small.url) as example,
    ):
        given = ask(example, headers={"X-API-Key": "demo-key"})

    assert given.json() == {"label": "positive", "score": 1.0}


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path, "--header=X-API-Key: first-key")
