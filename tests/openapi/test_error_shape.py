"""Answers and document cannot disagree: each content is valid by the schema that is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, ValidationError, field_validator

from trivet.openapi.error_shape import FASTAPI, PROBLEM_DETAILS, ErrorShape

SHAPES = pytest.mark.parametrize("shape", [FASTAPI, PROBLEM_DETAILS], ids=["fastapi", "problem"])


class Order(BaseModel):
    count: int = Field(gt=0)
    codes: list[str] = []

    @field_validator("codes")
    @classmethod
    def _no_empty_codes(cls, value: list[str]) -> list[str]:
        if "" in value:
            raise ValueError("an empty code")  # its error holds the exception itself
        return value


def errors_of(data: Any) -> list[dict[str, Any]]:
    try:
        Order.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [{**one, "loc": ("body", *one["loc"])} for one in found]
    return []


def check(shape: ErrorShape, content: Any) -> None:
    schema = {**shape.schema, "components": {"schemas": dict(shape.schemas)}}
    Draft202012Validator(schema).validate(content)


@SHAPES
def test_errors_are_answered_as_they_are_shown(shape: ErrorShape) -> None:
    errors = errors_of({"count": 0, "codes": [""]})
    assert len(errors) == 2

    content = json.loads(shape.to_json(422, errors=errors))

    check(shape, content)
    assert content == json.loads(json.dumps(shape.content(422, errors=errors)))


@SHAPES
@given(
    data=st.dictionaries(
        st.sampled_from(["count", "codes"]),
        st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists, max_leaves=4),
    )
)
def test_whatever_did_not_fit_is_answered_as_it_is_shown(shape: ErrorShape, data: Any) -> None:
    check(shape, json.loads(shape.to_json(422, errors=errors_of(data))))


def test_fastapis_shape_has_only_a_detail() -> None:
    assert FASTAPI.content(404, "Not Found") == {"detail": "Not Found"}
    assert FASTAPI.content(400, {"any": [1]}) == {"detail": {"any": [1]}}
    assert FASTAPI.content(401) == {"detail": None}
    assert FASTAPI.content(422, errors=errors_of({}))["detail"][0]["loc"] == ["body", "count"]


def test_problem_details_have_the_members_of_rfc_9457() -> None:
    assert PROBLEM_DETAILS.media_type == "application/problem+json"
    assert PROBLEM_DETAILS.content(404, "No such post") == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No such post",
    }
    assert PROBLEM_DETAILS.content(599) == {"type": "about:blank", "title": "Error", "status": 599}


def test_a_mapping_as_detail_gives_problem_details_extension_members() -> None:
    content = PROBLEM_DETAILS.content(
        403, {"type": "https://example.com/credit", "balance": 30, "status": 200}
    )

    assert content == {
        "type": "https://example.com/credit",
        "title": "Forbidden",
        "status": 403,
        "balance": 30,
    }


def test_any_other_detail_stands_among_the_errors_of_problem_details() -> None:
    assert PROBLEM_DETAILS.content(400, [1, 2])["errors"] == [1, 2]


def test_problem_details_point_to_each_value() -> None:
    errors = [
        {"type": "missing", "loc": ("body", "a/b", 0), "msg": "Field required"},
        {"type": "missing", "loc": ("query", "q"), "msg": "Field required"},
        {"type": "json_invalid", "loc": ("body", 3), "msg": "JSON decode error"},
        {"type": "odd", "loc": (), "msg": "Odd"},
    ]

    content = PROBLEM_DETAILS.content(422, errors=errors)

    check(PROBLEM_DETAILS, content)
    assert content["detail"] == "4 values of the request did not fit"
    assert content["errors"][0] == {
        "detail": "Field required",
        "type": "missing",
        "in": "body",
        "pointer": "#/a~1b/0",
    }
    assert content["errors"][1]["parameter"] == "q"
