"""The file that serves a Django project inside Trivet, as text."""

from __future__ import annotations

from collections.abc import Iterable

from trivet.adopt.bare_app import bare_app
from trivet.adopt.django.configuring import Configured
from trivet.adopt.django.moving import Views
from trivet.adopt.django.project import Site

__all__ = ["app_text"]

_HEAD = '''"""A Django project inside Trivet: what moves is answered here, all else by Django.

Run it with `trivet dev trivet_app.py`. To move a view on, write its route above the mount.
"""

from __future__ import annotations

{standard}

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")
django_app = get_asgi_application()  # it loads the settings, which the rest needs

'''
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
_DATABASE_URL = '''

def database_url() -> str:
    """Give the address of Django's own database, as its settings have it."""
'''
_SETTINGS = '''

class ProjectSettings(Settings, env_file=None, toml_file=None):
    """What the project reads from the environment."""

{fields}


site = ProjectSettings.load()
'''
_ANSWERS = {
    "DjangoJSON": '''

class DjangoJSON(Response):
    """JSON as Django's `JsonResponse` writes it."""

    def __init__(self, data: object, status: int = 200) -> None:
        super().__init__(json.dumps(data), status, {"content-type": "application/json"})
''',
    "DjangoText": '''

class DjangoText(Response):
    """A text as Django's `HttpResponse` sends it: with its type as it is given."""

    def __init__(
        self, text: str, status: int = 200, content_type: str = "text/html; charset=utf-8"
    ) -> None:
        super().__init__(text, status, {"content-type": content_type})
''',
    "DjangoRedirect": '''

class DjangoRedirect(Response):
    """A redirect as Django sends it."""

    def __init__(self, location: str, status: int) -> None:
        headers = {"location": location, "content-type": "text/html; charset=utf-8"}
        super().__init__("", status, headers)
''',
    "header": '''

def header(request: Request, name: str, default: Any = None) -> Any:
    """Give a header as Django's `request.headers.get` does: all of its lines, joined."""
    values = request.headers.getlist(name)
    return ",".join(values) if values else default
''',
    "Matching": '''

class Matching(Convertor[str]):
    """A part of an address that matches a pattern of the project's."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: object) -> str:
        return str(value)


''',
    "Http404": '''

class DjangoAnswer(Response):
    """The request as Django answers it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await django_app(scope, receive, send)
''',
}  # fmt: skip
_NOT_FOUND = '''

@app.exception_handler(Http404)
def as_django(request: Request, error: Http404) -> Response:
    """Let Django say what is not found, with its own page."""
    return DjangoAnswer()

'''


def app_text(site: Site, given: Configured, views: Views, *, has_models: bool) -> str:
    """Give the file; without a database of its own where the engine is one that Trivet has not."""
    text = _HEAD.format(module=site.module, standard="\n".join(_standard(site, given, views)))
    text += "".join(f"{line}  # noqa: E402\n" for line in _joined(_imports(site, given, views)))
    project = [f"{line}  # noqa: E402\n" for line in _joined(map(_import_of, views.names.items()))]
    if has_models:
        project.append("import trivet_models  # noqa: E402, F401  # the project's tables\n")
    text += "".join(["\n", *project] if project else [])
    if given.reads or given.secrets:
        lines = [*(one.line for one in given.reads.values()), *given.secrets]
        text += _SETTINGS.format(fields="\n".join(f"    {line}" for line in lines))
    scheme = _SCHEMES.get(site.engine)
    if _has_database(site):
        text += _DATABASE_URL
        if scheme is None:
            text += _SQLITE
        else:
            text += _SERVER.format(scheme=scheme[0], user=scheme[1], port=scheme[2])
    text += given.before + _answers(views)
    text += bare_app("Django", site.module.split(".")[0], given.options)
    if _has_database(site):
        text += "database = app.use(Database(database_url()))\n"
    return text + given.parts + _end(site, views)


def _answers(views: Views) -> str:
    text = "".join(_ANSWERS[name] for name in _ANSWERS if name in views.own)
    if views.tree.patterns:
        text += _ANSWERS["Matching"]
        for pattern, name in views.tree.patterns.items():
            given = f'"{name}", Matching({_raw(pattern)})'
            if len(given) > 70:
                given = f"\n    {given}\n"
            text += f"register_url_convertor({given})\n"
    return text


def _end(site: Site, views: Views) -> str:
    text = _NOT_FOUND if "Http404" in views.own else ""
    is_shaped = views.has_moved or bool(views.tree.root.branches)
    if is_shaped:
        text += f"\n# The shape of the project's addresses.\n{views.tree.code()}"
    text += "\n# Last: what stands above is asked first.\n"
    if is_shaped:
        text += "app.include_router(moved)\n"
    if _has_static(site):
        text += (
            "if settings.DEBUG:  # as `manage.py runserver` does\n"
            "    django_app = ASGIStaticFilesHandler(django_app)\n"
        )
    return text + 'app.mount("/", django_app)\n'


def _standard(site: Site, given: Configured, views: Views) -> list[str]:
    lines = {"import os", *given.standard}
    if site.engine in _SCHEMES:
        lines.add("from urllib.parse import quote")
    if "DjangoJSON" in views.own:
        lines.add("import json")
    if {"header", "Http404"} & views.own:
        lines.add("from typing import Any")
    if "UUID" in views.own:
        lines.add("from uuid import UUID")
    return sorted(lines, key=_order)


def _imports(site: Site, given: Configured, views: Views) -> Iterable[str]:
    lines = set(given.imports)
    if _has_database(site) or _has_static(site) or given.needs_settings:
        lines.add("from django.conf import settings")
    if _has_static(site):
        lines.add("from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler")
    if "Http404" in views.own:
        lines.add("from django.http import Http404")
    if views.tree.patterns:
        lines.add("from starlette.convertors import Convertor, register_url_convertor")
    names = {"App"} | ({"Request", "Response"} & views.own)
    if views.own:
        names.add("Response")
    if {"header", "Http404"} & views.own:
        names.add("Request")
    if views.has_moved or views.tree.root.branches:
        names.add("Router")
    lines.add(f"from trivet import {', '.join(sorted(names))}")
    if _has_database(site):
        lines.add("from trivet.db import Database")
    if given.reads or given.secrets:
        secret = "SecretStr, " if given.secrets else ""
        lines.add(f"from trivet.settings import {secret}Settings")
    return lines


def _import_of(name: tuple[str, str]) -> str:
    module, _, there = name[1].rpartition(".")
    return f"from {module} import {there}" + (f" as {name[0]}" if name[0] != there else "")


def _joined(lines: Iterable[str]) -> list[str]:
    """Give lines that import, one for each module, in their order."""
    found: dict[str, set[str]] = {}
    for line in lines:
        module, _, names = line.partition(" import ")
        found.setdefault(module, set()).update(names.split(", "))
    return [f"{module} import {', '.join(sorted(found[module]))}" for module in sorted(found)]


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _raw(pattern: str) -> str:
    return f'r"{pattern}"' if '"' not in pattern else repr(pattern)


def _has_database(site: Site) -> bool:
    return site.engine in _SCHEMES or site.engine == "sqlite3"


def _has_static(site: Site) -> bool:
    return "django.contrib.staticfiles" in (site.settings.get("INSTALLED_APPS") or [])
