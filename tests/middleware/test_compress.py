from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.middleware.exchanges import (
    Headers,
    MemoryExchange,
    answered,
    one,
    ready,
    streamed,
    values,
)
from trivet.errors import MissingExtraError, SetupError
from trivet.http.exchange import Answer, Head
from trivet.middleware import codecs
from trivet.middleware.compress import Compress, preferred

brotli = pytest.importorskip("brotli")
zstandard = pytest.importorskip("zstandard")

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}
TEXT = b'{"message": "Hello, Hello, Hello"}' * 40
JSON: Headers = [("content-type", "application/json")]


def accepting(codings: str | None) -> MemoryExchange:
    return MemoryExchange(headers=[] if codings is None else [("Accept-Encoding", codings)])


def unpacked(answer: Answer) -> bytes:
    coding = one(answer, "content-encoding")
    return answer.body if coding is None else UNPACK[coding](answer.body)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_ready_answer_is_packed(coding: str) -> None:
    route = ready(TEXT, headers=JSON)

    answer = answered(Compress(), accepting(coding), route)

    assert one(answer, "content-encoding") == coding
    assert one(answer, "vary") == "Accept-Encoding"
    assert one(answer, "content-length") == str(len(answer.body))
    assert len(answer.body) < len(TEXT) / 4
    assert unpacked(answer) == TEXT
    assert route.body == TEXT
    assert route.head.headers == ((b"content-type", b"application/json"),)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None), ("gzip", "gzip"), ("x-gzip", "gzip"), ("GZIP", "gzip"), ("deflate", None),
        ("gzip, br", "br"), ("gzip, deflate, br, zstd", "zstd"), ("*", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"), ("gzip;q=0", None), ("*;q=0", None),
        ("zstd;q=0, *", "br"), ("gzip;q=0, *;q=0.1", "zstd"), ("identity", None),
        ("identity;q=1, gzip;q=0.5", None), ("identity;q=0.5, gzip;q=1.0", "gzip"),
        ("identity;q=0, gzip;q=0", None), ("gzip ; q=0.8 , br ; q = 0.2", "gzip"),
        ("gzip;q=nonsense, br", "br"), ("gzip;q=2", None), ("gzip;level=1", None), (",,;", None),
    ],
)  # fmt: skip
def test_the_clients_weights_come_before_the_servers_order(
    accepted: str, chosen: str | None
) -> None:
    assert preferred(accepted, ("zstd", "br", "gzip")) == chosen


@given(st.text(st.sampled_from("gzipbr;q=01.,* \xe9²"), max_size=30))
def test_no_header_makes_the_choice_fail(accepted: str) -> None:
    assert preferred(accepted, ("br", "gzip")) in (None, "br", "gzip")


def test_a_client_that_accepts_nothing_gets_the_body_and_vary() -> None:
    answer = answered(Compress(), accepting(None), ready(TEXT, headers=[("vary", "Cookie")]))

    assert answer.body == TEXT
    assert one(answer, "vary") == "Cookie, Accept-Encoding"


def test_small_answers_are_left_alone() -> None:
    route = ready(b"x" * 499)

    assert answered(Compress(), accepting("gzip"), route) is route


def test_what_packing_makes_longer_is_sent_as_it_is() -> None:
    noise = Random(7).randbytes(1000)

    answer = answered(Compress(encodings=["gzip"]), accepting("gzip"), ready(noise))

    assert answer.body == noise
    assert one(answer, "content-encoding") is None
    assert one(answer, "vary") == "Accept-Encoding"


@pytest.mark.parametrize(
    "headers",
    [
        [("content-encoding", "br")],
        [("content-type", "image/png")],
        [("content-type", "video/mp4")],
        [("content-type", "Application/ZIP")],
        [("content-type", "application/grpc+proto")],
        [("content-type", "text/event-stream; charset=utf-8")],
        [("cache-control", "public, No-Transform")],
        [("content-range", "bytes 0-1/2")],
        [("content-digest", "sha-256=:x:")],
    ],
)
async def test_what_must_not_be_packed_is_left_alone(headers: Headers) -> None:
    hook = Compress()
    exchange = accepting("gzip")

    assert answered(hook, exchange, ready(TEXT, headers=headers)).body == TEXT
    assert answered(hook, exchange, ready(TEXT, extra=headers)).body == TEXT
    assert (await streamed(hook, exchange, [TEXT], headers)).body == TEXT


async def test_parts_of_a_file_are_left_alone() -> None:
    assert answered(Compress(), accepting("gzip"), ready(TEXT, 206)).body == TEXT
    assert (await streamed(Compress(), accepting("gzip"), [TEXT], status=206)).body == TEXT


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "application/json", "text/html; charset=utf-8", "font/ttf"]
)
def test_text_in_any_clothing_is_packed(media_type: str) -> None:
    answer = answered(
        Compress(), accepting("gzip"), ready(TEXT, headers=[("content-type", media_type)])
    )

    assert one(answer, "content-encoding") == "gzip"


@pytest.mark.parametrize(("given", "sent"), [('"abc"', 'W/"abc"'), ('W/"abc"', 'W/"abc"')])
def test_a_strong_etag_becomes_a_weak_one(given: str, sent: str) -> None:
    headers = [("etag", given), ("accept-ranges", "bytes")]

    for route in (ready(TEXT, headers=headers), ready(TEXT, extra=headers)):
        answer = answered(Compress(), accepting("gzip"), route)
        assert one(answer, "etag") == sent
        assert one(answer, "accept-ranges") is None
        assert one(answered(Compress(), accepting(None), route), "etag") == given


def test_answers_that_share_a_head_share_the_packed_one() -> None:
    hook = Compress()
    head = Head(200, [(b"content-type", b"application/json")])

    answers = [
        answered(hook, accepting("gzip"), Answer(head, TEXT, [(b"x-number", b"%d" % number)]))
        for number in range(3)
    ]

    assert len({id(answer.head) for answer in answers}) == 1
    assert [values(answer, "x-number") for answer in answers] == [["0"], ["1"], ["2"]]


def test_more_heads_than_are_remembered_are_still_packed() -> None:
    hook = Compress()

    for number in range(2500):
        exchange = accepting(f"gzip;q=0.{number + 1}")
        assert one(answered(hook, exchange, ready(TEXT)), "content-encoding") == "gzip"


@given(
    chunks=st.lists(st.binary(max_size=2000) | st.just(TEXT), max_size=5),
    coding=st.sampled_from(["gzip", "br", "zstd"]),
)
def test_a_streamed_answer_unpacks_to_its_chunks(chunks: list[bytes], coding: str) -> None:
    headers = [("content-type", "text/plain"), ("content-length", "1"), ("etag", '"a"')]

    answer = asyncio.run(streamed(Compress(), accepting(coding), chunks, headers))

    assert unpacked(answer) == b"".join(chunks)
    if chunks:
        assert one(answer, "content-encoding") == coding
        assert one(answer, "etag") == 'W/"a"'
        assert one(answer, "vary") == "Accept-Encoding"
        assert all(v != "1" for v in values(answer, "content-length"))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_a_chunk_can_be_unpacked_before_the_next_one_comes(coding: str) -> None:
    exchange = accepting(coding)
    send = Compress(event_streams=True).wrap(exchange, exchange.send)
    unpack: Any = {
        "gzip": lambda: zlib.decompressobj(wbits=31).decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
    }[coding]()
    kind = [(b"content-type", b"text/event-stream")]

    await send({"type": "http.response.start", "status": 200, "headers": kind})
    for event in (b"data: 1\n\n", b"data: 2\n\n"):
        await send({"type": "http.response.body", "body": event, "more_body": True})

        assert unpack(exchange.sent[-1]["body"]) == event


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_large_bodies_are_packed_whole(coding: str) -> None:
    large = TEXT * 400

    assert unpacked(answered(Compress(), accepting(coding), ready(large))) == large
    assert unpacked(await streamed(Compress(), accepting(coding), [large, large])) == large * 2


async def one_body(hook: Compress, body: bytes) -> Answer:
    """An answer that comes by ASGI in one piece, as Starlette's responses send it."""
    exchange = accepting("gzip")
    send = hook.wrap(exchange, exchange.send)
    length = [(b"Content-Length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})
    start, last = exchange.sent
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    lengths = [value for name, value in start["headers"] if name.lower() == b"content-length"]
    assert lengths == [b"%d" % len(last["body"])]
    return Answer(Head(start["status"], headers), last["body"])


async def test_a_body_in_one_piece_keeps_a_true_length() -> None:
    answer = await one_body(Compress(), TEXT)

    assert one(answer, "content-encoding") == "gzip"
    assert unpacked(answer) == TEXT


async def test_a_small_body_in_one_piece_is_left_alone() -> None:
    answer = await one_body(Compress(), b"small")

    assert answer.body == b"small"
    assert answer.head.headers == ()


async def test_a_file_that_the_server_sends_itself_is_left_alone() -> None:
    exchange = accepting("gzip")
    send = Compress().wrap(exchange, exchange.send)
    start = {"type": "http.response.start", "status": 200, "headers": []}
    path = {"type": "http.response.pathsend", "path": "/srv/file"}

    await send(start)
    await send(path)

    assert exchange.sent == [start, path]


async def test_hints_and_trailers_pass() -> None:
    exchange = accepting("gzip")
    send = Compress().wrap(exchange, exchange.send)

    await send({"type": "http.response.early_hint", "links": []})
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
    await send({"type": "http.response.body", "body": TEXT, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    await send({"type": "http.response.trailers", "headers": []})

    assert [message["type"].rpartition(".")[2] for message in exchange.sent] == [
        "early_hint", "start", "body", "body", "trailers",
    ]  # fmt: skip


def test_only_the_codings_that_are_named_are_used() -> None:
    hook = Compress(encodings=["gzip"], levels={"gzip": 9})

    assert one(answered(hook, accepting("br, gzip"), ready(TEXT)), "content-encoding") == "gzip"


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"minimum_size": -1}, "0 or more"),
        ({"encodings": ["deflate"]}, "a list of some of"),
        ({"encodings": "gzip"}, "a list of some of"),
        ({"encodings": []}, "a list of some of"),
        ({"levels": {"gzip": 10}}, "a level from 1 to 9"),
        ({"levels": {"lzma": 1}}, "one of"),
    ],
)
def test_codings_and_levels_that_do_not_exist_are_refused(
    settings: dict[str, Any], mend: str
) -> None:
    with pytest.raises(SetupError, match=mend):
        Compress(**settings)


def test_a_coding_that_is_not_installed_names_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(codecs._PACKAGES, "br", ("brotli", None))

    with pytest.raises(MissingExtraError, match=r"trivet\[compress\]"):
        Compress(encodings=["br"])
    assert Compress().encodings == ("zstd", "gzip")
