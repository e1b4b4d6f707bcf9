"""The recorder: a watcher that keeps the last requests, and what happened in them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from trivet.adapters.asgi import AsgiExchange
from trivet.devtools.recorder import Recorder, present_record
from trivet.devtools.records import Record
from trivet.watching import Happening, begun, ended


class Nowhere:
    """A target that no route is at."""


def request(path: str, pattern: str | None = "/songs", query: bytes = b"") -> Happening:
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": query, "scheme": "http",
        "headers": [(b"authorization", b"Bearer sesame")], "client": ("127.0.0.1", 1),
    }  # fmt: skip
    exchange: Any = AsgiExchange(scope, _nothing, _nothing)
    exchange.target = Nowhere()
    facts: dict[str, Any] = {"trivet.exchange": exchange}
    if pattern is not None:
        facts["http.route"] = pattern
    return Happening("request", f"GET {pattern}", facts)


async def _nothing(*given: Any) -> Any:
    raise AssertionError


def query(text: str = "SELECT 1", values: Any = ()) -> Happening:
    return Happening("query", "SELECT", {"db.query.text": text, "trivet.values": values})


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("/_dev")


def in_request(
    recorder: Recorder, what: Callable[[], None], *, status: int = 200, path: str = "/songs"
) -> Record:
    """Tell of one request, in a context of its own as a server's task has one."""

    def told() -> None:
        happening = begun([recorder], request(path))
        what()
        happening.facts["http.response.status_code"] = status
        ended([recorder], happening)

    contextvars.copy_context().run(told)
    return next(iter(recorder.records()))


def happens(recorder: Recorder, happening: Happening, error: Exception | None = None) -> None:
    ended([recorder], begun([recorder], happening), error)


def test_what_happens_belongs_to_its_request(recorder: Recorder) -> None:
    first = in_request(recorder, lambda: happens(recorder, query("SELECT a")))
    second = in_request(recorder, lambda: happens(recorder, query("SELECT b")), status=404)

    assert [one.text for one in first.queries] == ["SELECT a"]
    assert [one.text for one in second.queries] == ["SELECT b"]
    assert (first.status, second.status) == (200, 404)
    assert second.number == first.number + 1


def test_requests_side_by_side_are_kept_apart(recorder: Recorder) -> None:
    async def serve(path: str, text: str) -> None:
        happening = begun([recorder], request(path))
        for _ in range(3):
            happens(recorder, query(text))
            await asyncio.sleep(0)
        ended([recorder], happening)

    async def both() -> None:
        await asyncio.gather(serve("/a", "SELECT a"), serve("/b", "SELECT b"))

    asyncio.run(both())

    found = {one.target: {each.text for each in one.queries} for one in recorder.records()}
    assert found == {"/a": {"SELECT a"}, "/b": {"SELECT b"}}


def test_the_place_is_in_the_users_code(recorder: Recorder) -> None:
    record = in_request(recorder, lambda: happens(recorder, query()))

    place = record.queries[0].place
    assert place is not None
    assert place.file == __file__


def test_the_memory_is_bounded(recorder: Recorder) -> None:
    def much() -> None:
        for _ in range(600):
            happens(recorder, query())

    for _ in range(250):
        in_request(recorder, lambda: None)
    record = in_request(recorder, much)

    assert len(list(recorder.records())) == 200
    assert len(record.seen) == 500
    assert record.forgotten == 100


def test_what_never_ends_is_given_up(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivet.devtools.recorder._MOST_OPEN", 50)
    kept: list[Happening] = []

    in_request(recorder, lambda: kept.extend(begun([recorder], query()) for _ in range(60)))

    assert len(recorder._open) <= 50


def test_an_exception_is_kept_as_text_alone(recorder: Recorder) -> None:
    class Held:
        token = "".join(["ses", "ame"])  # in no line of source, which is shown

    held = Held()
    gone = weakref.ref(held)

    def fail(held: Held) -> None:
        happening = begun([recorder], request("/songs"))
        try:
            raise LookupError(f"token={held.token} is not there")
        except LookupError as error:
            ended([recorder], happening, error)

    contextvars.copy_context().run(fail, held)
    del held
    gc.collect()

    [record] = recorder.records()
    assert record.chain[0].name == "LookupError"
    assert "sesame" not in repr(record)
    assert gone() is None


def test_the_pages_own_requests_and_icons_are_not_kept(recorder: Recorder) -> None:
    for path, pattern in (("/_dev", "/_dev"), ("/_dev/requests", "x"), ("/favicon.ico", None)):
        contextvars.copy_context().run(begun, [recorder], request(path, pattern))

    assert list(recorder.records()) == []


def test_a_path_that_begins_alike_is_kept(recorder: Recorder) -> None:
    in_request(recorder, lambda: None, path="/_developers")

    assert [one.target for one in recorder.records()] == ["/_developers"]


def test_a_job_outside_of_requests_is_a_record_of_its_own(recorder: Recorder) -> None:
    def work() -> None:
        happening = begun([recorder], Happening("job", "shop.confirm"))
        happens(recorder, query("SELECT in a job"))
        happening.facts["trivet.job.outcome"] = "later"
        ended([recorder], happening, LookupError("no"))
        assert present_record() is None

    contextvars.copy_context().run(work)

    [record] = recorder.records()
    assert (record.kind, record.target, record.outcome) == ("job", "shop.confirm", "later")
    assert [one.text for one in record.queries] == ["SELECT in a job"]
    assert record.chain[0].message == "no"


def test_what_the_application_does_by_itself_is_not_kept(recorder: Recorder) -> None:
    happens(recorder, query())
    happens(recorder, Happening("cache", "get", {"trivet.cache.outcome": "hit"}))

    assert list(recorder.records()) == []
    assert [one.fact("trivet.cache.outcome") for one, _ in recorder.listed("cache")] == ["hit"]


def test_headers_and_queries_are_recorded_without_their_secrets(recorder: Recorder) -> None:
    contextvars.copy_context().run(
        begun, [recorder], request("/songs", query=b"token=sesame&limit=3")
    )

    [record] = recorder.records()
    assert "sesame" not in repr(record)
    assert record.target.endswith("&limit=3")
