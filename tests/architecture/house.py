"""The shelves, doors and limits of the house, as tables; the tests beside this file hold them.

A new package goes on a shelf here before its first file is written; a new library gets its door.
"""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "trivet"

# Lowest first; names on one shelf never import each other.
SHELVES: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"checks", "concurrency"}),
    frozenset({"schema"}),
    frozenset({"http", "settings"}),
    frozenset({"adapters", "binding", "middleware"}),
    frozenset({"routing"}),
    frozenset({"openapi"}),
    frozenset({"app"}),
    frozenset(
        {"cache", "i18n", "mail", "observe", "security", "static", "storage", "templates"},
    ),
    frozenset({"db"}),
    frozenset({"forms", "jobs", "realtime", "resources", "sessions"}),
    frozenset({"auth"}),
    frozenset({"admin", "ai"}),
    frozenset({"cli", "dropin", "testing"}),
    frozenset({"__main__"}),
)

# `import trivet` offers these shelves and what is below them, and loads nothing above.
HIGHEST_CORE_SHELF = 7

ANYWHERE: frozenset[str] = frozenset().union(*SHELVES) | {"__init__"}
_SERVING = frozenset({"adapters", "cli"})

# Outside library (its import name) → (its distribution, the packages that may import it).
DOORS: dict[str, tuple[str, frozenset[str]]] = {
    "aiosqlite": ("aiosqlite", frozenset({"db"})),
    "alembic": ("alembic", frozenset({"db"})),
    "anyio": ("anyio", ANYWHERE),
    "asyncmy": ("asyncmy", frozenset({"db"})),
    "asyncpg": ("asyncpg", frozenset({"db"})),
    "attr": ("attrs", frozenset({"schema"})),
    "attrs": ("attrs", frozenset({"schema"})),
    "brotli": ("brotli", frozenset({"middleware"})),
    "click": ("typer", frozenset({"cli"})),
    "granian": ("granian", _SERVING),
    "greenlet": ("sqlalchemy", frozenset({"testing"})),
    "httptools": ("httptools", frozenset({"adapters"})),
    "httpx": ("httpx", frozenset({"ai", "testing", "dropin"})),
    "httpx2": ("httpx2", frozenset({"ai", "testing", "dropin"})),
    "itsdangerous": ("itsdangerous", frozenset({"middleware", "security", "sessions"})),
    "jinja2": ("jinja2", frozenset({"templates"})),
    "msgspec": ("msgspec", frozenset({"schema"})),
    "pydantic": ("pydantic", ANYWHERE - {"errors", "checks", "concurrency", "adapters"}),
    "pydantic_core": ("pydantic", frozenset({"schema", "http", "binding", "db", "dropin"})),
    "pydantic_settings": ("pydantic-settings", frozenset({"settings"})),
    "pytest": ("pytest", frozenset({"testing"})),
    "python_multipart": ("python-multipart", frozenset({"http", "binding"})),
    "rich": ("typer", frozenset({"cli"})),
    "sqlalchemy": ("sqlalchemy", frozenset({"db", "sessions", "jobs", "auth", "admin", "testing"})),
    "starlette": ("starlette", ANYWHERE - {"checks", "concurrency", "settings"}),
    "typer": ("typer", frozenset({"cli"})),
    "typing_extensions": ("typing-extensions", ANYWHERE),
    "typing_inspection": ("pydantic", frozenset({"schema"})),
    "uvicorn": ("uvicorn", _SERVING),
    "uvloop": ("uvloop", _SERVING),
    "watchfiles": ("watchfiles", _SERVING),
    "websockets": ("websockets", frozenset({"adapters", "testing"})),
    "yaml": ("pyyaml", frozenset({"cli"})),
    "zstandard": ("zstandard", frozenset({"middleware"})),
}

# Modules that `import trivet` must not load: each costs milliseconds that a first answer waits for.
HEAVY: frozenset[str] = frozenset(
    {
        "alembic", "attr", "brotli", "click", "django", "dns", "dotenv", "email_validator",
        "flask", "granian", "h11", "httpcore", "httptools", "httpx", "httpx2", "hypothesis",
        "jinja2", "msgspec", "multiprocessing", "openai", "orjson", "pdb", "pydantic_settings",
        "pytest", "rich", "sqlalchemy", "sqlite3", "starlette.testclient", "tkinter", "typer",
        "unittest", "uvicorn", "uvloop", "watchfiles", "websockets", "wsproto", "xmlrpc", "yaml",
        "zstandard",
    }
)  # fmt: skip

MAX_FILE_LINES = 350  # lines of code: without blank lines, comments and docstrings
MAX_FUNCTION_LINES = 60  # the same, nested functions included
MAX_PARAMETERS = 8  # without self and cls

FORBIDDEN_MODULE_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "manager", "managers"}
)


def height(name: str, shelves: tuple[frozenset[str], ...] = SHELVES) -> int | None:
    """Give the level of the shelf that `name` stands on, or None where it stands on none."""
    for level, names in enumerate(shelves):
        if name in names:
            return level
    return None
