"""What `trivet new --full` writes runs at once: linted, typed, tested, migrated, signed in to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.typed import environment

REPOSITORY = Path(__file__).parents[2]

SIGN_IN = """
import sys
from trivet.testing import TestClient
from shop.main import app

with TestClient(app, base_url="http://127.0.0.1", headers={"origin": "http://127.0.0.1"}) as admin:
    given = {"log_in": "ann@shop.example", "password": sys.argv[1]}
    assert admin.post("/auth/sign-in", json=given).status_code == 200
    page = admin.get("/admin/")
    assert page.status_code == 200, page.text
    assert "/admin/note/" in page.text
    assert admin.get("/health").status_code == admin.get("/ready").status_code == 200
    assert admin.get("/", headers={"host": "other.example"}).status_code == 400
    print("signed in")
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Nothing of ours but the package: the project has tests of its own.
    changes = {"PYTHONPATH": str(REPOSITORY / "src"), "MYPYPATH": str(REPOSITORY / "src")}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment(changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Give a new full application, and what was said when it was made."""
    folder = tmp_path_factory.mktemp("new")
    done = run(folder, "trivet", "new", "shop", "--full", "--superuser", "ann@shop.example")
    assert done.returncode == 0, done.stderr
    return folder / "shop", done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_lints_and_is_typed(shop: tuple[Path, str]) -> None:
    folder, _ = shop

    for words in (["check", "."], ["format", "--check", "."]):
        lint = run(folder, "ruff", *words)
        assert lint.returncode == 0, lint.stdout
    # What mypy learns of SQLAlchemy and of Trivet is kept from one run of the tests to the next.
    cache = REPOSITORY / ".mypy_cache" / "new"
    typed = run(folder, "mypy", "--strict", "--cache-dir", str(cache))
    assert typed.returncode == 0, typed.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_own_tests_pass(shop: tuple[Path, str]) -> None:
    tests = run(shop[0], "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")

    assert tests.returncode == 0, tests.stdout
    assert "11 passed" in tests.stdout


def test_the_superuser_enters_the_admin_by_the_printed_password(shop: tuple[Path, str]) -> None:
    folder, said = shop
    password = re.search(r"with the password (\S+),", said)
    assert password

    done = subprocess.run(
        [sys.executable, "-c", SIGN_IN, password[1]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "signed in\n", done.stderr
    assert all(password[1] not in text for text in _texts(folder))


def test_migrations_are_made_and_nothing_waits(shop: tuple[Path, str]) -> None:
    folder, _ = shop

    done = run(folder, "trivet", "migrate", "--check")

    assert (folder / "shop" / "migrations" / "0001_initial.py").is_file()
    assert done.returncode == 0, done.stdout


def test_it_has_what_a_team_needs(shop: tuple[Path, str]) -> None:
    folder, said = shop

    steps = yaml.safe_load((folder / ".github/workflows/ci.yml").read_text())["jobs"]["test"]
    commands = [step["run"] for step in steps["steps"] if "run" in step]
    example = (folder / ".env.example").read_text()

    assert "pytest" in commands
    assert "mypy" in commands
    assert ".env" in (folder / ".gitignore").read_text().splitlines()
    assert "DATABASE_URL=sqlite:///shop.db" in example
    assert "DATABASE_PASSWORD=\n" in example
    assert (folder / "Dockerfile").is_file()
    assert (folder / "compose.yaml").is_file()
    assert "trivet dev shop" in said


def _texts(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in (".db", ".pyc", ".db-wal", ".db-shm"):
            found.append(path.read_text("utf-8", "replace"))
    return found
