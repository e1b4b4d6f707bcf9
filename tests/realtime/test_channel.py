"""Channels as they are declared, published to and read by a program of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy import MetaData
from starlette.websockets import WebSocket

from tests.db.conftest import address, own_database
from tests.realtime.conftest import Maker
from tests.realtime.rooms import Said, may_join
from trivet import App, Depends
from trivet.db import Database, Mapped, Model
from trivet.errors import SetupError
from trivet.events import Events
from trivet.http.sse import EventSourceResponse, ServerSentEvent
from trivet.realtime import (
    BackendAway,
    Channel,
    Disconnect,
    Limits,
    Member,
    MessageTooLarge,
    PostgresBackend,
    Realtime,
    Replay,
    TooSlow,
    Topic,
)
from trivet.realtime.backends.memory import MemoryBackend
from trivet.testing import TestClient, async_client

LONG = 20.0


class Base(Model, apart=True):
    """The tables of this module."""


class Note(Base):
    text: Mapped[str]


@pytest.fixture
async def realtime() -> AsyncIterator[Realtime]:
    made = Realtime()
    yield made
    await made.close()


async def texts(topic: Topic[Said], count: int, **wish: Any) -> list[str]:
    """Read so many messages."""
    found: list[str] = []
    async with asyncio.timeout(LONG), topic.subscribe(**wish) as messages:
        async for message in messages:
            found.append(message.data.text)
            if len(found) == count:
                break
    return found


# -- declaring -------------------------------------------------------------------------------------


async def keyless(room_id: int) -> bool:
    return True


async def with_body(room_id: int, item: Said) -> bool:
    return True


@pytest.mark.parametrize(
    ("pattern", "options", "code"),
    [
        ("news", {}, "realtime.no-permission"),
        ("news", {"public": True, "may_subscribe": keyless}, "realtime.no-permission"),
        ("/news", {"public": True}, "realtime.pattern"),
        ("{name}", {"public": True}, "realtime.pattern"),
        ("a//b", {"public": True}, "realtime.pattern"),
        ("rooms/{room_id}", {"may_subscribe": keyless, "presence": True}, "realtime.presence"),
        ("news", {"public": True, "presence": True}, "realtime.presence"),
        ("rooms/{room_id}", {"may_subscribe": with_body}, "realtime.permission-body"),
    ],
)
def test_what_cannot_be_is_refused_with_a_place_and_a_mend(
    pattern: str, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(SetupError) as caught:
        Realtime().channel(pattern, Said, **options)

    assert caught.value.code == code
    assert __file__ in str(caught.value.where)
    assert caught.value.mend


def test_a_pattern_is_declared_once() -> None:
    realtime = Realtime()
    realtime.channel("news", Said, public=True)

    with pytest.raises(SetupError) as caught:
        realtime.channel("news", Said, public=True)
    assert caught.value.code == "realtime.declared-twice"


def test_origins_replays_and_databases_are_looked_at() -> None:
    with pytest.raises(SetupError) as caught:
        Realtime(origins=["www.example.com"])
    assert caught.value.code == "realtime.origin"
    with pytest.raises(SetupError) as caught:
        Replay(count=0)
    assert caught.value.code == "realtime.replay"
    with pytest.raises(SetupError) as caught:
        PostgresBackend(Database("sqlite://"))
    assert caught.value.code == "realtime.not-postgres"


def test_messages_that_stay_in_a_process_are_worth_knowing() -> None:
    app = App()
    realtime = app.use(Realtime())
    assert not realtime.checks(app)

    realtime.channel("news", Said, public=True)

    assert [one.code for one in realtime.checks(app)] == ["realtime.one-process"]


# -- names -----------------------------------------------------------------------------------------


async def may_look(kind: UUID, page: int) -> bool:
    return True


def test_names_are_made_of_typed_parameters() -> None:
    channel: Channel[int] = Realtime().channel("a/{kind}/b/{page}", int, may_subscribe=may_look)
    kind = UUID(int=5)

    assert str(channel(kind=kind, page=3)) == f"a/{kind}/b/3"
    assert channel(kind=str(kind), page="3").name == f"a/{kind}/b/3"
    with pytest.raises(ValueError, match="valid integer"):
        channel(kind=kind, page="x")
    with pytest.raises(TypeError, match=r"is given \(kind=…, page=…\)"):
        channel(page=3)


def test_a_parameter_cannot_make_another_name() -> None:
    channel: Channel[int] = Realtime().channel("log/{name}", int, public=True)

    for text in ("a/b", "a b", "", "a*", "a>"):
        with pytest.raises((ValueError, AssertionError)):
            channel(name=text)


# -- publishing and reading ------------------------------------------------------------------------


async def test_messages_are_validated_and_limited(realtime: Realtime) -> None:
    channel = realtime.channel("news", Said, public=True)

    with pytest.raises(ValidationError):
        await channel().publish({"text": 5})  # type: ignore[arg-type]  # on purpose
    with pytest.raises(MessageTooLarge, match="at most 262144 are allowed"):
        await channel().publish(Said.model_construct(text="x" * 300_000))


async def test_a_program_reads_from_where_it_was(make: Maker) -> None:
    realtime = Realtime(make())
    topic = realtime.channel("rooms/{room_id}", Said, may_subscribe=may_join, replay=Replay())(
        room_id=7
    )
    for number in range(5):
        await topic.publish(Said(text=str(number)))

    history = await topic.history()
    assert [one.data.text for one in history] == ["0", "1", "2", "3", "4"]
    assert await texts(topic, 2, after=history[2].id) == ["3", "4"]
    assert await texts(topic, 1, last=1) == ["4"]
    async with topic.subscribe(after="elsewhere.1") as messages:
        first = await anext(messages)
    assert (first.data.text, first.after_gap) == ("0", True)
    await realtime.close()


async def test_messages_of_other_processes_arrive(make: Maker) -> None:
    one, other = Realtime(make()), Realtime(make())
    said = one.channel("rooms/{room_id}", Said, may_subscribe=may_join, replay=Replay())
    heard = other.channel("rooms/{room_id}", Said, may_subscribe=may_join, replay=Replay())
    reading = asyncio.create_task(texts(heard(room_id=7), 20, after=""))
    for number in range(20):
        await said(room_id=7).publish(Said(text=str(number)))

    assert await reading == [str(number) for number in range(20)]
    await one.close()
    await other.close()


async def test_a_slow_reader_misses_the_oldest_and_is_told() -> None:
    realtime = Realtime(limits=Limits(waiting=10))
    topic = realtime.channel("news", Said, public=True)()
    async with topic.subscribe() as messages:
        for number in range(30):
            await topic.publish(Said(text=str(number)))

        first = await anext(messages)
        second = await anext(messages)

    assert (first.data.text, first.after_gap) == ("20", True)
    assert (second.data.text, second.after_gap) == ("21", False)
    await realtime.close()


async def test_a_slow_reader_of_a_strict_channel_is_ended() -> None:
    realtime = Realtime(limits=Limits(waiting=10))
    topic = realtime.channel("news", Said, public=True, slow=Disconnect())()
    async with topic.subscribe() as messages:
        for number in range(30):
            await topic.publish(Said(text=str(number)))

        with pytest.raises(TooSlow):
            await anext(messages)
    await realtime.close()


async def test_a_reader_ends_with_the_channels() -> None:
    realtime = Realtime()
    topic = realtime.channel("news", Said, public=True)()
    async with topic.subscribe() as messages:
        await realtime.close()

        assert [one async for one in messages] == []


def test_handlers_of_ones_own_read_too() -> None:
    app = App()
    realtime = app.use(Realtime())
    news = realtime.channel("news", Said, public=True, replay=Replay())

    @app.websocket("/mine")
    async def mine(socket: WebSocket) -> None:
        await socket.accept()
        async with news().subscribe(last=10) as messages:
            async for message in messages:
                await socket.send_json(message.data.model_dump())

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        async with news().subscribe(last=1) as messages:
            async for message in messages:
                yield ServerSentEvent(data=message.data, id=message.id)
                break

    @app.post("/say")
    async def say(text: str) -> None:
        await news().publish(Said(text=text))

    with TestClient(app) as client:
        client.post("/say?text=hello")
        with client.websocket_connect("/mine") as socket:
            assert socket.receive_json() == {"kind": "said", "text": "hello"}
            client.post("/say?text=again")
            assert socket.receive_json()["text"] == "again"
        answer = client.get("/events")

    assert 'data: {"kind":"said","text":"again"}' in answer.text
    assert "id: " in answer.text


# -- with a unit of work ---------------------------------------------------------------------------


async def test_messages_go_out_with_the_commit_and_never_without(tmp_path: Any) -> None:
    app = App()
    database = app.use(Database(f"sqlite:///{tmp_path / 'notes.db'}", models=Base))
    app.use(Events(database))  # whose own `after_commit` is another thing
    realtime = app.use(Realtime())
    news = realtime.channel("news", Said, public=True, replay=Replay())
    seen: list[int] = []

    @app.post("/notes")
    async def add(text: str) -> None:
        await Note.create(text=text)
        await news().publish(Said(text=text))
        seen.append(len(await news().history()))
        if text == "bad":
            raise RuntimeError("on purpose")

    @app.post("/at-once")
    async def at_once() -> None:
        await Note.create(text="x")
        await news().publish(Said(text="at once"), at_once=True)
        raise RuntimeError("on purpose")

    @app.post("/plain")
    async def plain() -> None:
        await Note.where().count()
        await news().publish(Said(text="plain"))
        seen.append(len(await news().history()))

    async with async_client(app, raise_app_exceptions=False) as client:
        await database.create_tables()
        for path in ("/notes?text=good", "/notes?text=bad", "/at-once", "/plain"):
            await client.post(path)
        history = await news().history()

    assert [one.data.text for one in history] == ["good", "at once", "plain"]
    assert seen == [0, 1, 3]


def test_permission_functions_have_dependencies_and_a_unit_of_work(tmp_path: Any) -> None:
    app = App()
    database = app.use(Database(f"sqlite:///{tmp_path / 'notes.db'}", models=Base))
    realtime = app.use(Realtime())

    async def may_read(note_id: int) -> Member | None:
        note = await Note.get(note_id)
        return Member(note.text) if note.text != "secret" else None

    realtime.channel("notes/{note_id}", Said, may_subscribe=may_read, presence=True)

    @app.post("/notes")
    async def make() -> None:
        await database.create_tables()
        for text in ("open", "secret"):
            await Note.create(text=text)

    with TestClient(app) as client:
        assert client.post("/notes").status_code == 200
        with client.websocket_connect("/realtime/socket") as socket:
            answers = []
            for number in (1, 2, 3):
                socket.send_json({"type": "subscribe", "channel": f"notes/{number}"})
                answers.append(socket.receive_json())

    assert answers[0]["members"] == [{"key": "open", "info": {}}]
    assert [one.get("code") for one in answers] == [None, 4403, 4404]


async def is_friend() -> bool:
    return True


async def for_friends(room_id: int, friend: Annotated[bool, Depends(is_friend)]) -> bool:
    return friend


def test_dependencies_of_permission_functions_may_be_overridden() -> None:
    app = App()
    realtime = app.use(Realtime())
    realtime.channel("rooms/{room_id}", Said, may_subscribe=for_friends)
    app.dependency_overrides[is_friend] = lambda: False

    with TestClient(app) as client:
        assert client.get("/realtime/events?channel=rooms/1").status_code == 403


# -- a back end that is away -----------------------------------------------------------------------


class AwayBackend(MemoryBackend):
    async def publish(self, *_: Any) -> None:
        raise BackendAway("the test's back end")

    async def read(self, *_: Any) -> Any:
        raise BackendAway("the test's back end")


def test_requests_are_answered_503_and_413() -> None:
    app = App()
    realtime = app.use(Realtime(AwayBackend(), limits=Limits(message_bytes=100)))
    room = realtime.channel("news", Said, public=True, replay=Replay())

    @app.post("/say")
    async def say(text: str) -> None:
        await room().publish(Said(text=text))

    with TestClient(app) as client:
        away = client.post("/say?text=x")
        large = client.post("/say?text=" + "x" * 200)
        stream = client.get("/realtime/events?channel=news")
        with client.websocket_connect("/realtime/socket") as socket:
            socket.send_json({"type": "subscribe", "channel": "news"})
            answer = socket.receive_json()

    assert (away.status_code, away.headers["retry-after"]) == (503, "1")
    assert large.status_code == 413
    assert stream.status_code == 503
    assert answer["code"] == 4503


async def test_missing_tables_are_told_with_a_mend(worker_id: str) -> None:
    async with own_database(address("postgresql"), worker_id, models=MetaData()) as database:
        realtime = Realtime(PostgresBackend(database))
        topic = realtime.channel("news", Said, public=True)()

        with pytest.raises(SetupError) as caught:
            await topic.publish(Said(text="x"))

    assert caught.value.code == "realtime.no-tables"
    assert "trivet migrate" in str(caught.value.mend)


class Unknown(BaseModel):
    pass


def test_types_of_messages_are_known_to_the_editor() -> None:
    channel = Realtime().channel("news", Unknown, public=True)

    assert isinstance(channel, Channel)
