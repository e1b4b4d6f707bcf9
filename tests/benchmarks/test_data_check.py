"""What a database behind the server has to hold is compared, not believed."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from benchmarks import check, data_check, data_runs, rows, stores
from benchmarks.case import LoadCase
from benchmarks.check import WrongAnswer
from benchmarks.data_cases import DATA_CASES, SCRIPT_CASES
from benchmarks.peers import BY_NAME
from benchmarks.servers import Server
from benchmarks.stores import Sqlite, Store

CASES = {case.name: case for case in DATA_CASES}
LIST = CASES["data-list-sqlite"]
WORLDS = CASES["data-queries-postgresql"]
UPDATES = CASES["data-updates-postgresql"]
INSERT = CASES["data-insert-sqlite"]
FORTUNES = CASES["data-fortunes-postgresql"]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="servers are pinned on Linux only")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A database of few rows, which is made quickly."""
    monkeypatch.setattr(rows, "POSTS", 100)
    made = Sqlite()
    yield made
    made.close()


@pytest.fixture
def full_store() -> Iterator[Store]:
    made = Sqlite()
    yield made
    made.close()


@contextmanager
def answering(case: LoadCase, *bodies: str | Callable[[], str]) -> Iterator[int]:
    """Serve these bodies, one a request, with all else as the case has it."""
    left = list(bodies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            given = left.pop(0)
            body = (given if isinstance(given, str) else given()).encode()
            self.send_response(case.status)
            self.send_header("content-type", case.content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def prove(case: LoadCase, store: Store, *bodies: str | Callable[[], str]) -> None:
    with answering(case, *bodies) as port:
        data_runs.verify(port, case, store)


def some_worlds(store: Store, first: int = 1) -> list[dict[str, int]]:
    found = store.rows(
        f"SELECT id, randomnumber FROM world WHERE id >= {first} ORDER BY id LIMIT {rows.QUERIES}"
    )
    return [{"id": number, "randomnumber": value} for number, value in found]


def test_the_listed_posts_may_have_their_tags_in_any_order(store: Store) -> None:
    listed = rows.listing()
    for post in listed:
        post["tags"].reverse()

    prove(LIST, store, json.dumps(listed))


def test_a_listed_post_without_one_of_its_tags_is_refused(store: Store) -> None:
    listed = rows.listing()
    del listed[3]["tags"][0]

    with pytest.raises(WrongAnswer, match="newest posts"):
        prove(LIST, store, json.dumps(listed))


def test_worlds_are_accepted_as_they_are_stored(store: Store) -> None:
    prove(WORLDS, store, json.dumps(some_worlds(store)), json.dumps(some_worlds(store, 50)))


def test_the_same_worlds_again_were_not_drawn(store: Store) -> None:
    body = json.dumps(some_worlds(store))

    with pytest.raises(WrongAnswer, match="by chance"):
        prove(WORLDS, store, body, body)


@pytest.mark.parametrize("count", [rows.QUERIES - 1, rows.QUERIES + 1])
def test_another_number_of_worlds_is_refused(store: Store, count: int) -> None:
    found = [*some_worlds(store), *some_worlds(store, 100)][:count]

    with pytest.raises(WrongAnswer, match="different worlds"):
        prove(WORLDS, store, json.dumps(found), json.dumps(found))


def test_a_world_with_another_number_than_the_stored_one_is_refused(store: Store) -> None:
    wrong = some_worlds(store)
    wrong[0]["randomnumber"] = wrong[0]["randomnumber"] % rows.WORLDS + 1

    with pytest.raises(WrongAnswer, match="stored as others"):
        prove(WORLDS, store, json.dumps(wrong), json.dumps(some_worlds(store, 50)))


def test_updates_that_are_stored_are_accepted(store: Store) -> None:
    def update() -> str:
        store.run(f"UPDATE world SET randomnumber = randomnumber % {rows.WORLDS} + 1")
        return json.dumps(some_worlds(store))

    prove(UPDATES, store, update)


def test_an_update_that_changes_nothing_is_refused(store: Store) -> None:
    with pytest.raises(WrongAnswer, match="no number was changed"):
        prove(UPDATES, store, json.dumps(some_worlds(store)))


def test_an_inserted_row_has_to_be_stored_when_the_answer_comes(store: Store) -> None:
    sent = json.loads(INSERT.request.body)

    def insert() -> str:
        values = ", ".join(repr(value) for value in sent.values())
        store.run(f"INSERT INTO remark ({', '.join(sent)}) VALUES ({values})")
        return json.dumps({"id": 1, **sent})

    with pytest.raises(WrongAnswer, match="is not stored"):
        prove(INSERT, store, json.dumps({"id": 1, **sent}))
    prove(INSERT, store, insert)


def test_a_row_of_a_request_that_was_refused_is_found(store: Store) -> None:
    sent = json.loads(INSERT.request.body)
    values = ", ".join(repr(value) for value in sent.values())
    store.run(f"INSERT INTO remark ({', '.join(sent)}) VALUES ({values})")

    with pytest.raises(WrongAnswer, match="other rows"):
        prove(INSERT, store, json.dumps({"id": 1, **sent}))


def page(fortunes: list[tuple[int, str]], *, escaped: bool = True) -> str:
    cells = "".join(
        f"<tr><td>{number}</td><td>{escape(text) if escaped else text}</td></tr>"
        for number, text in fortunes
    )
    head = "<tr><th>id</th><th>message</th></tr>"
    return f"<!DOCTYPE html><html><body><table>{head}{cells}</table></body></html>"


def test_the_fortunes_are_read_from_their_page(store: Store) -> None:
    prove(FORTUNES, store, page(rows.shown_fortunes()))


def test_a_page_that_does_not_escape_is_refused(store: Store) -> None:
    with pytest.raises(WrongAnswer, match="a script came through"):
        prove(FORTUNES, store, page(rows.shown_fortunes(), escaped=False))


@pytest.mark.parametrize(
    "wrong", [rows.fortunes(), rows.shown_fortunes()[::-1]], ids=["none added", "another order"]
)
def test_other_fortunes_are_refused(store: Store, wrong: list[tuple[int, str]]) -> None:
    with pytest.raises(WrongAnswer, match="not the fortunes"):
        prove(FORTUNES, store, page(wrong))


def test_a_measurement_that_is_missing_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "READINGS", 1000)
    stores.need_readings(store)
    store.run("INSERT INTO measurement SELECT * FROM reading")

    data_check.measured(store, 1000)
    store.run("DELETE FROM measurement WHERE id = 500")
    with pytest.raises(WrongAnswer, match="measurements are stored as"):
        data_check.measured(store, 1000)


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("name", ["trivet", "by-hand"])
def test_our_own_applications_give_every_right_answer(full_store: Store, name: str) -> None:
    peer = BY_NAME[name]
    wanted = [c for c in DATA_CASES if c.database == "sqlite" and c.name in peer.cases]

    with Server(peer, "data", cpu=0, probe=data_runs.PROBE, database=full_store.url) as server:
        for case in wanted:
            check.verify(server.port, case)
            data_runs.verify(server.port, case, full_store)

    assert wanted


@on_linux
@pytest.mark.slow
def test_the_script_of_trivet_stores_all_of_its_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MEASUREMENTS", 20_000)
    case = next(c for c in SCRIPT_CASES if c.name == "data-bulk-sqlite")

    values = data_runs.script(BY_NAME["trivet"], case, store, cpu=0)

    assert values["cpu_s"] > 0
    assert values["peak_mb"] > values["growth_mb"] > 0
