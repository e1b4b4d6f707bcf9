from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, computed_field
from pydantic.fields import FieldInfo

from trivet.errors import SetupError
from trivet.schema.document import Schemas
from trivet.schema.field import Field, Mode


class Leaf(BaseModel):
    """A leaf.\f Only for those who read the source."""

    size: int


class Kind(Enum):
    OAK = "oak"


class Hidden(BaseModel):
    key: str


class Tree(BaseModel):
    leaves: list[Leaf]
    kind: Kind | None = None
    secret: Hidden | None = pydantic.Field(None, exclude=True)


class Based(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")
    data: bytes = pydantic.Field(max_length=3)


@dataclass
class Square:
    side: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


def field(annotation: Any, mode: Mode = "validation", **options: Any) -> Field:
    return Field("some_value", FieldInfo(annotation=annotation, **options), mode)


def test_fields_with_the_same_model_share_its_definition() -> None:
    one, several = field(Leaf), field(list[Leaf])

    schemas = Schemas([one, several])

    assert schemas.of(one) == {"$ref": "#/components/schemas/Leaf"}
    assert schemas.of(several) == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Leaf"},
        "title": "Some Value",
    }
    assert set(schemas.definitions) == {"Leaf"}


def test_a_title_is_the_fields_own_or_made_from_its_name() -> None:
    plain, aliased, titled = field(int), field(int, alias="a_b"), field(int, title="Own")

    schemas = Schemas([plain, aliased, titled])

    assert schemas.of(plain)["title"] == "Some Value"
    assert schemas.of(plain, "other_name")["title"] == "Other Name"
    assert schemas.of(aliased)["title"] == "A B"
    assert schemas.of(titled)["title"] == "Own"


def test_what_was_given_may_be_changed_without_harm() -> None:
    one = field(int)
    schemas = Schemas([one])

    schemas.of(one)["title"] = "changed"

    assert schemas.of(one)["title"] == "Some Value"


def test_a_description_ends_at_the_form_feed() -> None:
    assert Schemas([field(Leaf)]).definitions["Leaf"]["description"] == "A leaf."


def test_models_of_one_name_are_told_apart() -> None:
    other = type("Leaf", (BaseModel,), {"__annotations__": {"x": int}, "__module__": "elsewhere"})
    first, second = field(Leaf), field(other)

    schemas = Schemas([first, second])

    assert schemas.of(first) != schemas.of(second)
    assert len(schemas.definitions) == 2


def test_models_and_enums_inside_are_defined_even_where_they_are_left_out() -> None:
    names = set(Schemas([field(Tree, "serialization")]).definitions)

    assert names == {"Tree", "Leaf", "Kind", "Hidden"}


def test_bytes_are_shown_as_octets_and_with_their_encoding() -> None:
    plain, based = field(bytes), field(Based)

    schemas = Schemas([plain, based])

    assert schemas.of(plain) == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "Some Value",
    }
    assert schemas.definitions["Based"]["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "contentEncoding": "base64",
        "maxLength": 3,
        "title": "Data",
    }


def test_without_separation_computed_fields_of_a_dataclass_stay_in_answers() -> None:
    asked, given = field(Square), field(Square, "serialization")

    schemas = Schemas([asked, given], separate=False)

    assert schemas.of(asked) != {"$ref": "#/components/schemas/Square"}
    assert "area" in schemas.definitions["Square-Output"]["properties"]


def test_a_model_that_holds_itself_is_defined_once() -> None:
    class Node(BaseModel):
        below: list[Node] = []

    Node.model_rebuild()

    assert set(Schemas([field(Node)], separate=False).definitions) == {"Node"}


def test_a_field_without_a_schema_is_named_with_its_owner() -> None:
    class Strange:
        pass

    holder = type(
        "Holder",
        (BaseModel,),
        {
            "__annotations__": {"it": Strange},
            "model_config": ConfigDict(arbitrary_types_allowed=True),
        },
    )

    with pytest.raises(SetupError, match="'some_value' has no JSON Schema") as caught:
        Schemas([field(int), field(holder)], where=lambda one: f"app.py:{one.name}")

    assert caught.value.where == "app.py:some_value"
    assert caught.value.mend is not None
    assert "WithJsonSchema" in caught.value.mend
