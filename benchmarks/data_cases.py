"""The cases with a database behind the server, and what is to be reached in them.

Like all thresholds these are fixed before any figure is known. The worlds and the fortunes follow
the public rules of TechEmpower's tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks import rows
from benchmarks.case import JSON_TYPE, LoadCase, Request, ScriptCase, Threshold
from benchmarks.data_check import fortunes, inserted, listed, updated, worlds
from benchmarks.stores import NAMES, Kind

FASTAPI = "fastapi-sqlalchemy"
CORE = "sqlalchemy-core"
BY_HAND = "by-hand"

REMARK = {
    "title": "Stands well",
    "body": "On three legs, on any.",
    "score": 7,
    "author_id": 3,
}


def _post(body: str) -> Request:
    return Request("/remarks", "POST", body, (JSON_TYPE,))


def _one(kind: Kind, name: str, title: str, path: str, missing: int) -> LoadCase:
    return LoadCase(
        name=f"data-{name}-{kind}",
        title=f"{title}, {NAMES[kind]}",
        request=Request(path, ids=(rows.DRAFTS + 1, rows.POSTS)),
        refused=(Request(path.format(id=missing)), Request(path.format(id="abc"))),
        answer_at=rows.post,
        app="data",
        database=kind,
        queries=1,
    )


def _on_both(kind: Kind) -> Iterator[LoadCase]:
    yield _one(kind, "key", "One row by its key as JSON", "/posts/{id}", rows.POSTS + 1)
    yield _one(
        kind, "query", "The same row by a chained query", "/published/{id}", missing=rows.DRAFTS
    )
    yield LoadCase(
        name=f"data-list-{kind}",
        title=f"{rows.LISTED} rows, each with author and tags, {NAMES[kind]}",
        request=Request("/posts"),
        proof=listed,
        app="data",
        database=kind,
    )
    yield LoadCase(
        name=f"data-resource-{kind}",
        title=f"The same rows as a page of a REST resource, {NAMES[kind]}",
        request=Request("/published?include=author,tags"),
        proof=listed,
        app="data",
        database=kind,
    )
    yield LoadCase(
        name=f"data-insert-{kind}",
        title=f"One validated row inserted and committed, {NAMES[kind]}",
        request=_post(json.dumps(REMARK)),
        status=201,
        refused=(
            _post(json.dumps({**REMARK, "title": "x"})),
            _post(json.dumps({**REMARK, "title": "x" * 101})),
            _post(json.dumps({**REMARK, "score": -1})),
            _post(json.dumps({"title": "No author", "body": "", "score": 1})),
            _post('{"title":'),
        ),
        proof=inserted,
        app="data",
        database=kind,
        empties="remark",
    )


DATA_CASES = (
    *_on_both("postgresql"),
    LoadCase(
        name="data-queries-postgresql",
        title=f"{rows.QUERIES} queries a request, PostgreSQL",
        request=Request(f"/worlds?queries={rows.QUERIES}"),
        proof=worlds,
        app="data",
        database="postgresql",
        queries=rows.QUERIES,
    ),
    LoadCase(
        name="data-updates-postgresql",
        title=f"{rows.QUERIES} rows read, changed and written, PostgreSQL",
        request=Request(f"/updates?queries={rows.QUERIES}"),
        proof=updated,
        app="data",
        database="postgresql",
    ),
    LoadCase(
        name="data-fortunes-postgresql",
        title="All fortunes and one more, sorted, as HTML, PostgreSQL",
        request=Request("/fortunes"),
        content_type="text/html",
        proof=fortunes,
        app="data",
        database="postgresql",
        queries=1,
    ),
    *_on_both("sqlite"),
)

KINDS: tuple[Kind, ...] = ("postgresql", "sqlite")
SCRIPT_CASES = tuple(
    case
    for kind in KINDS
    for case in (
        ScriptCase(
            name=f"data-bulk-{kind}",
            title=f"{rows.MEASUREMENTS:,} rows inserted by a script, {NAMES[kind]}",
            work="bulk",
            database=kind,
        ),
        ScriptCase(
            name=f"data-iterate-{kind}",
            title=f"{rows.READINGS:,} rows read one by one by a script, {NAMES[kind]}",
            work="iterate",
            database=kind,
        ),
    )
)


def _share(case: str, peer: str, at_most: float, wording: str) -> Threshold:
    return Threshold(f"data-{case}", "cost_us", wording, peer, at_most)


def _script_thresholds(kind: Kind) -> Iterator[Threshold]:
    for work in ("bulk", "iterate"):
        yield Threshold(
            f"data-{work}-{kind}",
            "cpu_s",
            "at most 1.1 times SQLAlchemy Core's CPU time",
            CORE,
            1.1,
        )
    yield Threshold(
        f"data-iterate-{kind}", "growth_mb", "memory grows by less than 30 MB", None, 30, True
    )


DATA_THRESHOLDS = (
    _share("key-postgresql", FASTAPI, 1 / 12, "at most 1/12 of FastAPI's cost"),
    _share("key-postgresql", "django", 1 / 8, "at most 1/8 of Django's cost"),
    _share("key-postgresql", BY_HAND, 1.5, "at most 1.5 times what it costs by hand"),
    _share("key-sqlite", FASTAPI, 1 / 20, "at most 1/20 of FastAPI's cost"),
    _share("key-sqlite", "django", 1 / 12, "at most 1/12 of Django's cost"),
    _share("key-sqlite", BY_HAND, 2.0, "at most 2 times what it costs by hand"),
    _share("query-postgresql", FASTAPI, 1 / 6, "at most 1/6 of FastAPI's cost"),
    _share("query-sqlite", FASTAPI, 1 / 6, "at most 1/6 of FastAPI's cost"),
    _share("list-postgresql", FASTAPI, 1 / 5, "at most 1/5 of FastAPI's cost"),
    Threshold("data-list-postgresql", "queries", "in at most 3 queries", None, 3),
    _share("list-sqlite", FASTAPI, 1 / 5, "at most 1/5 of FastAPI's cost"),
    *(
        Threshold(
            f"data-resource-{kind}",
            "cost_us",
            "at most 1/5 of the cost of FastAPI's list",
            FASTAPI,
            1 / 5,
            peer_case=f"data-list-{kind}",
        )
        for kind in KINDS
    ),
    Threshold("data-resource-postgresql", "queries", "in at most 3 queries", None, 3),
    _share("queries-postgresql", FASTAPI, 1 / 6, "at most 1/6 of FastAPI's cost"),
    _share("fortunes-postgresql", "django", 1 / 4, "at most 1/4 of Django's cost"),
    _share("insert-postgresql", FASTAPI, 1 / 3, "at most 1/3 of FastAPI's cost"),
    _share("insert-sqlite", FASTAPI, 1 / 3, "at most 1/3 of FastAPI's cost"),
    *(threshold for kind in KINDS for threshold in _script_thresholds(kind)),
)
