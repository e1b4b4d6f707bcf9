"""`trivet adopt …` on the command line: it shows, and writes only what git can undo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adopt.running import committed, project
from trivet.cli import main

APP = "from trivet import App\napp = App()\n"


def ran(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["adopt", *words])
    return int(ended.value.code or 0)


def test_nothing_is_written_without_being_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = committed(project("shop_api", tmp_path))
    old = (folder / "main.py").read_text()

    assert ran("fastapi", str(folder)) == 0

    said = capsys.readouterr().out
    assert "Nothing is written. 3 files change with --write." in said
    assert "+from trivet import App, Depends  # the application itself\n" in said
    assert (folder / "main.py").read_text() == old


def test_clean_tree_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = committed(project("shop_api", tmp_path))

    assert ran("fastapi", str(folder), "--write") == 0

    assert "3 files written." in capsys.readouterr().err
    assert "from trivet import App" in (folder / "main.py").read_text()


def test_tree_with_changes_is_refused_unless_it_is_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = committed(project("shop_api", tmp_path))
    (folder / "notes.txt").write_text("not committed\n")

    assert ran("fastapi", str(folder), "--write") == 3

    assert "adopt.dirty-tree" in capsys.readouterr().err
    assert "from fastapi import" in (folder / "main.py").read_text()
    assert ran("fastapi", str(folder), "--write", "--force") == 0
    assert "from trivet import" in (folder / "main.py").read_text()


def test_folder_without_git_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    folder = project("flaskr", tmp_path)

    assert ran("flask", str(folder), "--write") == 3

    assert "adopt.no-git" in capsys.readouterr().err
    assert not (folder / "trivet_app.py").exists()


def test_report_is_json_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("flask", str(project("flaskr", tmp_path)), "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert {"kind", "place", "what", "mend"} == set(said["notes"][0])
    assert said["diff"].startswith("--- /dev/null\n+++ b/trivet_app.py\n")


def test_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("fastapi", str(tmp_path / "nowhere")) == 3

    assert "adopt.no-project" in capsys.readouterr().err


def test_application_without_accounts_cannot_take_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare_of_accounts.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    assert ran("django-users", "bare_of_accounts:app", "--from", "sqlite:///x.sqlite") == 3

    assert "adopt.no-auth" in capsys.readouterr().err
