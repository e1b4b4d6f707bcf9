"""Partial models: what was sent and nothing else, and how it is put on what was there."""

from __future__ import annotations

import gc
import weakref
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, assert_type
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_validator,
    model_serializer,
    model_validator,
)

from trivet.errors import DeclarationError, RequestValidationError
from trivet.schema.partial import DeepPartial, Partial, apply

T = TypeVar("T")


class Address(BaseModel):
    street: str = Field(min_length=2)
    city: str = "here"


class Person(BaseModel):
    name: str = Field(min_length=2)
    age: Annotated[int, Field(ge=0, le=150)] = 30
    email: str | None = Field(default=None, alias="eMail")
    address: Address | None = None
    tags: list[str] = []


class Account(BaseModel):
    id: UUID = Field(default_factory=uuid4)
    password: str = "x"
    low: int = 0
    high: int = 10
    options: Json[dict[str, int]] = Field(default="{}", validate_default=True)
    _note: str = PrivateAttr(default="new")

    @field_validator("password")
    @classmethod
    def _scrambled(cls, value: str) -> str:
        return f"#{value}"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def span(self) -> int:
        return self.high - self.low


class Tree(BaseModel):
    value: int
    left: Tree | None = None
    leaves: list[Tree] = []


def read(model: Any, **sent: Any) -> Any:
    return TypeAdapter(model).validate_python(sent)


def test_fields_that_were_not_sent_are_not_there() -> None:
    partial = read(Partial[Person], age=3)

    assert partial.age == 3
    assert partial.model_fields_set == {"age"}
    assert partial.model_dump() == {"age": 3}
    assert partial.model_dump_json() == '{"age":3}'
    assert repr(partial) == "PersonPartial(age=3)"


def test_reading_what_was_not_sent_says_so() -> None:
    with pytest.raises(AttributeError, match="PersonPartial has no 'name': it was not sent"):
        _ = read(Partial[Person], age=3).name


def test_null_is_only_taken_where_the_model_takes_it() -> None:
    assert read(Partial[Person], eMail=None).model_dump() == {"email": None}
    with pytest.raises(ValidationError, match="name"):
        read(Partial[Person], name=None)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"name": "a"}, "string_too_short"),
        ({"age": -1}, "greater_than_equal"),
        ({"age": 151}, "less_than_equal"),
        ({"age": "x"}, "int_parsing"),
        ({"address": {"city": "there"}}, "missing"),
    ],
)
def test_constraints_stay(sent: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(Partial[Person], **sent)

    assert [one["type"] for one in caught.value.errors()] == [kind]


def test_partial_is_an_instance_of_its_model_and_made_once() -> None:
    made = Partial[Person]

    assert issubclass(made, Person)
    assert Partial[Person] is made
    assert Partial[made] is made  # type: ignore[valid-type]


def test_schema_has_a_name_of_its_own_and_nothing_required() -> None:
    schema = TypeAdapter(list[Partial[Person]]).json_schema()

    found = schema["$defs"]["PersonPartial"]
    assert schema["items"] == {"$ref": "#/$defs/PersonPartial"}
    assert found["title"] == "PersonPartial"
    assert "required" not in found
    assert found["properties"]["age"] == {
        "title": "Age",
        "type": "integer",
        "minimum": 0,
        "maximum": 150,
    }
    assert "eMail" in found["properties"]


def test_model_itself_stays_as_it_was() -> None:
    before = Person.model_json_schema()
    _ = Partial[Person], DeepPartial[Person]
    apply(Person(name="ann"), read(Partial[Person], age=1))

    assert Person.model_json_schema() == before
    assert Person(name="ann").age == 30
    with pytest.raises(ValidationError):
        Person.model_validate({})


def test_whole_is_what_was_there_with_what_was_sent() -> None:
    ann = Person(name="ann", age=5, tags=["a"])

    found = apply(ann, read(Partial[Person], eMail="a@b.c", age=6))

    assert type(found) is Person
    assert found == Person(name="ann", age=6, eMail="a@b.c", tags=["a"])
    assert found.model_fields_set == {"name", "age", "email", "tags"}
    assert ann == Person(name="ann", age=5, tags=["a"])


@given(
    st.fixed_dictionaries({"name": st.text(min_size=2)}, optional={"age": st.integers(0, 150)}),
    st.fixed_dictionaries(
        {}, optional={"name": st.text(min_size=2), "age": st.integers(0, 150), "tags": st.just([])}
    ),
)
def test_apply_is_an_update_of_what_is_set(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = apply(Person(**old), read(Partial[Person], **new))

    assert found.model_dump(exclude_unset=True) == {**old, **new}
    assert apply(found, read(Partial[Person], **new)) == found


def test_fields_are_not_validated_twice() -> None:
    account = Account(password="old", options='{"a": 1}')

    same = apply(account, read(Partial[Account], high=11))
    other = apply(account, read(Partial[Account], password="new", options='{"b": 2}'))

    assert (same.password, same.options, same.id) == ("#old", {"a": 1}, account.id)
    assert (other.password, other.options) == ("#new", {"b": 2})
    assert other.span == 10


def test_model_is_checked_as_a_whole_when_it_is_whole() -> None:
    partial = read(Partial[Account], low=50)

    assert apply(Account(high=60), partial).low == 50
    with pytest.raises(RequestValidationError) as caught:
        apply(Account(high=40, password="secret"), partial)

    (error,) = caught.value.errors()
    assert (error["type"], error["loc"]) == ("value_error", ("body",))
    assert error["msg"] == "Value error, low is above high"
    assert error["input"] == caught.value.body == {"low": 50}


def test_private_attributes_are_kept_and_cached_ones_are_not() -> None:
    class Circle(BaseModel):
        radius: int
        _note: str = PrivateAttr(default="new")

        @cached_property
        def area(self) -> int:
            return 3 * self.radius**2

    circle = Circle(radius=1)
    circle._note = "old"
    assert circle.area == 3

    found = apply(circle, read(Partial[Circle], radius=2))

    assert (found.area, found._note, circle.area) == (12, "old", 3)


def test_what_the_model_does_after_it_is_made_waits() -> None:
    class Noted(BaseModel):
        name: str
        other: str = "x"

        def model_post_init(self, context: Any, /) -> None:
            assert self.name

        @model_serializer
        def _written(self) -> dict[str, Any]:
            return {"name": self.name, "other": self.other}

    partial = read(Partial[Noted], other="y")

    assert partial.model_dump() == {"other": "y"}
    assert partial == read(Partial[Noted], other="y")
    assert apply(Noted(name="a"), partial).model_dump() == {"name": "a", "other": "y"}


def test_what_the_model_does_with_its_input_is_done() -> None:
    class Loose(BaseModel):
        name: str
        size: int = 1

        @model_validator(mode="before")
        @classmethod
        def _lowered(cls, data: Any) -> Any:
            return {key.lower(): value for key, value in data.items()}

    assert read(Partial[Loose], SIZE=3).model_dump() == {"size": 3}


def test_wrapping_validator_sees_the_whole() -> None:
    class Wrapped(BaseModel):
        name: str
        size: int = 1

        @model_validator(mode="wrap")
        @classmethod
        def _even(cls, data: Any, handler: Any) -> Any:
            made = handler(data)
            if len(made.name) < made.size:
                raise ValueError("too short")
            return made

    partial = read(Partial[Wrapped], size=3)

    assert apply(Wrapped(name="abc"), partial).size == 3
    with pytest.raises(RequestValidationError, match="too short"):
        apply(Wrapped(name="a"), partial)


def test_frozen_and_open_models_can_be_partial() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(frozen=True, extra="allow")
        name: str = "a"
        size: int = 1

    found = apply(Open(size=2, more=1), read(Partial[Open], name="b", other=2))  # type: ignore[call-arg]

    assert found.model_dump() == {"name": "b", "size": 2, "more": 1, "other": 2}


def test_closed_model_stays_closed() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str

    with pytest.raises(ValidationError, match="extra_forbidden"):
        read(Partial[Closed], other=1)
    assert apply(Closed(name="a"), read(Partial[Closed], name="b")).name == "b"


def test_generic_models_can_be_partial() -> None:
    class Box(BaseModel, Generic[T]):
        value: T
        other: T

    assert read(Partial[Box[int]], value="3").model_dump() == {"value": 3}
    assert Partial[Box[int]].__name__ == "Box[int]Partial"


def test_models_in_fields_may_be_partial_too() -> None:
    ann = Person(name="ann", address=Address(street="main", city="there"))

    found = apply(ann, read(DeepPartial[Person], address={"street": "side"}))

    assert found.address == Address(street="side", city="there")
    assert ann.address == Address(street="main", city="there")


def test_partial_model_where_nothing_was_must_be_whole() -> None:
    ann = Person(name="ann")

    found = apply(ann, read(DeepPartial[Person], address={"street": "side"}))
    assert type(found.address) is Address
    assert found.address == Address(street="side")
    assert found.address.model_fields_set == {"street"}

    with pytest.raises(RequestValidationError) as caught:
        apply(ann, read(DeepPartial[Person], address={"city": "there"}))
    assert caught.value.errors() == [
        {
            "type": "missing",
            "loc": ("body", "address", "street"),
            "msg": "Field required",
            "input": {"city": "there"},
        }
    ]


def test_null_takes_a_model_away() -> None:
    ann = Person(name="ann", address=Address(street="main"))

    assert apply(ann, read(DeepPartial[Person], address=None)).address is None


def test_models_that_name_themselves_go_as_deep_as_they_are() -> None:
    tree = Tree(value=1, left=Tree(value=2, left=Tree(value=3)))

    found = apply(tree, read(DeepPartial[Tree], left={"left": {"value": 30}}))

    assert found == Tree(value=1, left=Tree(value=2, left=Tree(value=30)))
    with pytest.raises(ValidationError, match="leaves"):
        read(DeepPartial[Tree], leaves=[{}])


def test_deep_schema_names_partial_models_in_fields_and_whole_ones_in_lists() -> None:
    schema = TypeAdapter(DeepPartial[Tree]).json_schema()

    assert set(schema["$defs"]) == {"Tree", "TreePartial"}
    left = schema["$defs"]["TreePartial"]["properties"]["left"]
    assert left["anyOf"][0] == {"$ref": "#/$defs/TreePartial"}


def test_union_that_is_told_apart_stays_whole() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int = 9

    class Dog(BaseModel):
        kind: Literal["dog"]

    class Home(BaseModel):
        pet: Cat | Dog = Field(discriminator="kind")
        since: date = date(2026, 1, 1)

    assert read(DeepPartial[Home], pet={"kind": "cat"}).pet == Cat(kind="cat")
    assert read(DeepPartial[Home]).model_dump() == {}


@pytest.mark.parametrize("wrong", [int, "Person", list[Person], RootModel[int], None])
def test_only_models_with_fields_have_a_partial_form(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match="there is no partial form"):
        Partial[wrong]


def test_partial_of_another_model_is_refused() -> None:
    with pytest.raises(TypeError, match="not 'Address' and 'PersonPartial'"):
        apply(Address(street="main"), read(Partial[Person]))
    with pytest.raises(TypeError, match="not 'Person' and 'Person'"):
        apply(Person(name="ann"), Person(name="bob"))


def test_partial_of_a_parent_is_put_on_its_child() -> None:
    class Worker(Person):
        job: str

    found = apply(Worker(name="ann", job="cook"), read(Partial[Person], age=4))

    assert found == Worker(name="ann", job="cook", age=4)


def test_type_checkers_see_the_model() -> None:
    def patch(sent: Partial[Person]) -> None:
        assert_type(sent.age, int)
        assert_type(apply(Person(name="ann"), sent), Person)

    patch(read(Partial[Person], age=3))


def test_models_that_nobody_uses_go() -> None:
    def use() -> weakref.ref[type[BaseModel]]:
        class Short(BaseModel):
            name: str

        apply(Short(name="a"), read(Partial[Short], name="b"))
        return weakref.ref(Short)

    model = use()
    for _ in range(3):  # what was made of it goes first
        gc.collect()

    assert model() is None
