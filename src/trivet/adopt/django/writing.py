"""The file that serves a Django project inside Trivet, as text."""

from __future__ import annotations

from trivet.adopt.bare_app import bare_app
from trivet.adopt.django.project import Site

__all__ = ["app_text"]

_SQLITE = """    return f"sqlite:///{settings.DATABASES['default']['NAME']}"
"""
_SERVER = """    given = settings.DATABASES["default"]
    who = quote(given["USER"] or "{user}", safe="")
    if given["PASSWORD"]:
        who += ":" + quote(given["PASSWORD"], safe="")
    where = f"{{given['HOST'] or '127.0.0.1'}}:{{given['PORT'] or {port}}}"
    return f"{scheme}://{{who}}@{{where}}/{{given['NAME']}}"
"""
_SCHEMES = {"postgresql": ("postgresql", "postgres", 5432), "mysql": ("mysql", "root", 3306)}


def app_text(site: Site, *, has_models: bool) -> str:
    """Give the file; without a database of its own where the engine is one that Trivet has not."""
    scheme = _SCHEMES.get(site.engine)
    has_database = scheme is not None or site.engine == "sqlite3"
    quoting = "from urllib.parse import quote\n" if scheme else ""
    models = "import trivet_models  # noqa: F401  # the project's tables\n" if has_models else ""
    database = "from trivet.db import Database\n" if has_database else ""
    text = f'''"""A Django project inside Trivet: what moves is answered here, all else by Django.

Run it with `trivet dev trivet_app.py`. To move a view on, write its route above the mount.
"""

from __future__ import annotations

import os
{quoting}
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{site.module}")
django_app = get_asgi_application()  # it loads the settings, which the rest needs

from django.conf import settings  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from trivet import App  # noqa: E402
'''
    if not _has_static(site):
        text = text.replace(
            "from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler"
            "  # noqa: E402\n",
            "",
        )
    if not has_database:
        text = text.replace("from django.conf import settings  # noqa: E402\n", "")
    if database:
        text += database.replace("\n", "  # noqa: E402\n")
    if models:
        text += "\n" + models.replace("F401", "E402, F401")
    if has_database:
        text += "\n\ndef database_url() -> str:\n"
        text += '    """Give the address of Django\'s own database, as its settings have it."""\n'
        if scheme is None:
            text += _SQLITE
        else:
            name, user, port = scheme
            text += _SERVER.format(scheme=name, user=user, port=port)
    text += bare_app("Django", site.module.split(".")[0])
    if has_database:
        text += "database = app.use(Database(database_url()))\n"
    text += "\n# Last: what stands above is asked first.\n"
    if _has_static(site):
        text += (
            "if settings.DEBUG:  # as `manage.py runserver` does\n"
            "    django_app = ASGIStaticFilesHandler(django_app)\n"
        )
    return text + 'app.mount("/", django_app)\n'


def _has_static(site: Site) -> bool:
    return "django.contrib.staticfiles" in site.settings.get("INSTALLED_APPS", [])
