"""The names of `trivet.testing` are where they are said to be, and load no more than they need."""

from __future__ import annotations

import ast

import pytest

import trivet.testing
from tests.architecture.house import SOURCE


def test_names_for_type_checkers_are_those_that_are_there() -> None:
    tree = ast.parse((SOURCE / "testing" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    checked = {
        alias.name: str(node.module).removeprefix("trivet.testing.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert checked == trivet.testing._HOMES
    assert sorted(checked) == sorted(trivet.testing.__all__)


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match=r"module 'trivet.testing' has no attribute 'Nothing'"):
        trivet.testing.Nothing  # noqa: B018
