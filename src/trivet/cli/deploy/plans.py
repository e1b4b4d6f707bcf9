"""Which files each way of running needs, and what is to be said about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trivet.cli.deploy.filling import fill
from trivet.cli.deploy.shape import Shape

__all__ = ["KINDS", "files_of", "remarks_on"]

_KUBERNETES = (
    "README.md", "autoscaling-in-flight.yaml", "autoscaling.yaml", "config.yaml", "disruption.yaml",
    "kustomization.yaml", "network.yaml", "secret.example.yaml", "service-account.yaml", "web.yaml",
)  # fmt: skip


def _docker(shape: Shape) -> Iterator[tuple[str, str]]:
    yield "Dockerfile", "docker/Dockerfile.txt"
    yield ".dockerignore", "docker/.dockerignore.txt"


def _compose(shape: Shape) -> Iterator[tuple[str, str]]:
    yield from _docker(shape)
    yield "compose.yaml", "compose/compose.yaml.txt"


def _kubernetes(shape: Shape) -> Iterator[tuple[str, str]]:
    yield from _docker(shape)
    names = list(_KUBERNETES)
    names += ["worker.yaml"] * shape.has_jobs
    names += ["scheduler.yaml"] * shape.has_schedules
    names += ["migrate.yaml"] * (shape.database is not None)
    for name in sorted(names):
        yield f"deploy/kubernetes/{name}", f"kubernetes/{name}.txt"


def _systemd(shape: Shape) -> Iterator[tuple[str, str]]:
    yield f"deploy/systemd/{shape.name}-web.service", "systemd/web.service.txt"
    if shape.has_jobs:
        yield f"deploy/systemd/{shape.name}-worker.service", "systemd/worker.service.txt"


def _procfile(shape: Shape) -> Iterator[tuple[str, str]]:
    yield "Procfile", "procfile/Procfile.txt"


KINDS: dict[str, Callable[[Shape], Iterator[tuple[str, str]]]] = {
    "docker": _docker,
    "compose": _compose,
    "kubernetes": _kubernetes,
    "systemd": _systemd,
    "procfile": _procfile,
}
"""Ways of running → the files of each, with their templates."""


def files_of(kind: str, shape: Shape, image: str) -> dict[str, str]:
    """Give the files of a way of running: paths below the project's folder, and their texts."""
    return {path: fill(template, shape, image) for path, template in KINDS[kind](shape)}


def remarks_on(kind: str, shape: Shape) -> Iterator[str]:
    """Say what the application lacks for it, each with what to write."""
    if shape.health is None and kind in ("docker", "compose", "kubernetes"):
        yield "it has no /health and no /ready: app.use(Observe()), from trivet.observe"
    if shape.database is not None and shape.variable("DATABASE_URL") is None:
        yield (
            "no settings class reads DATABASE_URL: give Database the address from one,"
            " database_url: SecretStr (see docs, settings)"
        )
    for server in sorted(shape.servers):
        if shape.variable(f"{server.upper()}_URL") is None:
            yield f"no settings class reads {server.upper()}_URL, which is set for it"
    has_flag = any(one.is_flag and "IN_SERVER" in one.name for one in shape.variables)
    if shape.runs_jobs_in_server and not has_flag and kind != "docker":
        yield (
            "its servers run jobs too, beside the workers: Jobs(db, in_server=False), or a setting"
            " jobs_in_server: bool, leaves them to the workers"
        )
    if shape.is_sqlite and kind in ("systemd", "procfile"):
        yield "SQLite is a file of one machine; where disks come and go, take PostgreSQL"
