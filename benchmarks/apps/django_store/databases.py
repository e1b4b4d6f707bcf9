"""Where Django finds the database; the connection is kept, as its page on databases has it."""

import os
from typing import Any
from urllib.parse import urlsplit

URL = urlsplit(os.environ["BENCH_DATABASE"])
ON_POSTGRESQL: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": URL.path.lstrip("/"),
    "USER": URL.username or "",
    "PASSWORD": URL.password or "",
    "HOST": URL.hostname or "",
    "PORT": URL.port or "",
    "CONN_MAX_AGE": None,
}
ON_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": URL.path.removeprefix("/"),
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
DATABASES = {"default": ON_SQLITE if URL.scheme == "sqlite" else ON_POSTGRESQL}
