"""Files, functions and parameter lists stay small enough to read in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import allowed
from tests.architecture.house import (
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    MAX_PARAMETERS,
    SOURCE,
)
from tests.architecture.sources import code_lines, functions, parameters, read


def find_long_files(root: Path) -> dict[str, str]:
    """Give every file with too many lines of code, with the message."""
    return {
        source.path: f"{source.path}:1: {count} lines of code, at most {MAX_FILE_LINES}"
        for source in read(root)
        if (count := len(code_lines(source))) > MAX_FILE_LINES
    }


def find_long_functions(root: Path) -> dict[str, str]:
    """Give every function with too many lines of code, as `path::name`, with the message."""
    found: dict[str, str] = {}
    for source in read(root):
        lines = code_lines(source)
        for name, node in functions(source.tree):
            count = len(lines & set(range(node.lineno, (node.end_lineno or 0) + 1)))
            if count > MAX_FUNCTION_LINES:
                found[f"{source.path}::{name}"] = (
                    f"{source.path}:{node.lineno}: {name} has {count} lines of code, "
                    f"at most {MAX_FUNCTION_LINES}"
                )
    return found


def find_many_parameters(root: Path) -> dict[str, str]:
    """Give every function with too many parameters, as `path::name`, with the message."""
    return {
        f"{source.path}::{name}": (
            f"{source.path}:{node.lineno}: {name} has {count} parameters, "
            f"at most {MAX_PARAMETERS}; make a record"
        )
        for source in read(root)
        for name, node in functions(source.tree)
        if (count := len(parameters(node))) > MAX_PARAMETERS
    }


CHECKS = [
    pytest.param(find_long_files, allowed.LONG_FILES, id="file lines"),
    pytest.param(find_long_functions, allowed.LONG_FUNCTIONS, id="function lines"),
    pytest.param(find_many_parameters, allowed.MANY_PARAMETERS, id="parameters"),
]


@pytest.mark.parametrize(("find", "exceptions"), CHECKS)
def test_sizes_hold(find, exceptions) -> None:
    breaches = find(SOURCE)

    unexplained = [breaches[key] for key in sorted(breaches.keys() - exceptions)]
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize(("find", "exceptions"), CHECKS)
def test_no_exception_is_left_over(find, exceptions) -> None:
    assert exceptions.keys() <= find(SOURCE).keys()


def test_every_exception_has_a_reason() -> None:
    tables = [value for name, value in vars(allowed).items() if name.isupper()]

    assert all(len(reason) > 20 for table in tables for reason in table.values())


def test_long_file_is_found_and_comments_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text('"""Text.\n\nMore.\n"""\n' + "x = 1\n" * 351)
    (tmp_path / "short.py").write_text('"""Text.\n"""\n\n# why\n' + "x = 1\n\n" * 350)

    assert find_long_files(tmp_path) == {"long.py": "long.py:1: 351 lines of code, at most 350"}


def test_long_method_is_found_and_its_docstring_does_not_count(tmp_path: Path) -> None:
    body = "        x = 1\n"
    (tmp_path / "one.py").write_text(
        f"class A:\n    def long(self):\n{body * 60}"
        f'    def short(self):\n        """Text.\n\n        More.\n        """\n{body * 59}'
    )

    assert find_long_functions(tmp_path) == {
        "one.py::A.long": "one.py:2: A.long has 61 lines of code, at most 60"
    }


def test_many_parameters_are_found_and_self_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "class A:\n    def eight(self, a, b, c, d, *, e, f, g, h, **rest): ...\n"
        "def nine(a, b, c, d, e, f, g, h, i): ...\n"
    )

    assert list(find_many_parameters(tmp_path)) == ["one.py::nine"]
