"""What `trivet new` writes is complete: it lints, it is formatted, and its tests pass."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.typed import Trivet


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_project_passes_its_own_lint(trivet: Trivet, tmp_path: Path) -> None:
    done = trivet("new", "Little-shop")

    assert done.code == 0, done.err
    project = tmp_path / "Little-shop"
    for words in (["check", "."], ["format", "--check", "."]):
        lint = run(project, "ruff", *words)
        assert lint.returncode == 0, lint.stdout


def test_project_passes_its_own_tests(trivet: Trivet, tmp_path: Path) -> None:
    trivet("new", "shop")

    tests = run(tmp_path / "shop", "pytest", "-q", "-p", "no:cacheprovider")

    assert tests.returncode == 0, tests.stdout
    assert "4 passed" in tests.stdout


def test_project_says_where_its_application_is(trivet: Trivet, tmp_path: Path) -> None:
    trivet("new", "little-shop")

    project = tmp_path / "little-shop"
    config = tomllib.loads((project / "pyproject.toml").read_text())
    assert config["project"]["name"] == "little-shop"
    assert config["tool"]["trivet"]["app"] == "little_shop.main:app"
    assert (project / "little_shop" / "main.py").is_file()
    assert (project / ".gitignore").is_file()


def test_project_is_served_and_listed_without_naming_the_application(
    trivet: Trivet, tmp_path: Path
) -> None:
    trivet("new", "shop")

    done = trivet("routes", cwd=tmp_path / "shop")

    assert done.code == 0, done.err
    assert "/notes/{number}" in done.out


@pytest.mark.parametrize("words", [["hello.py"], ["hello", "--file"]])
def test_one_file_is_one_file(trivet: Trivet, tmp_path: Path, words: list[str]) -> None:
    done = trivet("new", *words)

    assert done.code == 0, done.err
    assert [path.name for path in tmp_path.iterdir()] == ["hello.py"]
    assert "trivet dev hello.py" in done.out
    for lint in (["check", "--select", "E,F,I,UP,B", "."], ["format", "--check", "."]):
        assert run(tmp_path, "ruff", *lint).returncode == 0


def test_one_file_holds_an_application(trivet: Trivet, tmp_path: Path) -> None:
    trivet("new", "hello.py")

    done = trivet("routes", "hello.py")

    assert done.code == 0, done.err
    assert "/hello/{name}" in done.out


def test_another_folder_can_be_given(trivet: Trivet, tmp_path: Path) -> None:
    trivet("new", "hello.py", "--in", "deep/er")

    assert (tmp_path / "deep" / "er" / "hello.py").is_file()


def test_nothing_is_written_over(trivet: Trivet, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("mine")

    done = trivet("new", "hello.py")

    assert done.code == 1
    assert "Already there: hello.py" in done.err
    assert (tmp_path / "hello.py").read_text() == "mine"


def test_force_writes_over(trivet: Trivet, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("mine")

    done = trivet("new", "hello.py", "--force")

    assert done.code == 0
    assert "App(" in (tmp_path / "hello.py").read_text()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("3d", "a letter first"),
        ("my shop", "letters, digits, - and _"),
        ("../shop", "letters, digits, - and _"),
        ("email", "is taken"),
        ("trivet", "is taken"),
        ("class", "is taken"),
    ],
)
def test_name_that_cannot_be_one_is_a_usage_error(
    trivet: Trivet, tmp_path: Path, name: str, reason: str
) -> None:
    done = trivet("new", name)

    assert done.code == 2
    assert reason in done.err
    assert list(tmp_path.iterdir()) == []


def test_missing_name_is_a_usage_error_where_nobody_can_be_asked(trivet: Trivet) -> None:
    done = trivet("new")

    assert done.code == 2
    assert "say what it is called" in done.err
