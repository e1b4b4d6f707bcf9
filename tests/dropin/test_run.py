"""`trivet run --dropin fastapi` serves an application that was written for FastAPI, unchanged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from trivet.testing import LiveProcess

MAIN = """
from contextlib import asynccontextmanager
from typing import Annotated

import fastapi
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Query, Request, WebSocket
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from shop.routers import items

log = []


@asynccontextmanager
async def lifespan(app):
    log.append("started")
    yield


app = FastAPI(title="Shop", lifespan=lifespan)
app.include_router(items.router, prefix="/v1")
app.add_middleware(GZipMiddleware, minimum_size=10_000)


class Sold(Exception):
    pass


@app.exception_handler(Sold)
async def sold(request: Request, error: Sold):
    return JSONResponse({"sold": True}, status_code=410)


@app.get("/sold")
def ask():
    raise Sold


@app.post("/note", status_code=202)
def note(tasks: BackgroundTasks, text: Annotated[str, Query(max_length=5)]):
    tasks.add_task(log.append, text)


@app.get("/log")
def read_log():
    return log


@app.get("/who")
def who():
    return [fastapi.__name__, fastapi.__version__]


@app.get("/lines")
async def lines():
    async def numbers():
        for number in range(3):
            yield f"{number}\\n"

    return StreamingResponse(numbers(), media_type="text/plain")


@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text((await socket.receive_text()).upper())
    await socket.close()
"""

ITEMS = """
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, Field

router = APIRouter(prefix="/items", tags=["items"])
token = OAuth2PasswordBearer(tokenUrl="token")


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)


async def user(token: Annotated[str, Depends(token)]):
    yield token.title()


@router.post("/", response_model=Item, status_code=201)
async def create(item: Item, user: Annotated[str, Depends(user)]):
    return {"name": f"{item.name} of {user}", "price": item.price, "secret": "s"}


@router.get("/{id}")
def read(id: int) -> Item:
    raise HTTPException(404, "no such item", headers={"X-Id": str(id)})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProcess]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "main.py").write_text(MAIN)
    package = folder / "shop" / "routers"
    package.mkdir(parents=True)
    (package / "items.py").write_text(ITEMS)
    for name in (folder / "shop", package):
        (Path(name) / "__init__.py").touch()
    with LiveProcess(["main:app", "--dropin", "fastapi"], folder=folder, patience=60) as running:
        yield running


@pytest.fixture
def client(server: LiveProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url) as found:
        yield found


def test_the_program_imports_the_dropin(client: httpx2.Client) -> None:
    assert client.get("/who").json() == ["trivet.dropin.fastapi", "0.165.0"]


def test_bodies_security_and_response_models(client: httpx2.Client) -> None:
    headers = {"authorization": "Bearer ann"}

    assert client.post("/v1/items/", json={"name": "pen", "price": 1}).status_code == 401
    answer = client.post("/v1/items/", json={"name": "pen", "price": 1}, headers=headers)
    assert (answer.status_code, answer.json()) == (201, {"name": "pen of Ann", "price": 1.0})
    refused = client.post("/v1/items/", json={"name": "pen", "price": 0}, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "price"]


def test_errors_have_their_headers_and_handlers(client: httpx2.Client) -> None:
    missing = client.get("/v1/items/7")

    assert (missing.status_code, missing.json()) == (404, {"detail": "no such item"})
    assert missing.headers["x-id"] == "7"
    assert client.get("/sold").json() == {"sold": True}
    assert client.get("/v1/items/x").status_code == 422


def test_the_lifespan_and_background_tasks_run(client: httpx2.Client) -> None:
    assert client.post("/note", params={"text": "hello"}).status_code == 202
    assert client.post("/note", params={"text": "too long"}).status_code == 422

    # The task runs behind the answer, on a thread: it may still be under way.
    until = time.monotonic() + 10
    while len(log := client.get("/log").json()) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert log == ["started", "hello"]


def test_streams_and_documents(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()

    assert client.get("/lines").text == "0\n1\n2\n"
    assert document["info"]["title"] == "Shop"
    assert document["paths"]["/v1/items/"]["post"]["tags"] == ["items"]
    assert json.dumps(document).count('"tokenUrl": "token"') == 1


def test_web_sockets(server: LiveProcess) -> None:
    with connect(f"{server.ws_url}/echo") as socket:
        socket.send("hello")

        assert socket.recv() == "HELLO"
