"""What an application has, as far as running it is concerned: read from it once, and frozen."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trivet.app.application import App
from trivet.cli.deploy.variables import Variable, own_modules, variables_in
from trivet.cli.find import Place
from trivet.cli.listing import list_routes

__all__ = ["Shape", "shape_of"]

# By name: the command asks what is there, and loads none of it.
_DATABASE = "trivet.db.database.Database"
_JOBS = "trivet.jobs.part.Jobs"
_MAIL = "trivet.mail.part.Mail"
# What is written in a project that uses a server of this kind.
_SERVERS = {
    "redis": re.compile(r"\bRedis(?:Store|Sessions|Rates|Backend|Engine)\b"),
    "nats": re.compile(r"\bNats(?:Backend|Engine)\b"),
    "rabbitmq": re.compile(r"\bRabbitMqEngine\b"),
}
_HEALTH = ("/health", "/healthz", "/livez", "/live")
_READY = ("/ready", "/readyz")


@dataclass(frozen=True)
class Shape:
    """One application: its names, its parts, what it stands on and what it is told."""

    name: str
    """As Kubernetes and Docker take it: small letters, digits and dashes."""
    title: str
    version: str
    source: str
    """What is copied into an image: a package's folder, or a file."""
    database: str | None
    """``postgresql`` or ``mysql``, or None; in place of SQLite it is PostgreSQL."""
    is_sqlite: bool
    has_jobs: bool
    runs_jobs_in_server: bool
    has_schedules: bool
    has_mail: bool
    health: str | None
    ready: str | None
    servers: frozenset[str] = frozenset()
    """Of ``redis``, ``nats`` and ``rabbitmq``."""
    variables: tuple[Variable, ...] = field(default=())

    def variable(self, ending: str) -> str | None:
        """Give the variable whose name ends so, such as DATABASE_URL; None where none is read."""
        for one in self.variables:
            if one.name.endswith(ending):
                return one.name
        return None


def shape_of(app: App, place: Place, folder: Path) -> Shape:
    """Read what is needed from an application that is loaded, and from its pyproject.toml."""
    project = _project(folder)
    name = re.sub(r"[^a-z0-9]+", "-", str(project.get("name") or folder.name).lower()).strip("-")
    database, jobs = _part(app, _DATABASE), _part(app, _JOBS)
    paths = {one.path for one in list_routes(app.routes) if "GET" in one.methods}
    variables = variables_in(folder)
    text = "\n".join(path.read_text("utf-8", "replace") for _, path in own_modules(folder))
    kind = None if database is None else database.engine.url.get_backend_name()
    return Shape(
        name=name or "app",
        title=app.title,
        version=str(project.get("version") or "0.1.0"),
        source=_source(place, folder),
        database=None
        if kind is None
        else "mysql"
        if kind in ("mysql", "mariadb")
        else "postgresql",
        is_sqlite=kind == "sqlite",
        has_jobs=jobs is not None,
        runs_jobs_in_server=jobs is not None and bool(jobs.in_server),
        has_schedules=jobs is not None and bool(jobs.schedules),
        has_mail=_part(app, _MAIL) is not None,
        health=next((path for path in _HEALTH if path in paths), None),
        ready=next((path for path in _READY if path in paths), None),
        servers=frozenset(name for name, pattern in _SERVERS.items() if pattern.search(text)),
        variables=tuple(variables),
    )


def _part(app: App, name: str) -> Any | None:  # Any: a part whose class is not loaded for this
    for part in app.parts.values():
        if any(f"{kind.__module__}.{kind.__qualname__}" == name for kind in type(part).__mro__):
            return part
    return None


def _project(folder: Path) -> dict[str, Any]:  # Any: TOML
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    found: dict[str, Any] = tomllib.loads(file.read_text("utf-8")).get("project", {})
    return found


def _source(place: Place, folder: Path) -> str:
    """Give the folder of the application's outermost package, or its file."""
    first = place.module.partition(".")[0]
    file = getattr(sys.modules.get(first), "__file__", None)
    path = Path(file).resolve() if file else place.folder / first
    if path.name == "__init__.py":
        path = path.parent
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else first
