"""Templates of deployment files, filled with what an application has.

In a template ``$name`` is a value; lines between ``%% if redis`` and ``%% end`` stay where that is
true. What is inside of another pair stays where both are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from string import Template

from trivet.cli.deploy.shape import Shape
from trivet.cli.deploy.variables import Variable

__all__ = ["fill"]

_MARK = "%% "
# A variable → how its name ends, and the scheme of its address.
_ROLES = {
    "database_variable": "DATABASE_URL",
    "redis_variable": "REDIS_URL",
    "nats_variable": "NATS_URL",
    "rabbitmq_variable": "RABBITMQ_URL",
}


def fill(path: str, shape: Shape, image: str) -> str:
    """Give the text of a template below ``templates/deploy`` for an application."""
    text = _text(path)
    values = _values(shape, image)
    if path.startswith("systemd/") and path != "systemd/hardening.txt":
        values["hardening"] = Template(_text("systemd/hardening.txt")).substitute(values)
    kept = "\n".join(_chosen(text, _facts(shape, values)))
    return Template(kept).substitute(values).rstrip("\n") + "\n"


def _text(path: str) -> str:
    found = resources.files("trivet.cli") / "templates" / "deploy"
    return found.joinpath(*path.split("/")).read_text(encoding="utf-8")


def _chosen(text: str, facts: Mapping[str, bool]) -> Iterator[str]:
    """Give the lines that stay."""
    open_ones: list[bool] = []
    for line in text.splitlines():
        if line.startswith(f"{_MARK}if "):
            open_ones.append(facts[line.removeprefix(f"{_MARK}if ")])
        elif line == f"{_MARK}end":
            open_ones.pop()
        elif all(open_ones):
            yield line
    assert not open_ones, "each %% if has its %% end"


def _facts(shape: Shape, values: Mapping[str, str]) -> dict[str, bool]:
    return {
        "database": shape.database is not None,
        "health": shape.health is not None,
        "jobs": shape.has_jobs,
        "hosts_variable": bool(values["hosts_variable"]),
        "jobs_variable": shape.has_jobs and bool(values["jobs_variable"]),
        "mail": shape.has_mail,
        "mysql": shape.database == "mysql",
        "nats": "nats" in shape.servers,
        "no_health": shape.health is None,
        "plain": bool(values["plain_compose"]),
        "postgresql": shape.database == "postgresql",
        "rabbitmq": "rabbitmq" in shape.servers,
        "ready": shape.ready is not None,
        "redis": "redis" in shape.servers,
        "schedules": shape.has_schedules,
        "web_variables": bool(values["hosts_variable"])
        or (shape.has_jobs and bool(values["jobs_variable"])),
        "services": shape.database is not None or bool(shape.servers),
    }


def _values(shape: Shape, image: str) -> dict[str, str]:
    repository = image.partition(":")[0] if "/" not in image else _repository(image)
    roles = {role: shape.variable(ending) or ending for role, ending in _ROLES.items()}
    flag = next((one for one in shape.variables if one.is_flag and "IN_SERVER" in one.name), None)
    known = {*roles.values(), *([flag.name] if flag else ())}
    others = [one for one in shape.variables if one.name not in known]
    secrets = _secrets(shape, roles, others)
    after = {"postgresql": " postgresql.service", "mysql": " mariadb.service"}
    return {
        **roles,
        "name": shape.name,
        "title": shape.title.replace("\n", " "),
        "user": shape.name.replace("-", "_"),
        "image": image,
        "repository": repository,
        "source": shape.source,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "health": shape.health or "/",
        "ready": shape.ready or "/",
        "jobs_variable": flag.name if flag else "",
        "hosts_variable": shape.variable("MORE_HOSTS") or "",
        "database_scheme": shape.database or "",
        "after": after.get(shape.database or "", ""),
        "in_flight_series": "http_server_active_requests",
        "plain_compose": "\n".join(_compose(others)),
        "plain_config": "\n".join(_config(shape, others)),
        "secret_config": "\n".join(f"  {name}: {json.dumps(text)}" for name, text in secrets)
        or "  {}",
        "secret_literals": "".join(f" \\\n    --from-literal={n}='{t}'" for n, t in secrets),
    }


def _repository(image: str) -> str:
    """Give an image's name without its tag; a registry may have a port."""
    folder, _, name = image.rpartition("/")
    return f"{folder}/{name.partition(':')[0]}"


def _compose(others: list[Variable]) -> Iterator[str]:
    """Give the lines of settings in compose.yaml: without a value they come from .env."""
    for one in others:
        yield f"    {one.name}:"


def _config(shape: Shape, others: list[Variable]) -> list[str]:
    lines = []
    for one in (one for one in others if not one.is_secret):
        if one.name.endswith("SITE"):
            lines.append(f"  {one.name}: https://{shape.name}.example.org")
        elif one.is_required:
            lines.append(f'  {one.name}: ""  # it has to be said')
        else:
            lines.append(f"  # {one.name}: {json.dumps(one.default)}")
    if all(line.startswith("  #") for line in lines):
        lines.append("  {}")
    return lines


def _secrets(
    shape: Shape, roles: Mapping[str, str], others: list[Variable]
) -> list[tuple[str, str]]:
    """Give the names of secrets, each with what its value looks like."""
    user = shape.name.replace("-", "_")
    found = []
    if shape.database is not None:
        address = f"{shape.database}://{user}:PASSWORD@HOST/{user}"
        found.append((roles["database_variable"], address))
    schemes = {"redis": "redis://HOST:6379/0", "nats": "nats://HOST:4222"}
    schemes["rabbitmq"] = f"amqp://{user}:PASSWORD@HOST/"
    found += [(roles[f"{one}_variable"], schemes[one]) for one in sorted(shape.servers)]
    found += [(one.name, "CHANGE-ME") for one in others if one.is_secret]
    return found
