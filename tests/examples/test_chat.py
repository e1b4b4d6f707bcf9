"""examples/chat.py, talked to by OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving

RABBIT = ChatCompletionUserMessageParam(role="user", content="Tell me about the Rabbit")


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/chat.py", CHAT_PAUSE="0") as running:
        yield running


@pytest.fixture
def client(example: Example) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=f"{example.url}/v1", api_key="demo-key", max_retries=0, timeout=30
    ) as client:
        yield client


def test_a_whole_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="alice-2", messages=[RABBIT], seed=1)

    choice = answer.choices[0]
    assert (answer.object, answer.model, choice.index) == ("chat.completion", "alice-2", 0)
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert choice.finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 5
    assert answer.usage.completion_tokens == len(choice.message.content.split())
    assert answer.usage.total_tokens == 5 + answer.usage.completion_tokens


def test_the_stream_and_the_whole_say_the_same(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="alice-2", messages=[RABBIT], seed=5)

    chunks = list(
        client.chat.completions.create(model="alice-2", messages=[RABBIT], seed=5, stream=True)
    )

    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(pieces) == whole.choices[0].message.content
    assert sum(piece != "" for piece in pieces) > 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_a_stream_tells_its_usage_if_asked(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="alice-2",
            messages=[RABBIT],
            stream=True,
            max_completion_tokens=7,
            stream_options={"include_usage": True},
        )
    )

    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 7
    assert chunks[-2].choices[0].finish_reason == "length"


def test_the_helper_of_the_client_gathers_a_stream(client: OpenAI) -> None:
    with client.chat.completions.stream(model="alice-1", messages=[RABBIT], seed=2) as stream:
        stream.until_done()
        final = stream.get_final_completion()

    whole = client.chat.completions.create(model="alice-1", messages=[RABBIT], seed=2)
    assert final.choices[0].message.content == whole.choices[0].message.content


async def test_the_async_client_streams_too(example: Example) -> None:
    async with openai.AsyncOpenAI(base_url=f"{example.url}/v1", api_key="demo-key") as client:
        stream = await client.chat.completions.create(
            model="alice-2", messages=[RABBIT], max_completion_tokens=5, stream=True
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]

    assert len("".join(pieces).split()) == 5


def test_other_seeds_say_other_things(client: OpenAI) -> None:
    said = {
        client.chat.completions.create(model="alice-1", messages=[RABBIT], seed=seed)
        .choices[0]
        .message.content
        for seed in range(5)
    }

    assert len(said) > 1


def test_an_answer_ends_before_the_stop_word(client: OpenAI) -> None:
    free = client.chat.completions.create(model="alice-2", messages=[RABBIT], seed=3)
    content = free.choices[0].message.content or ""
    stop = " ".join(content.split()[6:8])  # spread over two tokens

    stopped = client.chat.completions.create(
        model="alice-2", messages=[RABBIT], seed=3, stop=[stop, "no such words"]
    )

    assert stopped.choices[0].message.content == content[: content.index(stop)]
    assert stopped.choices[0].finish_reason == "stop"


def test_content_may_come_in_parts(client: OpenAI) -> None:
    part = {"type": "text", "text": "Tell me about the Rabbit"}
    answer = client.chat.completions.create(
        model="alice-2",
        messages=[{"role": "user", "content": [part]}],  # type: ignore[list-item, misc]
        max_completion_tokens=1,
    )

    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 5


def test_temperature_zero_is_steady(client: OpenAI) -> None:
    said = {
        client.chat.completions.create(
            model="alice-1",
            messages=[{"role": "user", "content": "marmalade"}],
            temperature=0,
            max_completion_tokens=30,
        )
        .choices[0]
        .message.content
        for _ in range(3)
    }

    assert len(said) == 1


def test_models_are_listed_and_read(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["alice-1", "alice-2"]
    assert client.models.retrieve("alice-1").object == "model"


def test_a_wrong_key_raises_what_openai_would(example: Example) -> None:
    with (
        OpenAI(base_url=f"{example.url}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.models.list()

    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model_raises_what_openai_would(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-none", messages=[RABBIT])

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_request_that_does_not_fit_raises_what_openai_would(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="alice-2", messages=[RABBIT], temperature=3)

    assert caught.value.type == "invalid_request_error"
    assert caught.value.param == "temperature"


def test_every_error_has_the_same_shape(example: Example) -> None:
    for path in ("/v1/models", "/v1/nothing", "/nothing"):
        error = httpx2.get(f"{example.url}{path}").json()["error"]

        assert set(error) == {"message", "type", "param", "code"}


def test_a_client_that_leaves_ends_the_work() -> None:
    """The server stops by itself at the end: no stream that nobody reads holds it up."""
    with serving("examples/chat.py", CHAT_PAUSE="30") as example:
        body = {"model": "alice-2", "stream": True, "messages": [RABBIT]}
        headers = {"Authorization": "Bearer demo-key"}
        url = f"{example.url}/v1/chat/completions"

        with httpx2.stream("POST", url, json=body, headers=headers) as response:
            first = next(response.iter_lines())

        assert first.startswith("data: ")
        assert httpx2.get(f"{example.url}/v1/models", headers=headers).status_code == 200


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path, "--header=Authorization: Bearer demo-key")
