"""What a client gets over a WebSocket: answers, messages, refusals, ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.realtime.conftest import until
from tests.realtime.rooms import Rooms
from tests.realtime.talking import talking
from trivet.realtime import Limits
from trivet.testing import LiveServer


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture(scope="module")
def server(rooms: Rooms) -> Iterator[LiveServer]:
    with LiveServer(rooms.app) as found:
        yield found


async def said(server: LiveServer, room: int, *texts: str) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        for text in texts:
            assert (await http.post(f"/rooms/{room}?text={text}")).status_code == 200


async def test_messages_of_handlers_reach_subscribers_in_order(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        answer = await ann.subscribe("rooms/1")
        await said(server, 1, "one", "two", "three")

        assert [one["text"] for one in await ann.messages(3)] == ["one", "two", "three"]
        assert answer["members"] == [{"key": "ann", "info": {"room": 1}}]


async def test_a_client_that_comes_again_gets_what_it_missed(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/2")
        await said(server, 2, "one")
        place = (await ann.next())["id"]
    await said(server, 2, "two", "three")

    async with talking(server.ws_url) as ann:
        answer = await ann.subscribe("rooms/2", after=place)

        assert answer["id"] == place
        assert [one["text"] for one in await ann.messages(2)] == ["two", "three"]


async def test_the_answer_to_subscribe_is_a_place_to_go_on_from(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        place = (await ann.subscribe("rooms/3"))["id"]
    await said(server, 3, "one")

    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/3", after=place)

        assert [one["text"] for one in await ann.messages(1)] == ["one"]


@pytest.mark.parametrize("after", ["nonsense", "elsewhere.3", ""])
async def test_a_place_that_nobody_knows_is_a_gap(server: LiveServer, after: str) -> None:
    await said(server, 4, "kept")
    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/4", after=after)

        assert await ann.next() == {"type": "gap", "channel": "rooms/4"}
        assert (await ann.messages(1))[0]["text"] == "kept"


async def test_a_history_that_does_not_reach_back_is_a_gap(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        place = (await ann.subscribe("rooms/5"))["id"]
    await said(server, 5, *[str(number) for number in range(25)])

    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/5", after=place)

        assert await ann.next() == {"type": "gap", "channel": "rooms/5"}
        assert [one["text"] for one in await ann.messages(20)] == [str(n) for n in range(5, 25)]


async def test_the_last_messages_may_be_asked_for(server: LiveServer) -> None:
    await said(server, 6, "one", "two", "three")
    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/6", last=2)

        assert [one["text"] for one in await ann.messages(2)] == ["two", "three"]


async def test_what_gathers_comes_in_lines_where_they_are_asked_for(server: LiveServer) -> None:
    async with talking(server.ws_url, "?frames=lines") as ann:
        ann.takes_lines = True
        await ann.subscribe("log/lines")
        async with httpx2.AsyncClient(base_url=server.url) as http:
            await http.post("/flood/lines?count=10&size=1")

        assert [one["text"] for one in await ann.messages(10)] == [str(n) for n in range(10)]


async def test_clients_publish_where_they_may(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann, talking(server.ws_url, "?name=mute") as mute:
        await ann.subscribe("rooms/7")
        await mute.send(type="publish", channel="rooms/7", data={"text": "no"}, ref=1)
        refused = await mute.next()
        await ann.send(type="publish", channel="rooms/7", data={"text": "yes"}, ref=2)
        answers = [await ann.next(), await ann.next()]

        assert refused["code"] == 4403
        assert {"type": "published", "ref": 2, "channel": "rooms/7"} in answers
        assert any(one.get("data") == {"kind": "said", "text": "yes"} for one in answers)


async def test_a_message_that_does_not_fit_is_refused_with_its_errors(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        answer = await ann.ask(type="publish", channel="rooms/7", data={"text": 5})

        assert (answer["type"], answer["code"]) == ("error", 4400)
        assert answer["errors"][0]["loc"] == ["data", "text"]


async def test_messages_may_be_of_a_union(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        assert (await ann.ask(type="publish", channel="mixed", data=["a"]))["type"] == "published"
        assert (await ann.ask(type="publish", channel="mixed", data=5))["type"] == "published"
        assert (await ann.ask(type="publish", channel="mixed", data={}))["code"] == 4400


@pytest.mark.parametrize(
    ("channel", "code", "reason"),
    [
        ("rooms/x", 4404, "room_id is wrong: Input should be a valid integer"),
        ("rooms/07", 4404, "is called 'rooms/7'"),
        ("nowhere", 4404, "there is no channel 'nowhere'"),
        ("rooms/700", 4403, "you may not subscribe"),
        ("rooms/401", 4401, "sign in first"),
        ("log/" + "x" * 300, 4404, "at most 200 bytes"),
        ("log/a b", 4404, "cannot stand in a channel's name"),
    ],
)
async def test_what_is_refused_is_said_why(
    server: LiveServer, channel: str, code: int, reason: str
) -> None:
    async with talking(server.ws_url) as ann:
        answer = await ann.ask(type="subscribe", channel=channel)

        assert (answer["type"], answer["code"]) == ("error", code)
        assert reason in answer["reason"]
        assert (await ann.ask(type="ping"))["type"] == "pong"


async def test_an_error_in_a_permission_function_ends_nothing_and_shows_nothing(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "trivet.realtime"):
        async with talking(server.ws_url) as ann:
            answer = await ann.ask(type="subscribe", channel="rooms/500")

    assert (answer["code"], answer["reason"]) == (4500, "an error of the server")
    assert "on purpose" in caplog.text


async def test_one_is_subscribed_once_and_no_more_after_unsubscribing(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        await ann.subscribe("rooms/8")
        assert (await ann.ask(type="subscribe", channel="rooms/8"))["code"] == 4409
        assert (await ann.ask(type="unsubscribe", channel="rooms/8"))["type"] == "unsubscribed"
        assert (await ann.ask(type="unsubscribe", channel="rooms/8"))["code"] == 4409
        await said(server, 8, "unheard")
        assert (await ann.ask(type="ping"))["type"] == "pong"


@pytest.mark.parametrize(
    ("text", "code"), [("{", 4400), (json.dumps({"type": "ping", "data": "x" * 70_000}), 1009)]
)
async def test_frames_that_are_none_end_the_connection(
    server: LiveServer, text: str, code: int
) -> None:
    async with talking(server.ws_url) as ann:
        await ann.socket.send(text)

        assert await ann.close_code() == code


async def test_bytes_are_refused(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        await ann.socket.send(b"{}")

        assert await ann.close_code() == 1003


async def test_an_unknown_kind_of_frame_is_answered(server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        await ann.send(type="dance")

        answer = await ann.next()
        assert (answer["type"], answer["code"]) == ("error", 4400)


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [(None, True), ("same", True), ("https://evil.example", False), ("null", False)],
)
async def test_pages_of_other_origins_are_kept_out(
    server: LiveServer, origin: str | None, is_let_in: bool
) -> None:
    value = server.url if origin == "same" else origin
    headers = {} if value is None else {"origin": value}
    status = 101
    try:
        async with talking(server.ws_url, additional_headers=headers):
            pass
    except InvalidStatus as error:
        status = error.response.status_code

    assert status == (101 if is_let_in else 403)


async def test_too_many_frames_end_the_connection() -> None:
    with LiveServer(Rooms(limits=Limits(frames=1, burst=5)).app) as server:
        async with talking(server.ws_url) as ann:
            for _ in range(20):
                await ann.send(type="ping")

            assert await ann.close_code() == 1008


async def test_a_connection_has_so_many_subscriptions() -> None:
    with LiveServer(Rooms(limits=Limits(subscriptions=2)).app) as server:
        async with talking(server.ws_url) as ann:
            await ann.subscribe("rooms/1")
            await ann.subscribe("rooms/2")

            assert (await ann.ask(type="subscribe", channel="rooms/3"))["code"] == 4429


async def test_a_silent_client_is_pinged_and_one_that_does_not_answer_is_closed() -> None:
    limits = Limits(heartbeat=0.5, idle=3.0)
    with LiveServer(Rooms(limits=limits).app) as server:
        async with talking(server.ws_url) as ann:
            assert await ann.next() == {"type": "ping"}
            await ann.send(type="pong")
            assert await ann.next() == {"type": "ping"}

            assert await ann.close_code() == 4408


async def test_an_end_of_the_server_is_told_and_takes_no_time() -> None:
    with LiveServer(Rooms().app, patience=10.0) as server:
        async with talking(server.ws_url) as ann:
            await ann.subscribe("rooms/1")
            await asyncio.to_thread(server.__exit__, None, None, None)

            assert await ann.close_code() in (1001, 1012)
        server.__exit__ = lambda *_: None  # type: ignore[method-assign]


async def test_nothing_is_left_of_a_client_that_has_gone(rooms: Rooms, server: LiveServer) -> None:
    async with talking(server.ws_url) as ann:
        await ann.subscribe("log/gone")
    tail = rooms.realtime.hub._tails["log/gone"]

    await until(lambda: not tail.subscribers)
    await until(lambda: not rooms.realtime._connections)
