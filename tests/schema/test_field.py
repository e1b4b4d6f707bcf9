"""One described value: its names, its default, and how it is validated."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Json
from pydantic import Field as Constraint
from pydantic.fields import FieldInfo

from trivet.binding import params
from trivet.errors import SetupError
from trivet.schema.field import ABSENT, Field, errors_at, merged, missing, names_of


class Model(BaseModel):
    x: int


class Choosing(BaseModel):
    either: datetime.date | str


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    x: int


def described(annotation: Any, **options: Any) -> Field:
    return Field("name", params.Query(annotation=annotation, **options))


def test_a_value_that_fits_comes_without_errors() -> None:
    assert described(int).validate("3") == (3, [])


def test_errors_have_the_location_before_their_own_place() -> None:
    value, errors = Field("m", params.Body(annotation=Model)).validate({"x": "y"}, ("body", "m"))

    assert value is None
    assert [error["loc"] for error in errors] == [("body", "m", "x")]
    assert "url" not in errors[0]


def test_a_missing_value_is_an_error_at_its_place() -> None:
    assert missing(("query", "q")) == {
        "type": "missing",
        "loc": ("query", "q"),
        "msg": "Field required",
        "input": None,
    }


def test_defaults_are_fresh_and_required_values_have_none() -> None:
    field = described(list[int], default_factory=list)

    assert field.default() is not field.default()
    assert described(int).required
    assert described(int).default() is ABSENT
    assert described(int, default=1).default() == 1


@pytest.mark.parametrize(
    ("options", "dashed", "names"),
    [
        ({}, False, [("name", "name")]),
        ({"alias": "other"}, False, [("other", "other")]),
        ({"validation_alias": "v"}, False, [("v", "v")]),
        ({"validation_alias": AliasChoices("a", "b")}, False, [("a", "a"), ("b", "b")]),
        ({"validation_alias": AliasPath("a", 0)}, False, [("name", "name")]),
    ],
)
def test_names_on_the_wire(
    options: dict[str, Any], dashed: bool, names: list[tuple[str, str]]
) -> None:
    assert names_of(described(int, **options), dashed=dashed) == names


def test_a_header_is_dashed_unless_it_has_a_name_of_its_own() -> None:
    own = Field("x_token", FieldInfo(annotation=str))
    named = Field("x_token", FieldInfo(annotation=str, alias="X_Token", validation_alias="X_Token"))

    assert names_of(own, dashed=True) == [("x_token", "x-token")]
    assert names_of(named, dashed=True) == [("X_Token", "X_Token")]


def test_names_of_a_model_follow_its_settings() -> None:
    info = FieldInfo(annotation=int, alias="wire", validation_alias="wire")

    by_both = Field("own", info, config=ConfigDict(validate_by_name=True))
    by_name = Field("own", info, config=ConfigDict(validate_by_alias=False, validate_by_name=True))

    assert names_of(by_both) == [("wire", "wire"), ("own", "own")]
    assert names_of(by_name) == [("own", "own")]


def test_a_marker_and_its_annotation_are_one_description() -> None:
    marker = params.Query(alias="a", description="x")

    made = merged(marker, Annotated[int, marker, Constraint(gt=3)])

    assert isinstance(made, params.Query)
    assert (made.annotation, made.alias, made.description) == (int, "a", "x")
    assert Field("q", made).validate(3)[1][0]["type"] == "greater_than"
    assert marker.metadata == []


@pytest.mark.parametrize(
    ("annotation", "is_alike"),
    [
        (Model, True),
        (list[Model], True),
        (Model | None, True),
        (dict[str, datetime.date], True),
        (Choosing, False),
        (datetime.date | str, False),
        (Strict, False),
        (list[Choosing], False),
    ],
)
def test_bytes_are_validated_directly_only_where_the_value_is_surely_the_same(
    annotation: Any, is_alike: bool
) -> None:
    assert Field("b", params.Body(annotation=annotation)).is_alike_in_json is is_alike


def test_json_in_a_text_is_known() -> None:
    assert Field("j", merged(params.Query(), Json[list[int]])).is_json
    assert not described(list[int]).is_json


def test_what_pydantic_cannot_describe_is_refused_with_the_mend() -> None:
    class Own:
        pass

    with pytest.raises(SetupError, match=r"schema\.unknown-type") as raised:
        described(Own)

    assert "response_model=None" in str(raised.value)


def test_values_are_given_as_data_and_as_json() -> None:
    field = Field("d", FieldInfo(annotation=dict[str, datetime.date]), mode="serialization")
    value = {"a": datetime.date(2020, 2, 3)}

    assert field.serialize(value) == {"a": "2020-02-03"}
    assert field.serialize(value, mode="python") == value
    assert field.serialize_json(value) == b'{"a":"2020-02-03"}'


def test_errors_of_pydantic_are_moved_as_they_are() -> None:
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError) as raised:
        TypeAdapter(list[int]).validate_python(["x"])

    (error,) = errors_at(raised.value, ("query",))
    assert (error["type"], error["loc"], error["input"]) == ("int_parsing", ("query", 0), "x")


def test_alike_fields_share_what_is_compiled_and_others_do_not() -> None:
    def adapter(annotation: Any, **options: Any) -> Any:
        return Field("x", FieldInfo(annotation=annotation, **options)).type_adapter

    assert adapter(dict[str, int]) is adapter(dict[str, int])
    assert adapter(int, default=1) is not adapter(int, default=True)
    assert adapter(int, title="a") is not adapter(int, title="b")
    # The two are equal to Python, and the first member that fits wins.
    assert adapter(int | str).core_schema["choices"] != adapter(str | int).core_schema["choices"]
    assert adapter(list[int | str]).json_schema() != adapter(list[str | int]).json_schema()
