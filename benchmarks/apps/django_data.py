"""Django's settings for the cases with a database: only its common middleware."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application

URL = urlsplit(os.environ["BENCH_DATABASE"])
ON_POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": URL.path.lstrip("/"),
    "USER": URL.username or "",
    "PASSWORD": URL.password or "",
    "HOST": URL.hostname or "",
    "PORT": URL.port or "",
    "CONN_MAX_AGE": None,
}
ON_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": URL.path.removeprefix("/"),
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [Path(__file__).with_name("templates")],
}

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": ON_SQLITE if URL.scheme == "sqlite" else ON_POSTGRESQL},
    DEBUG=False,
    INSTALLED_APPS=["django_store"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF="django_store.views",
    SECRET_KEY="only for measuring",
    TEMPLATES=[TEMPLATES],
    USE_TZ=True,
)

app = get_wsgi_application()
