"""An inference endpoint: an API key in, a model server asked over async HTTP, clear errors out.

Shows a client that lives as long as the application, typed settings from the environment, a
security scheme, and what a gateway owes its callers: a deadline for the whole call, and 502, 503
or 504 instead of a stack trace when the model server answers nonsense, is away or is slow.

It needs `pip install httpx2`, and a model server. A small one is in this file, so that two
terminals are enough:

    trivet run examples/inference.py:model --port 9000
    trivet run examples/inference.py

    curl http://127.0.0.1:8000/v1/sentiment -H 'X-API-Key: demo-key' \
        --json '{"text": "What a wonderful morning"}'
    curl http://127.0.0.1:8000/v1/sentiment -H 'X-API-Key: wrong' --json '{"text": "Hello"}'

Stop the model server and ask again: 503. Settings: INFERENCE_MODEL_URL, INFERENCE_API_KEYS (a
JSON list), INFERENCE_DEADLINE and INFERENCE_CONNECTIONS.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import httpx2
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from trivet import App, Depends, HTTPException, Request
from trivet.security import APIKeyHeader


class Settings(BaseSettings):
    """What differs from one installation to the next; read from the environment."""

    model_config = SettingsConfigDict(env_prefix="INFERENCE_")

    model_url: str = "http://127.0.0.1:9000"
    api_keys: list[SecretStr] = [SecretStr("demo-key")]
    deadline: float = Field(default=2.0, gt=0)  # seconds for a whole call of the model server
    connections: int = Field(default=20, ge=1)  # calls of the model server at the same time


class Ask(BaseModel):
    """What a client wants to know."""

    text: str = Field(min_length=1, max_length=10_000, examples=["What a wonderful morning"])


class Sentiment(BaseModel):
    """What the model says."""

    label: Literal["positive", "negative", "neutral"]
    score: float = Field(ge=0, le=1, description="How sure the model is")


class Trouble(BaseModel):
    """The answer to a call that failed."""

    detail: str


# -- who may ask ---------------------------------------------------------------------------------

settings = Settings()
api_key = APIKeyHeader(name="X-API-Key", description="For a first try: `demo-key`")


async def check_key(key: Annotated[str, Depends(api_key)]) -> None:
    """Let those through who know a key; comparing takes the same time for every wrong one."""
    known = [one.get_secret_value().encode() for one in settings.api_keys]
    if not any(secrets.compare_digest(key.encode(), one) for one in known):
        raise HTTPException(401, "This API key is not known", {"WWW-Authenticate": "APIKey"})


# -- the model server, seen from here ------------------------------------------------------------


class ModelClient:
    """Asks the model server, and turns whatever goes wrong there into an answer for our client."""

    def __init__(self, http: httpx2.AsyncClient, deadline: float) -> None:
        self._http = http
        self._deadline = deadline

    async def score(self, text: str) -> Sentiment:
        """Give what the model says of `text`; raises 502, 503 or 504."""
        try:
            # The client's own time-outs begin anew with each byte; this one does not.
            async with asyncio.timeout(self._deadline):
                response = await self._http.post("/score", json={"text": text})
        except (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            raise HTTPException(504, "The model took too long") from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _busy("The model server cannot be reached") from error
        except httpx2.HTTPError as error:
            raise HTTPException(502, "The model server broke off its answer") from error
        if response.status_code in (429, 503):
            raise _busy("The model server is busy", response.headers.get("Retry-After"))
        if response.status_code != 200:
            raise HTTPException(502, f"The model server answered {response.status_code}")
        try:
            return Sentiment.model_validate_json(response.content)
        except ValidationError as error:
            raise HTTPException(502, "The model server's answer makes no sense") from error


def _busy(detail: str, retry_after: str | None = None) -> HTTPException:
    return HTTPException(503, detail, {"Retry-After": retry_after or "1"})


def get_model(request: Request) -> ModelClient:
    """Give the client that the application opened when it started."""
    client: ModelClient = request.app.state.model
    return client


Model = Annotated[ModelClient, Depends(get_model)]

# -- the application -----------------------------------------------------------------------------


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Keep one pool of connections to the model server while the application runs."""
    limits = httpx2.Limits(max_connections=settings.connections)
    async with httpx2.AsyncClient(
        base_url=settings.model_url, limits=limits, timeout=settings.deadline
    ) as http:
        app.state.model = ModelClient(http, settings.deadline)
        yield


app = App(title="Inference", summary="Ask a model, with an API key", lifespan=lifespan)


@app.post(
    "/v1/sentiment",
    tags=["inference"],
    dependencies=[Depends(check_key)],
    responses={
        401: {"model": Trouble, "description": "No API key, or one that is not known"},
        502: {"model": Trouble, "description": "The model server failed"},
        503: {"model": Trouble, "description": "The model server is away or busy: try again"},
        504: {"model": Trouble, "description": "The model server was too slow"},
    },
)
async def sentiment(ask: Ask, model: Model) -> Sentiment:
    """Say whether a text is positive, negative or neutral."""
    return await model.score(ask.text)


# -- a model server to try it with ---------------------------------------------------------------

model = App(title="A model that counts words")

POSITIVE = {"good", "great", "happy", "love", "lovely", "nice", "wonderful"}
NEGATIVE = {"awful", "bad", "broken", "hate", "sad", "terrible", "ugly"}


@model.post("/score")
async def score(ask: Ask) -> Sentiment:
    words = {word.strip(".,;:!?").lower() for word in ask.text.split()}
    good, bad = len(words & POSITIVE), len(words & NEGATIVE)
    if good == bad:
        return Sentiment(label="neutral", score=0.5)
    label: Literal["positive", "negative"] = "positive" if good > bad else "negative"
    return Sentiment(label=label, score=max(good, bad) / (good + bad))
