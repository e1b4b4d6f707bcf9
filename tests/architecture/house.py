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
    frozenset({"checks", "concurrency", "redis_pool", "terminal", "texts", "watching"}),
    frozenset({"schema"}),
    frozenset({"http", "settings"}),
    frozenset({"adapters", "binding", "middleware"}),
    frozenset({"routing"}),
    frozenset({"openapi"}),
    frozenset({"app"}),
    frozenset({"cache", "i18n", "mail", "observe", "security", "static", "templates"}),
    frozenset({"storage"}),  # its links are signed by `security`
    frozenset({"db"}),
    frozenset({"events"}),
    frozenset({"forms", "jobs", "realtime", "resources", "sessions"}),
    frozenset({"auth", "webhooks"}),
    frozenset({"admin", "adopt", "ai", "clients", "devtools"}),
    frozenset({"cli", "dropin", "testing"}),
    frozenset({"__main__"}),
)

# Folders inside one package that stand side by side and import nothing from each other.
SIDE_BY_SIDE: tuple[frozenset[str], ...] = (
    frozenset({"adopt/django", "adopt/fastapi", "adopt/flask"}),
)

# `import trivet` offers these shelves and what is below them, and loads nothing above.
HIGHEST_CORE_SHELF = 7

ANYWHERE: frozenset[str] = frozenset().union(*SHELVES) | {"__init__"}
_SERVING = frozenset({"adapters", "cli"})

# Outside library (its import name) → (its distribution, the packages that may import it).
DOORS: dict[str, tuple[str, frozenset[str]]] = {
    "aio_pika": ("aio-pika", frozenset({"jobs"})),
    "aiosmtplib": ("aiosmtplib", frozenset({"mail"})),
    "aiosqlite": ("aiosqlite", frozenset({"db"})),
    "alembic": ("alembic", frozenset({"db"})),
    "anyio": ("anyio", ANYWHERE),
    "argon2": ("argon2-cffi", frozenset({"auth"})),
    "asyncmy": ("asyncmy", frozenset({"db"})),
    "asyncpg": ("asyncpg", frozenset({"db"})),
    "attr": ("attrs", frozenset({"schema"})),
    "attrs": ("attrs", frozenset({"schema"})),
    "babel": ("babel", frozenset({"i18n"})),
    "bcrypt": ("bcrypt", frozenset({"auth"})),
    "brotli": ("brotli", frozenset({"middleware", "static"})),
    "celery": ("celery", frozenset({"jobs"})),
    "click": ("typer", frozenset({"cli"})),
    "cronsim": ("cronsim", frozenset({"jobs"})),
    "granian": ("granian", _SERVING),
    "greenlet": ("sqlalchemy", frozenset({"testing"})),
    "httptools": ("httptools", frozenset({"adapters"})),
    "httpx": ("httpx", frozenset({"ai", "testing", "dropin"})),
    "httpx2": ("httpx2", frozenset({"ai", "auth", "testing", "dropin", "webhooks"})),
    "idna": ("idna", frozenset({"mail"})),
    "itsdangerous": ("itsdangerous", frozenset({"middleware", "security", "sessions"})),
    "jinja2": ("jinja2", frozenset({"templates"})),
    "joserfc": ("joserfc", frozenset({"auth", "security"})),
    "libcst": ("libcst", frozenset({"adopt"})),
    "markdown_it": ("markdown-it-py", frozenset({"admin"})),
    "markupsafe": ("jinja2", frozenset({"admin", "templates"})),
    "mcp": ("mcp", frozenset({"ai"})),
    "msgspec": ("msgspec", frozenset({"schema"})),
    "nats": ("nats-py", frozenset({"jobs", "realtime"})),
    "nh3": ("nh3", frozenset({"admin"})),
    "obstore": ("obstore", frozenset({"storage"})),
    "PIL": ("pillow", frozenset({"storage"})),
    "opentelemetry": ("opentelemetry-sdk", frozenset({"observe"})),
    "prometheus_client": ("prometheus-client", frozenset({"observe"})),
    "procrastinate": ("procrastinate", frozenset({"jobs"})),
    "pydantic": ("pydantic", ANYWHERE - {"errors", "checks", "concurrency", "adapters"}),
    "pydantic_core": (
        "pydantic",
        frozenset({"schema", "http", "binding", "storage", "db", "dropin"}),
    ),
    "pydantic_settings": ("pydantic-settings", frozenset({"settings"})),
    "pyotp": ("pyotp", frozenset({"auth"})),
    "pytest": ("pytest", frozenset({"testing"})),
    "python_calamine": ("python-calamine", frozenset({"admin"})),
    "python_multipart": ("python-multipart", frozenset({"http", "binding"})),
    "redis": ("redis", frozenset({"jobs", "realtime", "redis_pool"})),
    "rich": ("typer", frozenset({"cli"})),
    "segno": ("segno", frozenset({"auth"})),
    "sentry_sdk": ("sentry-sdk", frozenset({"observe"})),
    "sqlalchemy": (
        "sqlalchemy",
        frozenset(
            {
                "db",
                "events",
                "sessions",
                "jobs",
                "realtime",
                "webhooks",
                "auth",
                "admin",
                "adopt",
                "testing",
            }
        ),
    ),
    "starlette": ("starlette", ANYWHERE - {"checks", "concurrency", "settings"}),
    "typer": ("typer", frozenset({"cli"})),
    "typing_extensions": ("typing-extensions", ANYWHERE),
    "typing_inspection": ("pydantic", frozenset({"schema"})),
    "uvicorn": ("uvicorn", _SERVING),
    "uvloop": ("uvloop", _SERVING),
    "watchfiles": ("watchfiles", _SERVING),
    "webauthn": ("webauthn", frozenset({"auth"})),
    "websockets": ("websockets", frozenset({"adapters", "testing"})),
    "xlsxwriter": ("xlsxwriter", frozenset({"admin"})),
    "yaml": ("pyyaml", frozenset({"cli"})),
    "zstandard": ("zstandard", frozenset({"middleware"})),
}

# Modules that `import trivet` must not load: each costs milliseconds that a first answer waits for.
HEAVY: frozenset[str] = frozenset(
    {
        "aio_pika", "aiosmtplib", "alembic", "argon2", "attr", "authlib", "babel", "bcrypt",
        "brotli", "celery", "click", "cronsim", "django", "dns", "dotenv", "email_validator",
        "flask", "granian", "h11", "httpcore", "httptools", "httpx", "httpx2", "hypothesis",
        "jinja2", "joserfc", "libcst", "markdown_it", "mcp", "msgspec", "multiprocessing", "nats",
        "nh3", "obstore", "openai", "opentelemetry", "orjson", "pdb", "PIL", "procrastinate",
        "prometheus_client",
        "pydantic_settings", "pyotp", "pytest", "python_calamine", "redis", "rich", "segno",
        "sentry_sdk", "sqlalchemy", "sqlite3",
        "starlette.testclient", "tkinter", "typer", "unittest",
        "uvicorn", "uvloop", "watchfiles", "webauthn", "websockets", "wsproto", "xlsxwriter",
        "xmlrpc", "yaml",
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
