"""An API that speaks OpenAI's dialect, over a text generator small enough to read.

Shows one route that answers as JSON or as a stream, errors in a shape of one's own, a bearer token,
and work that stops when the client leaves. Every client of OpenAI's API can talk to it; what it
says is nonsense in the manner of "Alice's Adventures in Wonderland" (Lewis Carroll, 1865), whose
first pages are in alice.txt: a Markov chain that gives the same words for the same seed.

    trivet run examples/chat.py

    curl http://127.0.0.1:8000/v1/models -H 'Authorization: Bearer demo-key'
    curl -N http://127.0.0.1:8000/v1/chat/completions -H 'Authorization: Bearer demo-key' --json \
        '{"model": "alice-2", "stream": true, "messages": [{"role": "user", "content": "Rabbit?"}]}'

With OpenAI's own client (`pip install openai`):

    from openai import OpenAI

    client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="demo-key")
    ask = {"role": "user", "content": "Tell me about the Rabbit"}
    for chunk in client.chat.completions.create(model="alice-2", messages=[ask], stream=True):
        print(chunk.choices[0].delta.content or "", end="", flush=True)

Settings: CHAT_API_KEYS (a JSON list) and CHAT_PAUSE (seconds between two words).
"""

import asyncio
import json
import random
import secrets
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from trivet import (
    App,
    Depends,
    EventSourceResponse,
    HTTPException,
    JSONResponse,
    Request,
    Response,
    Router,
)
from trivet.errors import RequestValidationError
from trivet.openapi.error_shape import ErrorShape
from trivet.security import HTTPAuthorizationCredentials, HTTPBearer


class Settings(BaseSettings):
    """What differs from one installation to the next; read from the environment."""

    model_config = SettingsConfigDict(env_prefix="CHAT_")

    api_keys: list[SecretStr] = [SecretStr("demo-key")]
    pause: float = Field(default=0.02, ge=0)  # seconds between two words, to have a stream to watch


settings = Settings()

# -- the generator -------------------------------------------------------------------------------


class MarkovChain:
    """Writes like its text: each word is one that followed the last `memory` words there."""

    def __init__(self, text: str, memory: int) -> None:
        self.memory = memory
        self._next: dict[tuple[str, ...], Counter[str | None]] = defaultdict(Counter)
        for paragraph in text.split("\n\n"):
            words = paragraph.split()
            for start in range(len(words) - memory + 1):
                after = words[start + memory] if start + memory < len(words) else None
                self._next[tuple(words[start : start + memory])][after] += 1
        self._states = list(self._next)

    def words(self, prompt: str, temperature: float, seed: int | None) -> Iterator[str]:
        """Give words until a paragraph ends, from a place that the prompt speaks of if any does."""
        dice = random.Random(seed)
        asked = _plain_words(prompt)
        state = dice.choice([s for s in self._states if _plain(s[0]) in asked] or self._states)
        yield from state
        while (word := self._choose(state, temperature, dice)) is not None:
            yield word
            state = (*state, word)[-self.memory :]

    def _choose(
        self, state: tuple[str, ...], temperature: float, dice: random.Random
    ) -> str | None:
        followers = self._next[state]
        if temperature == 0:
            return followers.most_common(1)[0][0]
        most = max(followers.values())
        weights = [(count / most) ** (1 / temperature) for count in followers.values()]
        return dice.choices(list(followers), weights)[0]


def _plain(word: str) -> str:
    return word.strip("\"'(),.:;!?-").lower()


def _plain_words(text: str) -> set[str]:
    return {plain for word in text.split() if len(plain := _plain(word)) > 3}


def cut_at(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """Give the pieces up to the first of the stops, which may be spread over several pieces."""
    longest = max(map(len, stops), default=1)
    held = ""
    for piece in pieces:
        held += piece
        found = [at for stop in stops if (at := held.find(stop)) >= 0]
        if found:
            yield held[: min(found)]
            return
        # What is left could be the beginning of a stop.
        is_safe = max(0, len(held) - longest + 1)
        yield held[:is_safe]
        held = held[is_safe:]
    yield held


TEXT = Path(__file__).with_name("alice.txt").read_text(encoding="utf-8")
CHAINS = {"alice-1": MarkovChain(TEXT, 1), "alice-2": MarkovChain(TEXT, 2)}

# -- what clients send ---------------------------------------------------------------------------


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: bool = False


Stop = Annotated[str, Field(min_length=1)]


class ChatRequest(BaseModel):
    """What is understood of OpenAI's request; what else is sent is left aside."""

    model: str = Field(examples=["alice-2"])
    messages: list[Message] = Field(
        min_length=1, examples=[[{"role": "user", "content": "Tell me about the Rabbit"}]]
    )
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1, description="The older name of the same")
    temperature: float | None = Field(default=None, ge=0, le=2, description="1 if not given")
    seed: int | None = Field(default=None, description="The same words for the same seed")
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def most_words(self) -> int:
        return min(self.max_completion_tokens or self.max_tokens or MOST_WORDS, MOST_WORDS)

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


MOST_WORDS = 500

# -- what they get -------------------------------------------------------------------------------

FinishReason = Literal["stop", "length"]


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Answer(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    index: int = 0
    message: Answer
    finish_reason: FinishReason
    logprobs: None = None


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="Seconds since 1970")
    model: str
    choices: list[Choice]
    usage: Usage


class ModelCard(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "trivet"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    error: ErrorDetail


class Completion:
    """One answer on its way: its words, and afterwards why they ended and how many they were."""

    def __init__(self, ask: ChatRequest, chain: MarkovChain) -> None:
        self.id = f"chatcmpl-{uuid.uuid4().hex}"
        self.created = int(time.time())
        self.model = ask.model
        self.finish_reason: FinishReason = "stop"
        self._asked = sum(len(message.text.split()) for message in ask.messages)
        self._said = 0
        temperature = 1.0 if ask.temperature is None else ask.temperature
        words = chain.words(ask.messages[-1].text, temperature, ask.seed)
        self._pieces = cut_at(self._limited(words, ask.most_words), ask.stops)

    def _limited(self, words: Iterator[str], most: int) -> Iterator[str]:
        for word in words:
            if self._said == most:
                self.finish_reason = "length"
                return
            yield f" {word}" if self._said else word
            self._said += 1

    async def pieces(self) -> AsyncIterator[str]:
        for piece in self._pieces:
            if piece:
                yield piece
                await asyncio.sleep(settings.pause)

    @property
    def usage(self) -> Usage:
        total = self._asked + self._said
        return Usage(prompt_tokens=self._asked, completion_tokens=self._said, total_tokens=total)

    async def whole(self) -> ChatCompletion:
        """Give the answer when all of it is there."""
        content = "".join([piece async for piece in self.pieces()])
        choice = Choice(message=Answer(content=content), finish_reason=self.finish_reason)
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[choice],
            usage=self.usage,
        )

    async def events(self, include_usage: bool) -> AsyncIterator[str]:
        """Give the answer word by word, as the events that OpenAI's clients expect."""
        yield self._event({"role": "assistant", "content": ""})
        async for piece in self.pieces():
            yield self._event({"content": piece})
        yield self._event({}, self.finish_reason)
        if include_usage:
            yield self._chunk(choices=[], usage=self.usage.model_dump())
        yield "data: [DONE]\n\n"

    def _event(self, delta: dict[str, str], finish_reason: FinishReason | None = None) -> str:
        return self._chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])

    def _chunk(self, **fields: Any) -> str:
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created}
        return f"data: {json.dumps({**head, 'model': self.model, **fields})}\n\n"


# -- errors in OpenAI's shape --------------------------------------------------------------------


def openai_error(
    status: int, detail: Any, errors: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """Make the body of an error from a status and a detail, or from a request that did not fit."""
    told = dict(detail) if isinstance(detail, Mapping) else {"message": str(detail)}
    if errors:
        param = ".".join(str(part) for part in errors[0]["loc"][1:])
        told = {"message": f"{param}: {errors[0]['msg']}", "param": param}
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": "", "type": kind, "param": None, "code": None, **told}}


# The document takes the shape from `responses` below.
OPENAI = ErrorShape("application/json", ErrorAnswer.__name__, {}, openai_error)


async def refuse(request: Request, error: RequestValidationError) -> Response:
    """Answer with 400, as OpenAI does, where Trivet would answer with 422."""
    return JSONResponse(OPENAI.content(400, errors=error.errors()), 400)


# -- the routes ----------------------------------------------------------------------------------

bearer = HTTPBearer(description="For a first try: `demo-key`", auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def check_key(credentials: Credentials) -> None:
    """Let those through who know a key."""
    key = credentials.credentials.encode() if credentials else b""
    known = [one.get_secret_value().encode() for one in settings.api_keys]
    if not any(secrets.compare_digest(key, one) for one in known):
        told = {"message": "Incorrect API key provided", "code": "invalid_api_key"}
        raise HTTPException(401, told, {"WWW-Authenticate": "Bearer"})


def find_chain(model: str) -> MarkovChain:
    """Give the chain of that name, or answer with 404."""
    if model not in CHAINS:
        told = {"message": f"The model {model!r} does not exist", "code": "model_not_found"}
        raise HTTPException(404, {**told, "param": "model"})
    return CHAINS[model]


router = Router(
    prefix="/v1",
    dependencies=[Depends(check_key)],
    responses={"4XX": {"model": ErrorAnswer, "description": "What is wrong with the request"}},
)


@router.post(
    "/chat/completions",
    tags=["chat"],
    summary="Answer a conversation",
    response_model=ChatCompletion,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def complete(ask: ChatRequest) -> ChatCompletion | EventSourceResponse:
    """Answer the last message: whole, or with `stream` word by word as server-sent events."""
    completion = Completion(ask, find_chain(ask.model))
    if ask.stream:
        options = ask.stream_options or StreamOptions()
        return EventSourceResponse(completion.events(options.include_usage))
    return await completion.whole()


@router.get("/models", tags=["models"], summary="List the models")
async def list_models() -> ModelList:
    return ModelList(data=[ModelCard(id=name) for name in CHAINS])


@router.get("/models/{model}", tags=["models"], summary="Read about a model")
async def read_model(model: str) -> ModelCard:
    find_chain(model)
    return ModelCard(id=model)


app = App(
    title="Chat",
    summary="OpenAI's chat completions, over a Markov chain",
    error_shape=OPENAI,
    exception_handlers={RequestValidationError: refuse},
)
app.include_router(router)
