"""What a fixed answer cannot say: answers that are compared with what the database holds."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from benchmarks import rows
from benchmarks.case import LoadCase
from benchmarks.check import Reply, WrongAnswer, ask, framed
from benchmarks.stores import Store


def listed(port: int, case: LoadCase, store: Store) -> None:
    """The newest posts, each with its author and its tags; these in any order."""
    found = _json(port, case)
    if isinstance(found, dict):  # a page
        found = found["items"]
    for post in found:
        post["tags"] = sorted(post["tags"], key=lambda tag: int(tag["id"]))
    if found != rows.listing():
        raise WrongAnswer(f"not the {rows.LISTED} newest posts: {str(found)[:200]}")


def worlds(port: int, case: LoadCase, store: Store) -> None:
    """Different worlds, others at each request, with the numbers that are stored."""
    first, second = _worlds(port, case), _worlds(port, case)
    if set(first) == set(second):
        raise WrongAnswer("two requests gave the same worlds: they have to be drawn by chance")
    for found in (first, second):
        if found != _stored(store, found):
            raise WrongAnswer(f"worlds {str(found)[:200]} are stored as others")


def updated(port: int, case: LoadCase, store: Store) -> None:
    """Different worlds with new numbers, which are stored when the answer comes."""
    before: Any = dict(store.rows("SELECT id, randomnumber FROM world"))
    found = _worlds(port, case)
    if found != _stored(store, found):
        raise WrongAnswer(f"worlds {str(found)[:200]} are stored as others")
    # That all of them are drawn as they were before does not happen by chance.
    if all(before[number] == value for number, value in found.items()):
        raise WrongAnswer("no number was changed")


def inserted(port: int, case: LoadCase, store: Store) -> None:
    """One more row, committed when the answer comes; none of the requests that were refused."""
    before = store.rows("SELECT count(*) FROM remark")[0][0]
    found = _json(port, case)
    columns = ("id", "title", "body", "score", "author_id")
    stored = store.rows(f"SELECT {', '.join(columns)} FROM remark ORDER BY id DESC LIMIT 1")
    if not stored or found != dict(zip(columns, stored[0], strict=True)):
        raise WrongAnswer(f"{str(found)[:200]} is not stored")
    if found != {"id": found["id"], **json.loads(case.request.body)}:
        raise WrongAnswer(f"{str(found)[:200]} is not what was sent")
    if before or store.rows("SELECT count(*) FROM remark") != [(1,)]:
        raise WrongAnswer("there are other rows than the one that was sent")


def fortunes(port: int, case: LoadCase, store: Store) -> None:
    """A table of all fortunes and one more, in order, in which nothing but text came through."""
    reply = _reply(port, case)
    page = _Page()
    page.feed(reply.body.decode())
    page.close()
    found = [tuple(row) for row in page.rows]
    right = [("id", "message"), *((str(n), text) for n, text in rows.shown_fortunes())]
    if page.scripts or b"<script" in reply.body:
        raise WrongAnswer("a script came through: texts have to be escaped")
    if found != right:
        raise WrongAnswer(f"not the fortunes in their order: {str(found)[:300]}")


def measured(store: Store, count: int) -> None:
    """Raise WrongAnswer unless all measurements are stored, each with its values."""
    query = (
        "SELECT count(*), count(DISTINCT id), sum(value), count(DISTINCT label), sum(sensor)"
        " FROM measurement"
    )
    right = (
        count,
        count,
        count * (count + 1) / 4,
        rows.SENSORS,
        sum(number % rows.SENSORS for number in range(1, count + 1)),
    )
    found = tuple(store.rows(query)[0])
    if found != right:
        raise WrongAnswer(f"measurements are stored as {found} in place of {right}")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.scripts = 0
        self._is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag == "tr":
            self.rows.append([])
        self._is_in_cell = tag in ("td", "th")
        if self._is_in_cell:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self.rows[-1][-1] += data


def _reply(port: int, case: LoadCase) -> Reply:
    reply = ask(port, case.request)
    framed(case, reply)
    return reply


def _json(port: int, case: LoadCase) -> Any:
    return json.loads(_reply(port, case).body)


def _worlds(port: int, case: LoadCase) -> dict[int, int]:
    found = _json(port, case)
    numbers = {world["id"]: world["randomnumber"] for world in found}
    if len(found) != rows.QUERIES or len(numbers) != rows.QUERIES:
        raise WrongAnswer(f"not {rows.QUERIES} different worlds: {str(found)[:200]}")
    if any(set(world) != {"id", "randomnumber"} for world in found):
        raise WrongAnswer(f"worlds have other columns: {str(found)[:200]}")
    if not all(1 <= number <= rows.WORLDS for number in numbers.values()):
        raise WrongAnswer(f"numbers go from 1 to {rows.WORLDS}: {str(found)[:200]}")
    return numbers


def _stored(store: Store, numbers: dict[int, int]) -> dict[int, int]:
    wanted = ", ".join(str(int(number)) for number in numbers)
    # Any: both columns are numbers, which their drivers do not say.
    found: Any = store.rows(f"SELECT id, randomnumber FROM world WHERE id IN ({wanted})")
    return {number: dict(found)[number] for number in numbers if number in dict(found)}
