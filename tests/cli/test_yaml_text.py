"""What is written as YAML is read back the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from trivet.cli.yaml_text import to_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "ab \n:#'\"-|{}[],&*!%@`?~", max_size=9
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(
        ["yes", "No", "on", "null", "~", "", "1", "1e5", "0x1f", "2024-01-01", "=", "<<"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_any_json_value_is_read_back_the_same(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("value", ["1e+20", 1e20, -1e-7, 10**30, "no", {"on": 1}, [[]], [{}]])
def test_values_that_yaml_is_known_to_twist_are_kept(value: Any) -> None:
    assert yaml.safe_load(to_yaml([value])) == [value]


def test_document_reads_as_people_write_it() -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {"/users/{id}": {"get": {"tags": ["users"], "parameters": [{"in": "path"}]}}},
        "description": "First line.\nSecond line.\n",
        "servers": [],
    }

    assert to_yaml(document) == (
        'openapi: "3.1.0"\n'
        "paths:\n"
        '  "/users/{id}":\n'
        "    get:\n"
        "      tags:\n"
        "        - users\n"
        "      parameters:\n"
        "        - in: path\n"
        "description: |\n"
        "  First line.\n"
        "  Second line.\n"
        "servers: []\n"
    )
