"""msgspec structs and attrs classes as bodies, responses and parameters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from pydantic import Field as Constraint
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from trivet.errors import SetupError
from trivet.schema.field import Field
from trivet.schema.foreign import adapted

T = TypeVar("T")
Body = tuple[str, ...]
BODY: Body = ("body",)


class Color(Enum):
    RED = "red"


class Maker(BaseModel):
    number: int


class Owner(msgspec.Struct):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0)] = 0


class Item(msgspec.Struct, rename="camel"):
    """What is sold."""

    item_name: str
    owners: list[Owner] = []
    color: Color = Color.RED
    maker: Maker | None = None
    part_of: Item | None = None


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    size: int

    def __post_init__(self) -> None:
        if self.size > 3:
            raise ValueError("too big")


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True):
    tricks: list[str]


class Pet(msgspec.Struct):
    kind: Cat | Dog


class Box(msgspec.Struct, Generic[T]):
    value: T


class Pair(msgspec.Struct, array_like=True):
    left: int
    right: int | None = None


class Moment(msgspec.Struct):
    id: UUID
    at: datetime
    price: Decimal
    raw: bytes
    gone: int | msgspec.UnsetType = msgspec.UNSET


@attrs.define
class Wheel:
    size: Annotated[int, Constraint(ge=1)]
    make: str = attrs.field(default="plain", validator=attrs.validators.min_len(2))


@attrs.define
class Car:
    """A car of this shop."""

    name: str
    wheels: list[Wheel] = attrs.Factory(list)
    _plate: str | None = None
    owner: Owner | None = None
    tows: Car | None = None
    speed: int = attrs.field(default=3, converter=int)
    serial: int = attrs.field(init=False, default=7)


@attrs.frozen
class Crate(Generic[T]):
    value: T
    more: list[T] = attrs.Factory(list)


@attrs.define
class Team:
    size: int = attrs.field(validator=attrs.validators.instance_of(int))
    name: Any = attrs.field(default="x", validator=attrs.validators.instance_of(str))

    def __attrs_post_init__(self) -> None:
        if self.size == 13:
            raise ValueError("unlucky")


def field(annotation: Any, mode: Any = "validation") -> Field:
    return Field("it", FieldInfo(annotation=annotation), mode)


def read(annotation: Any, value: Any) -> Any:
    found, errors = field(annotation).validate(value, BODY)
    assert errors == []
    return found


def faults(annotation: Any, value: Any) -> list[tuple[Any, ...]]:
    found, errors = field(annotation).validate(value, BODY)
    assert found is None
    return [(one["type"], one["loc"], one["msg"], one["input"]) for one in errors]


def described(annotation: Any, mode: Any = "validation") -> dict[str, Any]:
    return TypeAdapter(adapted(annotation)).json_schema(mode=mode)


# -- what is adapted ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        Maker,
        Color,
        list[int],
        dict[str, Maker],
        int | None,
        Annotated[int, Constraint(ge=1)],
        Literal["a", "b"],
        Callable[[int], str],
        tuple[int, ...],
        type[Owner],
        Any,
        None,
        "Owner",
    ],
)
def test_what_pydantic_knows_stays_the_same_object(annotation: Any) -> None:
    assert adapted(annotation) is annotation


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Owner, {"name": "a"}),
        (Owner | None, {"name": "a"}),
        (list[Owner], [{"name": "a"}]),
        (Sequence[Owner], [{"name": "a"}]),
        (dict[str, list[Owner]], {"x": [{"name": "a"}]}),
        (tuple[int, Owner], [1, {"name": "a"}]),
        (tuple[Owner, ...], [{"name": "a"}]),
        (Annotated[Owner, "note"], {"name": "a"}),
        (Annotated[list[Owner], Constraint(max_length=2)], [{"name": "a"}]),
        (TypeAliasType("Alias", Owner), {"name": "a"}),
        (int | list[Owner | None], [{"name": "a"}, None]),
        (Wheel, {"size": 1}),
        (list[Wheel | None], [{"size": 1}, None]),
    ],
)
def test_foreign_classes_are_found_wherever_they_stand(annotation: Any, value: Any) -> None:
    found = repr(read(annotation, value))

    assert "Owner(name='a', age=0)" in found or "Wheel(size=1, make='plain')" in found


def test_metadata_around_a_foreign_class_is_kept() -> None:
    errors = faults(Annotated[list[Owner], Constraint(max_length=1)], [{"name": "a"}] * 2)

    assert errors[0][0] == "too_long"


def test_libraries_are_not_imported_for_programs_without_them() -> None:
    code = (
        "import sys; from trivet.schema.field import Field; from pydantic.fields import FieldInfo;"
        "Field('x', FieldInfo(annotation=dict[str, int]));"
        "assert not {'msgspec', 'attr', 'attrs'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


# -- structs --------------------------------------------------------------------------------------


def test_struct_is_made_of_names_on_the_wire() -> None:
    found = read(
        Item,
        {"itemName": "a", "owners": [{"name": "x", "age": "3"}], "partOf": {"itemName": "b"}},
    )

    assert found == Item("a", [Owner("x", 3)], part_of=Item("b"))


def test_struct_is_made_of_json() -> None:
    assert field(Item).validate_json(b'{"itemName": "a"}') == Item("a")


def test_struct_that_is_there_stays_the_same_object() -> None:
    item = Item("a")

    assert read(Item, item) is item


def test_struct_is_made_of_an_object_with_its_attributes() -> None:
    class Row:
        name = "a"
        age = 4

    assert read(Owner, Row()) == Owner("a", 4)


@pytest.mark.parametrize(
    ("annotation", "value", "fault"),
    [
        (Item, {}, ("missing", ("body", "itemName"), "Field required", {})),
        (
            Item,
            {"itemName": "a", "owners": [{"name": "x", "age": "q"}]},
            ("int_type", ("body", "owners", 0, "age"), "Expected `int`, got `str`", "q"),
        ),
        (
            Item,
            {"itemName": "a", "owners": [{"name": "x", "age": -1}]},
            ("value_error", ("body", "owners", 0, "age"), "Expected `int` >= 0", -1),
        ),
        (
            Item,
            {"itemName": "a", "color": "blue"},
            ("enum", ("body", "color"), "Invalid enum value 'blue'", "blue"),
        ),
        (Item, "x", ("dict_type", ("body",), "Expected `object`, got `str`", "x")),
        (
            list[Owner],
            [{"name": "a"}, {"name": 2}],
            ("string_type", ("body", 1, "name"), "Expected `str`, got `int`", 2),
        ),
        (
            Strict,
            {"size": 1, "color": "red"},
            ("extra_forbidden", ("body", "color"), "Extra inputs are not permitted", "red"),
        ),
        (Strict, {"size": 4}, ("value_error", ("body",), "Value error, too big", {"size": 4})),
        (
            Pet,
            {"kind": {"type": "Cow"}},
            ("value_error", ("body", "kind", "type"), "Invalid value 'Cow'", "Cow"),
        ),
        (Pet, {"kind": {}}, ("missing", ("body", "kind", "type"), "Field required", {})),
        (
            Box[dict[str, int]],
            {"value": {"a": "x"}},
            ("int_type", ("body", "value", "..."), "Expected `int`, got `str`", {"a": "x"}),
        ),
    ],
)
def test_fault_of_a_struct_has_its_place(annotation: Any, value: Any, fault: Any) -> None:
    assert faults(annotation, value) == [fault]


def test_faults_of_a_model_in_a_struct_have_their_places() -> None:
    (fault,) = faults(Item, {"itemName": "a", "maker": {"number": "q"}})

    assert fault[:2] == ("int_parsing", ("body", "maker", "number"))


def test_text_with_braces_stays_as_it_is() -> None:
    (fault,) = faults(Item, {"itemName": "a", "color": "{type}{0}"})

    assert fault[2] == "Invalid enum value '{type}{0}'"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | (
                st.dictionaries(
                    st.sampled_from(["itemName", "owners", "name", "age", "maker"]), inner
                )
            )
        ),
    )
)
def test_no_input_breaks_a_struct(value: Any) -> None:
    found, errors = field(Item).validate(value, BODY)

    assert (found is None) is bool(errors)


def test_tagged_structs_are_told_apart() -> None:
    assert read(Pet, {"kind": {"type": "Dog", "tricks": ["sit"]}}) == Pet(Dog(["sit"]))
    assert field(Pet).serialize(Pet(Cat(9))) == {"kind": {"type": "Cat", "lives": 9}}


def test_generic_struct_takes_its_argument() -> None:
    assert read(Box[int], {"value": "3"}) == Box(3)
    assert faults(Box[int], {"value": "q"})[0][1] == ("body", "value")


def test_struct_as_a_list_is_written_as_one() -> None:
    assert read(Pair, [1, 2]) == Pair(1, 2)
    assert field(Pair).serialize(Pair(1)) == [1, None]
    assert field(Pair).serialize(Pair(1), exclude_none=True) == [1, None]


def test_struct_is_written_as_msgspec_writes_it() -> None:
    item = Item("a", [Owner("x")], maker=Maker(number=1))

    assert msgspec.json.decode(field(Item).serialize_json(item)) == {
        "itemName": "a",
        "owners": [{"name": "x", "age": 0}],
        "color": "red",
        "maker": {"number": 1},
        "partOf": None,
    }


def test_values_of_a_struct_are_json_or_python_as_asked() -> None:
    moment = Moment(UUID(int=1), datetime(2026, 1, 2, tzinfo=UTC), Decimal("1.50"), b"raw")

    assert field(Moment).serialize(moment) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-01-02T00:00:00Z",
        "price": "1.50",
        "raw": "cmF3",
    }
    assert field(Moment).serialize(moment, mode="python") == {
        "id": moment.id,
        "at": moment.at,
        "price": moment.price,
        "raw": b"raw",
    }


def test_parts_of_a_struct_are_left_out_as_asked() -> None:
    item = Item("a", [Owner("x", 3), Owner("y")])
    write = field(Item).serialize

    assert write(item, include={"owners": {0: {"name"}}}) == {"owners": [{"name": "x"}]}
    assert write(item, exclude={"owners", "color", "maker", "partOf"}) == {"itemName": "a"}
    assert write(item, exclude_none=True).keys() == {"itemName", "owners", "color"}
    assert write(item, exclude_defaults=True) == {
        "itemName": "a",
        "owners": [{"name": "x", "age": 3}, {"name": "y"}],
    }


def test_struct_stands_in_the_document_under_its_name() -> None:
    schema = described(list[Item])

    assert schema["items"] == {"$ref": "#/$defs/Item"}
    assert set(schema["$defs"]) == {"Color", "Item", "Maker", "Owner"}
    item = schema["$defs"]["Item"]
    assert (item["title"], item["description"]) == ("Item", "What is sold.")
    assert item["required"] == ["itemName"]
    assert item["properties"]["owners"]["items"] == {"$ref": "#/$defs/Owner"}
    assert {"$ref": "#/$defs/Item"} in item["properties"]["partOf"]["anyOf"]
    assert {"$ref": "#/$defs/Maker"} in item["properties"]["maker"]["anyOf"]
    assert schema["$defs"]["Owner"]["properties"]["age"]["minimum"] == 0


def test_tags_of_structs_stand_in_the_document() -> None:
    kind = described(Pet | None)["$defs"]["Pet"]["properties"]["kind"]

    assert kind["discriminator"] == {
        "propertyName": "type",
        "mapping": {"Cat": "#/$defs/Cat", "Dog": "#/$defs/Dog"},
    }


def test_references_follow_the_template_of_the_document() -> None:
    adapter = TypeAdapter(adapted(list[Pet]))

    schema = adapter.json_schema(ref_template="#/components/schemas/{model}")

    assert schema["items"] == {"$ref": "#/components/schemas/Pet"}
    mapping = schema["$defs"]["Pet"]["properties"]["kind"]["discriminator"]["mapping"]
    assert mapping["Cat"] == "#/components/schemas/Cat"


def test_two_classes_of_one_name_get_two_names() -> None:
    other = msgspec.defstruct("Owner", [("id", int)], module="elsewhere")

    schema = described(tuple[Owner, other])  # type: ignore[valid-type]

    assert len(schema["$defs"]) == 2
    one, two = (item["$ref"].rpartition("/")[2] for item in schema["prefixItems"])
    assert "name" in schema["$defs"][one]["properties"]
    assert "id" in schema["$defs"][two]["properties"]


# -- attrs ----------------------------------------------------------------------------------------


def test_attrs_class_is_made_of_what_its_init_takes() -> None:
    found = read(
        Car,
        {
            "name": "a",
            "plate": "X1",
            "wheels": [{"size": "2"}],
            "owner": {"name": "o"},
            "tows": {"name": "b"},
        },
    )

    assert found == Car("a", [Wheel(2)], "X1", Owner("o"), Car("b"))


def test_attrs_object_that_is_there_stays_the_same() -> None:
    car = Car("a")

    assert read(Car, car) is car


def test_attrs_class_is_made_of_an_object_with_its_attributes() -> None:
    class Row:
        size = 4
        make = "new"

    assert read(Wheel, Row()) == Wheel(4, "new")


def test_defaults_are_fresh_for_every_object() -> None:
    first, second = read(Car, {"name": "a"}), read(Car, {"name": "a"})

    assert first == second
    assert first.wheels is not second.wheels


def test_all_faults_of_an_attrs_class_come_together() -> None:
    found = faults(Car, {"wheels": [{"size": 0}, {"size": 1, "make": "x"}], "tows": {}})

    assert [(kind, place) for kind, place, _, _ in found] == [
        ("missing", ("body", "name")),
        ("greater_than_equal", ("body", "wheels", 0, "size")),
        ("value_error", ("body", "wheels", 1, "make")),
        ("missing", ("body", "tows", "name")),
    ]


def test_fault_of_a_validator_is_at_its_field() -> None:
    assert faults(Team, {"size": 1, "name": 5}) == [
        (
            "value_error",
            ("body", "name"),
            "Value error, 'name' must be <class 'str'> (got 5 that is a <class 'int'>).",
            5,
        )
    ]


def test_fault_of_the_whole_object_is_at_the_object() -> None:
    assert faults(Team, {"size": 13}) == [
        ("value_error", ("body",), "Value error, unlucky", {"size": 13})
    ]


def test_generic_attrs_class_takes_its_argument() -> None:
    assert read(Crate[int], {"value": "3", "more": ["4"]}) == Crate(3, [4])
    assert faults(Crate[int], {"value": "q"})[0][1] == ("body", "value")
    assert described(Crate[int])["properties"]["more"]["items"] == {"type": "integer"}


def test_attrs_object_is_written_by_its_fields() -> None:
    car = Car("a", [Wheel(1)], tows=Car("b"))
    write = field(Car).serialize

    assert write(car, exclude_none=True) == {
        "name": "a",
        "wheels": [{"size": 1, "make": "plain"}],
        "tows": {"name": "b", "wheels": [], "speed": 3, "serial": 7},
        "speed": 3,
        "serial": 7,
    }
    assert write(car, include={"wheels": {0: {"size"}}}) == {"wheels": [{"size": 1}]}
    assert write(car, exclude={"tows", "wheels"}, exclude_none=True) == {
        "name": "a",
        "speed": 3,
        "serial": 7,
    }
    assert field(Wheel).serialize(Wheel(1), exclude_defaults=True) == {"size": 1}
    assert field(Wheel).serialize_json(Wheel(1)) == b'{"size":1,"make":"plain"}'


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_attrs_class_stands_in_the_document_under_its_name(mode: str) -> None:
    schema = described(list[Car], mode)

    assert schema["items"] == {"$ref": "#/$defs/Car"}
    assert set(schema["$defs"]) == {"Car", "Owner", "Wheel"}
    car = schema["$defs"]["Car"]
    assert (car["title"], car["description"]) == ("Car", "A car of this shop.")
    assert car["required"] == ["name"]
    assert car["properties"]["wheels"]["items"] == {"$ref": "#/$defs/Wheel"}
    assert car["properties"]["tows"]["anyOf"][0] == {"$ref": "#/$defs/Car"}
    assert car["properties"]["speed"]["default"] == 3
    assert car["properties"]["serial"]["readOnly"] is True
    assert schema["$defs"]["Wheel"]["properties"]["size"]["minimum"] == 1


def test_type_that_nobody_knows_is_an_error_at_once() -> None:
    class Strange: ...

    strange = attrs.make_class("Holder", {"it": attrs.field(type=Strange)})

    with pytest.raises(SetupError, match="is a valid Pydantic field type"):
        field(strange)
