"""What is measured: the requests, the one right answer to each, and what is to be reached.

The thresholds are fixed here, before any figure is known, and are never derived from results.
"""

from __future__ import annotations

import json

from benchmarks.account_cases import ACCOUNT_CASES, ACCOUNT_THRESHOLDS
from benchmarks.admin_cases import ADMIN_CASES, ADMIN_THRESHOLDS
from benchmarks.case import JSON_TYPE, LoadCase, Request, Threshold
from benchmarks.data_cases import DATA_CASES, DATA_THRESHOLDS, SCRIPT_CASES
from benchmarks.form_cases import FORM_CASES, FORM_THRESHOLDS
from benchmarks.observe_cases import OBSERVE_CASES, OBSERVE_THRESHOLDS

TOKENS = 100
STREAMS = 50
MANY_ROUTES = 1000

ITEM = {"name": "Cast iron trivet", "price": 24.5, "quantity": 3, "tags": ["kitchen", "iron"]}
GREETING = {"message": "Hello, World!"}


def _post(path: str, body: str) -> Request:
    return Request(path, "POST", body, (JSON_TYPE,))


def _routes(number: int) -> LoadCase:
    return LoadCase(
        name=f"routes-{number}",
        title=f"Last of {number:,} routes, with a parameter" if number > 1 else "One route",
        request=Request(f"/section{number - 1}/42"),
        answer={"section": number - 1, "item": 42},
        refused=(Request(f"/section{number}/42"),),
        app="routes",
        routes=number,
    )


LOAD_CASES = (
    LoadCase("get", "GET of a small JSON dictionary", Request("/hello"), GREETING),
    LoadCase(
        name="post",
        title="POST: path parameter, validated body, model as response",
        request=_post("/items/42", json.dumps(ITEM)),
        answer={"id": 42, **ITEM, "total": 73.5},
        status=201,
        refused=(
            _post("/items/42", json.dumps({**ITEM, "name": "x"})),
            _post("/items/42", json.dumps({**ITEM, "price": -1})),
            _post("/items/42", json.dumps({"name": "No price"})),
            _post("/items/42", '{"name":'),
            _post("/items/abc", json.dumps(ITEM)),
        ),
    ),
    LoadCase(
        name="dependencies",
        title="Three dependencies (nested, yield) and a header",
        request=Request("/profile?limit=20", headers=(("x-token", "secret"),)),
        answer={"user": "ann", "limit": 20, "token": "secret"},
        refused=(
            Request("/profile?limit=20"),
            Request("/profile?limit=many", headers=(("x-token", "secret"),)),
        ),
    ),
    LoadCase("sync", "Blocking handler (sync def)", Request("/sync"), GREETING),
    LoadCase(
        name="tokens",
        title=f"Server-sent events, {TOKENS} tokens a response, {STREAMS} clients",
        request=Request("/tokens"),
        answer=[{"index": index, "text": "word "} for index in range(TOKENS)],
        content_type="text/event-stream",
        events=True,
        unit="token",
        units=TOKENS,
        connections=STREAMS,
    ),
    _routes(1),
    _routes(MANY_ROUTES),
    *DATA_CASES,
    *ACCOUNT_CASES,
    *FORM_CASES,
    *ADMIN_CASES,
    *OBSERVE_CASES,
)

SPECIAL_CASES = ("websockets", "startup", "memory")

TITLES = {
    **{case.name: case.title for case in LOAD_CASES if case.app in ("app", "routes")},
    "websockets": "Open WebSockets, idle, then one broadcast",
    "startup": "Import and first answered request of the hello application",
    "memory": "Memory of the hello process",
    **{
        case.name: case.title
        for case in (*DATA_CASES, *ACCOUNT_CASES, *FORM_CASES, *ADMIN_CASES, *OBSERVE_CASES)
    },
    **{script.name: script.title for script in SCRIPT_CASES},
}

THRESHOLDS = (
    Threshold("get", "cost_us", "at most 1/7 of FastAPI's cost", "fastapi", 1 / 7),
    Threshold("get", "cost_us", "no dearer than Go's net/http", "go", 1.0),
    Threshold("post", "cost_us", "at most 1/7 of FastAPI's cost", "fastapi", 1 / 7),
    Threshold("post", "cost_us", "cheaper than Fastify with schemas", "fastify", 1.0, strict=True),
    Threshold("dependencies", "cost_us", "at most 1/5 of FastAPI's cost", "fastapi", 1 / 5),
    Threshold("sync", "cost_us", "at most 1/4 of Flask's cost (gunicorn, threads)", "flask", 1 / 4),
    Threshold("sync", "cost_us", "at most 1/2 of FastAPI's cost", "fastapi", 1 / 2),
    Threshold("tokens", "cost_us", "at most 1/3 of FastAPI's cost a token", "fastapi", 1 / 3),
    Threshold(
        case=f"routes-{MANY_ROUTES}",
        metric="cost_us",
        wording="within 10 % of the cost with one route",
        peer="trivet",
        at_most=1.10,
        peer_case="routes-1",
    ),
    Threshold("websockets", "missing", "every message arrives", None, 0),
    Threshold(
        "websockets",
        "pss_kb_per_connection",
        "less memory a connection than FastAPI on uvicorn",
        "fastapi",
        1.0,
        strict=True,
    ),
    Threshold("startup", "import_ms", "imported sooner than FastAPI", "fastapi", 1.0, strict=True),
    Threshold(
        "startup", "first_answer_ms", "first answer sooner than FastAPI's", "fastapi", 1.0, True
    ),
    Threshold("memory", "rss_mb", "no more memory than FastAPI's hello process", "fastapi", 1.0),
    *DATA_THRESHOLDS,
    *ACCOUNT_THRESHOLDS,
    *FORM_THRESHOLDS,
    *ADMIN_THRESHOLDS,
    *OBSERVE_THRESHOLDS,
)


def chosen(only: str | None) -> tuple[str, ...]:
    """Give the case names that `--only` asks for, in their order.

    A word in front stands for all that begin with it: `routes` for both of them, `data` for
    everything with a database, `data-list` for the list on each database. Raises ValueError that
    lists the known names when one is unknown.
    """
    known = tuple(TITLES)
    if not only:
        return known
    asked = {name.strip() for name in only.split(",") if name.strip()}
    found = {word: [name for name in known if f"{name}-".startswith(f"{word}-")] for word in asked}
    if strangers := sorted(word for word, names in found.items() if not names):
        raise ValueError(f"no case {', '.join(strangers)}; there are: {', '.join(known)}")
    return tuple(name for name in known if any(name in names for names in found.values()))
