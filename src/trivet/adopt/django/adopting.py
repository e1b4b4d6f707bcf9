"""A Django project: what it says of itself, and two files that serve it inside Trivet.

No file of the project is changed, and its database is left as it is. `trivet_app.py` mounts the
project; `trivet_models.py` has its tables as models.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from trivet.adopt.adoption import Adoption, shown
from trivet.adopt.django.around import reason_to_stay
from trivet.adopt.django.configuring import Configured, configured
from trivet.adopt.django.models_text import Written, models_text
from trivet.adopt.django.moving import moved_views
from trivet.adopt.django.project import ModelFacts, Site, Url, read_site, settings_of
from trivet.adopt.django.said import Sayings
from trivet.adopt.django.sources import read_sources
from trivet.adopt.django.writing import app_text
from trivet.adopt.report import Kind

__all__ = ["adopt_django"]

# What of Django's has a part of Trivet's in its place.
_PARTS = {
    "django.contrib.admin": "trivet.admin.Admin; its log: trivet adopt django-users",
    "django.contrib.auth": "trivet.auth.Auth; accounts: trivet adopt django-users",
    "django.contrib.sessions": "trivet.sessions.Sessions; people sign in again, once",
    "django.contrib.messages": "session.flash(…) of trivet.sessions",
    "django.contrib.staticfiles": "trivet.static.Static",
    "django.contrib.contenttypes": "nothing: rows are named by model and key",
}

_DIFFERS = (
    "a request for another host gets the status 400 as before, with a text in the place of Django's"
    " page; a query of more than 1000 fields is answered and not refused"
)


def adopt_django(root: Path, *, settings: str | None = None, python: str | None = None) -> Adoption:
    """Ask a Django project what it is; gives it with the files that serve it inside Trivet.

    It is started by `python`, or the one that runs this, with `settings` or those of its
    `manage.py`. Raises `SetupError` where it cannot be started.
    """
    adoption = Adoption(root)
    site = read_site(root, settings or settings_of(root), python or sys.executable)
    own = {one.label for one in site.models if _is_own(root, one.file)}
    _tell_settings(adoption, site)
    written = models_text(
        site.models, own, engine=site.engine, uses_zones=bool(site.settings.get("USE_TZ"))
    )
    for model in site.models:
        if model.label in own:
            place = f"{_shown(root, model.file)}:{model.line}"
            adoption.note(Kind.FOUND, place, f"the model {model.label} on {model.table}")
    sayings = Sayings(site)
    given = configured(site, sayings)
    reason = reason_to_stay(site, sayings)
    views = moved_views(site, *read_sources(adoption, site), reason)
    for number, url in enumerate(site.urls):
        _tell_url(adoption, url, views.stays.get(number))
    if written.written:
        adoption.add(root / "trivet_models.py", written.text)
        for model in written.written:
            place = f"{_shown(root, model.file)}:{model.line}" if model.label in own else ""
            adoption.note(
                Kind.REWRITTEN, place, f"{model.label} is a model in trivet_models.py, too"
            )
    text = app_text(site, given, views, has_models=bool(written.written))
    adoption.add(root / "trivet_app.py", text)
    _tell_given(adoption, site, given, sayings)
    if reason is not None and any(one.function for one in site.urls):
        adoption.note(Kind.DECIDE, "", f"no view is moved: {reason}")
    if "MIDDLEWARE" in dict(given.written) and views.has_moved:
        adoption.note(Kind.DECIDE, "trivet_app.py", _DIFFERS)
    _tell_decisions(adoption, site, written, own)
    return adoption


def _is_own(root: Path, file: str) -> bool:
    path = Path(file)
    inside = path.is_relative_to(root.resolve()) and bool(file)
    return inside and "site-packages" not in path.parts


def _shown(root: Path, file: str) -> str:
    return shown(Path(file), root.resolve()) if file else ""


def _tell_settings(adoption: Adoption, site: Site) -> None:
    place = _placing(adoption, site)
    for alias, one in site.databases.items():
        engine = one["engine"].rpartition(".")[2]
        adoption.note(Kind.FOUND, place("DATABASES"), f"the database {alias!r}: {engine}")
    for app in site.settings.get("INSTALLED_APPS") or []:
        adoption.note(Kind.FOUND, place(app), f"the application {app}", _PARTS.get(app, ""))
    user = site.settings.get("AUTH_USER_MODEL")
    if user != "auth.User":
        adoption.note(Kind.FOUND, place("AUTH_USER_MODEL"), f"accounts are kept in {user}")


def _placing(adoption: Adoption, site: Site) -> Callable[[str], str]:
    """Give a function from a setting to the line that has it."""
    file = Path(site.settings_file)
    name = _shown(adoption.root, site.settings_file)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []

    def place(setting: str) -> str:
        for number, line in enumerate(lines, 1):
            if re.match(rf"{setting}\b", line) or f'"{setting}"' in line or f"'{setting}'" in line:
                return f"{name}:{number}"
        return name

    return place


def _tell_url(adoption: Adoption, found: Url, why: str | None) -> None:
    name = f" ({found.name})" if found.name else ""
    inside = _is_own(adoption.root, found.file)
    place = f"{_shown(adoption.root, found.file)}:{found.line}" if inside else ""
    what = f"/{found.path} → {found.view}{name}"
    if why is None:
        adoption.note(Kind.REWRITTEN, place, f"{what} is answered by trivet_app.py, before Django")
    else:
        adoption.note(Kind.STAYS, place, f"{what}: {why}" if why else what)


def _tell_given(adoption: Adoption, site: Site, given: Configured, sayings: Sayings) -> None:
    place = _placing(adoption, site)
    for name, what in given.written:
        adoption.note(Kind.REWRITTEN, place(name), f"{name} is in trivet_app.py as {what}")
    for name, what, mend in given.open:
        adoption.note(Kind.DECIDE, place(name), f"{name} {what}", mend)
    asked = sorted(set(re.findall(r"settings\.([A-Z_]+)", " ".join(given.options.values()))))
    for name in asked:
        if sayings.of(name).is_code:
            what = f"{name} is made by code, and trivet_app.py asks Django's settings for it"
            adoption.note(Kind.DECIDE, place(name), what, "write it there once Django has gone")


def _tell_decisions(adoption: Adoption, site: Site, written: Written, own: set[str]) -> None:
    for model, what, mend in written.lost:
        adoption.note(Kind.DECIDE, _place_of(adoption, model, own), f"{model.name}.{what}", mend)
    for model in written.written:
        for one in model.fields:
            if model.label in own and one.deletes in ("CASCADE", "SET_NULL", "SET_DEFAULT"):
                adoption.note(
                    Kind.DECIDE,
                    _place_of(adoption, model, own),
                    f"{model.name}.{one.name}: {one.deletes} is done by Django's code, and the"
                    " database refuses",
                    "delete such rows through Django, or give the database the rule in a migration",
                )
    if site.engine not in ("sqlite3", "postgresql", "mysql"):
        what = f"Trivet has no driver for {site.engine}; no Database is used"
        adoption.note(Kind.DECIDE, "", what)
    elif site.databases["default"].get("is_socket"):
        adoption.note(
            Kind.DECIDE,
            "trivet_app.py",
            "the database is reached by a socket's path, which database_url() does not know",
            "write its address yourself",
        )
    if written.written:
        adoption.note(
            Kind.DECIDE,
            "trivet_models.py",
            "the tables stay in the hands of Django's migrations for now",
            "run `trivet makemigrations` when the models have moved for good, not before",
        )


def _place_of(adoption: Adoption, model: ModelFacts, own: set[str]) -> str:
    if model.label not in own:
        return "trivet_models.py"
    return f"{_shown(adoption.root, model.file)}:{model.line}"
