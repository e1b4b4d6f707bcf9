"""The runner of FastAPI's tests: what it makes of a report, and of the list of failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import run
from conformance.run import Result, lived_with, tell

LOG = Path("log")
FILES = ["tests/test_a.py"]


def test_every_listed_failure_has_a_reason_and_a_file_that_counts() -> None:
    listed = lived_with()

    assert listed
    for name, reason in listed.items():
        path = name.partition("::")[0]
        assert reason.endswith("."), name
        assert not run.is_kept_back(path), name
        assert not any(path.startswith(one) for one in run.LEFT_OUT), name


def test_failures_that_are_listed_are_lived_with() -> None:
    result = Result({"tests/test_a.py::test_x"}, {"tests/test_a.py::test_y"})

    assert tell(result, {"tests/test_a.py::test_y": "so it is"}, FILES, LOG) == 0


def test_another_failure_fails(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result({"tests/test_a.py::test_x"}, {"tests/test_a.py::test_y"})

    assert tell(result, {}, FILES, LOG) == 1
    assert "failed: tests/test_a.py::test_y" in capsys.readouterr().out


def test_a_listed_test_that_passes_fails(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result({"tests/test_a.py::test_x"}, set())

    assert tell(result, {"tests/test_a.py::test_x": "it was so"}, FILES, LOG) == 1
    assert "take it out of the list: tests/test_a.py::test_x" in capsys.readouterr().out


def test_entries_of_files_that_were_not_asked_for_do_not_count() -> None:
    result = Result({"tests/test_a.py::test_x"}, set())

    assert tell(result, {"tests/test_b.py::test_x": "elsewhere"}, FILES, LOG) == 0


def test_reports_are_read_by_test_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").touch()
    monkeypatch.setattr(run, "SUITE", tmp_path)
    report = tmp_path / "report.xml"
    report.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.test_a" name="test_x[1]"/>
        <testcase classname="tests.test_a.TestB" name="test_y"><failure/></testcase>
        <testcase classname="tests.test_a" name="test_z"><skipped/></testcase>
        <testcase classname="" name="tests.test_c"><error/></testcase>
        </testsuite></testsuites>"""
    )

    result = Result.read(report)

    assert result.passed == {"tests/test_a.py::test_x[1]"}
    assert result.failed == {"tests/test_a.py::TestB::test_y", "tests/test_c.py"}
    assert result.skipped == {"tests/test_a.py::test_z"}
