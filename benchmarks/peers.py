"""Who is measured, and how each is served: its recommended production set-up on one processor."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
APPS = HERE / "apps"
VENVS = HERE / ".venvs"
BUILD = HERE / ".build"

WEB = ("get", "post")
ROUTES = ("routes-1", "routes-1000")
DATABASES = ("postgresql", "sqlite")
ONE_ROW = tuple(f"data-key-{kind}" for kind in DATABASES)
ROWS = tuple(f"data-{work}-{kind}" for work in ("query", "list", "insert") for kind in DATABASES)
RESOURCES = tuple(f"data-resource-{kind}" for kind in DATABASES)
WORLDS = ("data-queries-postgresql", "data-updates-postgresql")
FORTUNES = ("data-fortunes-postgresql",)
SIGNED_IN = tuple(f"{means}-{kind}" for means in ("session", "jwt") for kind in DATABASES)
FORMS = ("form-shown", "form-refused")
OBSERVED = ("observe-off", "observe-metrics")
ADMIN = ("admin-first", "admin-filtered", "admin-far", "admin-search")
SCRIPTS = tuple(f"data-{work}-{kind}" for work in ("bulk", "iterate") for kind in DATABASES)


@dataclass(frozen=True)
class Peer:
    """One framework on one server.

    `command` is a template: {python} is the peer's own interpreter, {apps} and {build} the folders,
    {app} which application (as `LoadCase.app` has them, or "hello"), {port} where it has to listen.
    `packages` are those whose versions the report names. `venv` names the virtual environment where
    that is not its own ("" for the suite's). `script` is the file in apps/ that works on many rows.
    """

    name: str
    title: str
    command: tuple[str, ...]
    cases: frozenset[str]
    packages: tuple[str, ...] = ()
    note: str = ""
    blocking_off_loop: bool = False
    sessions: bool = False
    venv: str | None = None
    script: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """The interpreter of the peer's virtual environment; Trivet's is the suite's."""
        return VENVS / self.made_from / "bin/python" if self.made_from else Path(sys.executable)

    @property
    def made_from(self) -> str:
        """The name of its virtual environment and its requirements; "" for the suite's own."""
        return self.name if self.venv is None else self.venv

    def line(self, app: str, port: int) -> list[str]:
        """Give the command line that serves `app` on `port`."""
        words = {"python": self.python, "apps": APPS, "build": BUILD, "app": app, "port": port}
        return [part.format(**words) for part in self.command]

    def variables(self, port: int, routes: int, database: str = "") -> dict[str, str]:
        """Give the environment of the server: little of ours, so that no setting leaks in."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {
            **kept,
            **self.environment,
            "BENCH_PORT": str(port),
            "BENCH_ROUTES": str(routes),
            "BENCH_DATABASE": database,
        }

    def absence(self) -> str | None:
        """Say why the peer cannot be measured here, or None where it can."""
        program = self.line("app", 0)[0]
        if not (Path(program).exists() or shutil.which(program)):
            return f"not installed ({Path(program).name} is missing)"
        if self.name == "fastify" and not (BUILD / "fastify/node_modules/fastify").exists():
            return "not installed (node and npm are needed)"
        return None


def _uvicorn(prefix: str) -> tuple[str, ...]:
    return (
        *("{python}", "-m", "uvicorn", prefix + "_{app}:app", "--port", "{port}"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    )


def _gunicorn(prefix: str) -> tuple[str, ...]:
    return (
        *("{python}", "-m", "gunicorn", prefix + "_{app}:app", "--bind", "127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
        *("--log-level", "warning"),
    )


PEERS = (
    Peer(
        name="trivet",
        title="Trivet",
        command=(
            *("{python}", "-m", "trivet", "run", "{apps}/trivet_{app}.py"),
            *("--port", "{port}", "--no-access-log"),
        ),
        cases=frozenset(
            {*WEB, *ROUTES, "dependencies", "sync", "tokens", "websockets", "startup", "memory"}
            | {*ONE_ROW, *ROWS, *WORLDS, *FORTUNES, *SCRIPTS, *SIGNED_IN, *FORMS, *ADMIN}
            | {*RESOURCES, *OBSERVED}
        ),
        packages=(
            *("trivet", "pydantic", "uvicorn", "uvloop", "httptools"),
            *("sqlalchemy", "asyncpg", "jinja2", "joserfc"),
        ),
        note="trivet run; pages on Jinja2, access tokens on joserfc",
        blocking_off_loop=True,
        sessions=True,
        venv="",
        script="trivet_rows.py",
        environment={"PYTHONPATH": str(ROOT / "src")},
    ),
    Peer(
        name="fastapi",
        title="FastAPI",
        command=_uvicorn("fastapi"),
        cases=frozenset(
            {*WEB, *ROUTES, "dependencies", "sync", "tokens", "websockets", "startup", "memory"}
        ),
        packages=("fastapi", "starlette", "pydantic", "uvicorn", "uvloop", "httptools"),
        note="uvicorn (uvloop, httptools); return types, so Pydantic's Rust JSON",
        blocking_off_loop=True,
        sessions=True,
    ),
    Peer(
        name="litestar",
        title="Litestar",
        command=_uvicorn("litestar"),
        cases=frozenset({*WEB, *ROUTES, "dependencies", "sync", "tokens"}),
        packages=("litestar", "msgspec", "pydantic", "uvicorn", "uvloop", "httptools"),
        note="uvicorn (uvloop, httptools); msgspec JSON",
        sessions=True,
    ),
    Peer(
        name="blacksheep",
        title="BlackSheep",
        command=_uvicorn("blacksheep"),
        cases=frozenset({*WEB, "tokens"}),
        packages=("blacksheep", "orjson", "pydantic", "uvicorn", "uvloop", "httptools"),
        note="uvicorn (uvloop, httptools); orjson",
    ),
    Peer(
        name="sanic",
        title="Sanic",
        command=(
            *("{python}", "-m", "sanic", "sanic_app:app", "--port", "{port}"),
            *("--single-process", "--no-access-logs", "--no-motd"),
        ),
        cases=frozenset({*WEB, "tokens"}),
        packages=("sanic", "orjson", "pydantic", "uvloop", "httptools"),
        note="its own server, single process (uvloop, httptools); orjson",
    ),
    Peer(
        name="robyn",
        title="Robyn",
        command=(
            *("{python}", "{apps}/robyn_app.py", "--processes", "1", "--workers", "1"),
            *("--log-level", "ERROR", "--disable-openapi"),
        ),
        cases=frozenset({*WEB, "sync"}),
        packages=("robyn", "orjson", "pydantic", "uvloop"),
        note="its own server in Rust; orjson",
    ),
    Peer(
        name="django-bolt",
        title="django-bolt",
        command=("{python}", "{apps}/bolt_app.py"),
        cases=frozenset({*WEB, "sync"}),
        packages=("django-bolt", "django", "msgspec", "uvloop"),
        note="its own server in Rust; msgspec structs in place of Pydantic",
    ),
    Peer(
        name="flask",
        title="Flask",
        command=_gunicorn("flask"),
        cases=frozenset({*WEB, *ROUTES, "sync"}),
        packages=("flask", "gunicorn", "gunicorn-h1c", "orjson", "pydantic"),
        note="gunicorn, 1 worker, 8 threads, C parser; orjson",
    ),
    Peer(
        name="django",
        title="Django",
        command=_gunicorn("django"),
        cases=frozenset(
            {*WEB, "sync", *ONE_ROW, *WORLDS, *FORTUNES, *SIGNED_IN, *FORMS, *ADMIN}
            | {f"data-list-{kind}" for kind in DATABASES}
        ),
        packages=(
            *("django", "gunicorn", "gunicorn-h1c", "orjson", "pydantic", "psycopg-binary"),
            "pyjwt",
        ),
        note="gunicorn, 1 worker, 8 threads, C parser; only the middleware that a case needs; "
        "orjson; psycopg in C; PyJWT",
    ),
    Peer(
        name="django-defaults",
        title="Django's admin as it comes",
        command=_gunicorn("django"),
        cases=frozenset(ADMIN),
        packages=("django", "gunicorn", "psycopg-binary"),
        note="as Django, with show_full_result_count as it is by default",
        venv="django",
        environment={"BENCH_DEFAULTS": "1"},
    ),
    Peer(
        name="fastify",
        title="Fastify",
        command=("node", "{build}/fastify/app.js"),
        cases=frozenset({*WEB, *ROUTES, "tokens"}),
        note="Node; schemas for input and output",
        environment={"NODE_ENV": "production"},
    ),
    Peer(
        name="go",
        title="Go net/http",
        command=("{build}/go-server",),
        cases=frozenset({*WEB, "tokens"}),
        note="encoding/json; validation by hand",
    ),
    Peer(
        name="fastapi-sqlalchemy",
        title="FastAPI + SQLAlchemy",
        command=_uvicorn("fastapi"),
        cases=frozenset({*ONE_ROW, *ROWS, *WORLDS, *SIGNED_IN}),
        packages=(
            *("fastapi", "sqlalchemy", "asyncpg", "aiosqlite", "pydantic", "uvicorn", "uvloop"),
            *("httptools", "pyjwt"),
        ),
        note="uvicorn (uvloop, httptools); SQLAlchemy's async session on asyncpg and aiosqlite; "
        "PyJWT",
    ),
    Peer(
        name="by-hand",
        title="By hand on Trivet",
        command=(
            *("{python}", "-m", "trivet", "run", "{apps}/byhand_{app}.py"),
            *("--port", "{port}", "--no-access-log"),
        ),
        cases=frozenset(ONE_ROW),
        packages=("trivet", "asyncpg"),
        note="trivet run without trivet.db: a pool of asyncpg's, sqlite3 on the event loop",
        venv="",
        environment={"PYTHONPATH": str(ROOT / "src")},
    ),
    Peer(
        name="sqlalchemy-core",
        title="SQLAlchemy Core",
        command=("{python}", "{apps}/sqlalchemy_rows.py"),
        cases=frozenset(SCRIPTS),
        packages=("sqlalchemy", "asyncpg", "aiosqlite"),
        note="scripts on its async engine",
        venv="fastapi-sqlalchemy",
        script="sqlalchemy_rows.py",
    ),
)

BY_NAME = {peer.name: peer for peer in PEERS}


def chosen(asked: str | None) -> tuple[Peer, ...]:
    """Give the peers that `--peers` asks for, Trivet always among them.

    Raises ValueError that lists the known names when one is unknown.
    """
    if not asked or asked == "all":
        return PEERS
    names = {name.strip() for name in asked.split(",") if name.strip()} | {"trivet"}
    if strangers := sorted(names - set(BY_NAME)):
        raise ValueError(f"no peer {', '.join(strangers)}; there are: {', '.join(BY_NAME)}")
    return tuple(peer for peer in PEERS if peer.name in names)
