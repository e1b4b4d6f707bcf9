"""Every page of the admin, for everybody, on every row: what they get, and what they do not see.

A page that has no line here fails the first test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.admin.access.site import (
    MODELS,
    PERSONAS,
    PRICE,
    ROWS,
    SECRET,
    Matrix,
    Persona,
    first_change,
)
from trivet.routing.contexts import Included

FIELDS = {
    "adm-artist": ["name", "notes", "owner_id", "comes_from", "records", "id"],
    "adm-record": [
        "title",
        "format",
        "year",
        "price",
        "secret",
        "story",
        "artist",
        "tracks",
        "age",
    ],
    "adm-track": ["title", "number", "seconds", "record", "record_id"],
}


@dataclass(frozen=True)
class Line:
    """One address of the admin: what is asked for it, and what is sent."""

    method: str
    path: str
    action: str = "view"
    """What they must be allowed to do; one with a point in it is about no model."""
    data: Any = None
    only: str = ""
    """The model that it is about; empty for all of them."""
    needs_view: bool = True
    fine: tuple[int, ...] = (200, 303)
    """What is answered to who may: 422 says that something else has to be sent."""
    no_site: bool = False
    """True for what is about no model at all."""

    @property
    def is_of_row(self) -> bool:
        return "{key}" in self.path


LINES = (
    Line("GET", "/", no_site=True),
    Line("GET", "/log", "history.view"),
    Line("GET", "/palette", no_site=True),
    Line("POST", "/preview", no_site=True, data={"text": "# Title"}, fine=(200, 404, 422)),
    Line("GET", "/preview", no_site=True, fine=(204,)),
    Line("GET", "/{model}/"),
    Line("POST", "/{model}/", fine=(200, 303, 403, 404, 405, 422)),  # it names no action
    Line("GET", "/{model}/views", fine=(200, 404, 405)),
    Line("POST", "/{model}/views", fine=(200, 303, 404, 422)),
    Line("GET", "/{model}/conditions"),
    Line("GET", "/{model}/add", "add"),
    Line("POST", "/{model}/add", "add", data={"unknown": "1"}, fine=(422,)),
    Line("GET", "/{model}/pick"),
    Line("GET", "/{model}/action", fine=(200, 303, 404, 405, 422)),
    Line("POST", "/{model}/action", fine=(200, 303, 403, 404, 422)),  # nor does this
    Line("GET", "/{model}/export", "export", fine=(200, 404, 422)),
    Line("POST", "/{model}/export", "export", fine=(200, 404, 422)),
    Line("GET", "/{model}/import", "import", fine=(200, 404)),
    Line("POST", "/{model}/import", "import", fine=(200, 303, 404, 422)),
    Line("GET", "/{model}/progress", fine=(200, 404, 422)),
    Line("GET", "/{model}/{key}"),
    Line("POST", "/{model}/{key}", "change", data={"unknown": "1"}, fine=(303, 422)),
    Line("GET", "/{model}/{key}/delete", "delete"),
    Line("POST", "/{model}/{key}/delete", "delete", fine=(200, 303, 409)),
    Line("GET", "/{model}/{key}/copy", "add", needs_view=True),
    Line("POST", "/{model}/{key}/copy", "add", data={"unknown": "1"}, fine=(422,)),
    Line("GET", "/{model}/{key}/file/{field}", fine=(404,)),
    Line("GET", "/{model}/{key}/history"),
    Line("GET", "/{model}/{key}/restore/{change}", "change", only="adm-artist"),
    Line("POST", "/{model}/{key}/restore/{change}", "change", only="adm-artist", fine=(303, 422)),
    Line("GET", "/{model}/{key}/account", fine=(404,)),
    Line("POST", "/{model}/{key}/account", fine=(404,)),
)


@dataclass(frozen=True)
class Cell:
    line: Line
    model: str
    row: str


def cells() -> Iterator[Cell]:
    for line in LINES:
        if "{model}" not in line.path:
            yield Cell(line, "", "")
            continue
        for model in MODELS:
            if line.only and model != line.only:
                continue
            for row in ROWS if line.is_of_row else [""]:
                yield Cell(line, model, row)


CELLS = list(cells())


def routes_of(matrix: Matrix) -> set[tuple[str, str]]:
    """Give the addresses that the admin serves, without its files."""
    found = set()
    routes = list(matrix.shop.admin.router().routes)
    for route in routes:
        if isinstance(route, Included):  # its own are walked through too
            routes += route.router.routes
            continue
        path = str(getattr(route, "path", ""))
        if not path.startswith("/admin/") or path.startswith("/admin/files/"):
            continue
        for method in getattr(route, "methods", None) or ["GET"]:
            if method != "HEAD":
                found.add((method, path.removeprefix("/admin")))
    return found


async def test_every_page_has_a_line(matrix: Matrix) -> None:
    lines = {(line.method, line.path) for line in LINES}
    routes = routes_of(matrix)

    assert routes - lines == set()
    assert len(routes) >= 15


def expected(persona: Persona, cell: Cell) -> set[int]:
    """Give the statuses that are right."""
    line = cell.line
    if not persona.enters:
        return {401} if not persona.is_known else {403}
    if line.no_site:
        return set(line.fine)
    if not cell.model:
        return set(line.fine) if persona.holds(line.action) else {403}
    if not line.is_of_row:
        if persona.may(line.action, cell.model, None):
            return set(line.fine)
        return {403}
    if line.path.endswith("/copy") and not persona.may("add", cell.model, None):
        return {403, 404}
    sees = cell.row != "absent" and persona.may("view", cell.model, cell.row)
    if not sees:
        # To copy, add is asked for first; of rows that are gone some may know that they were.
        return {404, 403} if line.path.endswith(("/copy", "/account")) else {404}
    if "/restore/" in line.path and cell.row != "own":
        return {404}
    # A new row is nobody's yet: what is denied of rows has no say about it.
    row = None if line.action == "add" else cell.row
    return set(line.fine) if persona.may(line.action, cell.model, row) else {403}


def forbidden(persona: Persona) -> list[str]:
    """Give the marks that nothing may show to somebody."""
    found = [SECRET, f"{PRICE:,}", str(PRICE), "mark-denied"]
    for model in MODELS:
        words = model.removeprefix("adm-")
        for row in ("own", "other"):
            if not persona.may("view", model, row):
                found.append(f"{words}-mark-{row}")
    return found


def leaks(text: str, persona: Persona, asked: str) -> list[str]:
    """Give the marks that are in an answer and may not be, but for what the request itself said."""
    return [mark for mark in forbidden(persona) if mark in text and mark not in asked]


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda one: one.name)
async def test_everybody_gets_what_they_may_and_nothing_else(
    matrix: Matrix, persona: Persona
) -> None:
    client = matrix.browsers[persona.name]
    routes = routes_of(matrix)
    change = str(await first_change(matrix.shop.database))
    before = await matrix.rows()
    wrong: list[str] = []

    for cell in CELLS:
        line = cell.line
        if (line.method, line.path) not in routes:
            continue
        key = str(ROWS.get(cell.row, ""))
        path = line.path.format(model=cell.model, key=key, field="name", change=change)
        answer = await client.request(line.method, f"/admin{path}", data=line.data)
        where = f"{line.method} {path} ({cell.row})"
        if answer.status_code not in expected(persona, cell):
            wrong.append(f"{where}: {answer.status_code}, not {sorted(expected(persona, cell))}")
        if found := leaks(answer.text, persona, ""):
            wrong.append(f"{where} shows {found}")
        if answer.headers.get("content-type", "").startswith("text/html") and (
            persona.enters and line.path != "/preview"  # a part of a page, with a policy of its own
        ):
            wrong += [f"{where}: {one}" for one in lacking(answer)]
        if line.method == "POST":
            now = await matrix.rows()
            if now != before:
                may = persona.may(line.action, cell.model, cell.row or None)
                if not may or answer.status_code >= 400:
                    wrong.append(f"{where} changed rows, with {answer.status_code}")
                await matrix.restore()
                before = await matrix.rows()

    assert not wrong, "\n".join(wrong)


def lacking(answer: Any) -> list[str]:
    """Give the headers that a page ought to have and has not."""
    headers = answer.headers
    found = []
    policy = headers.get("content-security-policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy or "frame-ancestors" not in policy:
        found.append("policy")
    if headers.get("x-frame-options") != "DENY":
        found.append("frame options")
    if headers.get("x-content-type-options") != "nosniff":
        found.append("nosniff")
    if "no-store" not in headers.get("cache-control", ""):
        found.append("no-store")
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
async def test_no_form_is_taken_from_another_site(matrix: Matrix, headers: dict[str, str]) -> None:
    root = matrix.browsers["root"]
    before = await matrix.rows()

    for line in LINES:
        if line.method != "POST" or (line.method, line.path) not in routes_of(matrix):
            continue
        path = line.path.format(model="adm-artist", key="1", field="name", change="1")
        request = root.build_request("POST", f"/admin{path}", data={"name": "x"})
        if "origin" not in headers:
            del request.headers["origin"]
        request.headers.update(headers)
        answer = await root.send(request)
        assert answer.status_code == 403, path

    assert await matrix.rows() == before


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda one: one.name)
@pytest.mark.parametrize("model", MODELS)
async def test_lists_tell_nothing_by_search_order_and_filters(
    matrix: Matrix, persona: Persona, model: str
) -> None:
    """Of rows and columns that are not seen, no count, order or match says what stands in them."""
    client = matrix.browsers[persona.name]
    wrong: list[str] = []
    asked = [f"order={sign}{name}" for name in FIELDS[model] for sign in ("", "-")]
    asked += [f"columns={name}" for name in FIELDS[model]]
    asked += [f"f.{name}={value}" for name in FIELDS[model] for value in ("1", "mark", "~", "true")]
    asked += [f"f.{name}__gte=1" for name in FIELDS[model]]
    asked += [f"where={name}:filled" for name in FIELDS[model]]
    asked += [f"where={name}:is:1" for name in FIELDS[model]]
    asked += [f"where=any({name}:starts:a,{name}:lacks:zz)" for name in FIELDS[model]]
    asked += [f"where=artist__{name}:lacks:zz" for name in FIELDS["adm-artist"]]
    asked += [f"q={text}" for text in ("mark", SECRET, str(PRICE), "7654", "denied", "1970")]
    seen = [row for row in ("own", "other") if persona.may("view", model, row)]
    words = model.removeprefix("adm-")

    for query in asked:
        answer = await client.get(f"/admin/{model}/?{query}")
        right = 200 if persona.may("view", model, None) else 403 if persona.is_known else 401
        if answer.status_code != right:
            wrong.append(f"{query}: {answer.status_code}, not {right}")
            continue
        if found := leaks(answer.text, persona, query):
            wrong.append(f"{query} shows {found}")
        if right == 200 and not query.startswith("f.secret"):
            number = re.search(r"(\d+) to (\d+) of (?:about )?(\d+)", answer.text)
            if number is not None and int(number[3]) > len(seen):
                wrong.append(f"{query} counts {number[3]} {words}s, and {len(seen)} are seen")

    assert not wrong, "\n".join(wrong)


def test_there_are_two_thousand_cells() -> None:
    lists = sum(2 + 1 + 4 + 1 + 3 for names in FIELDS.values() for _ in names) + 6 * len(FIELDS)

    assert (len(CELLS) + lists) * len(PERSONAS) >= 2000
