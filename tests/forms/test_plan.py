"""What a model cannot be as a form is told at once."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, create_model

from trivet.errors import SetupError
from trivet.forms import Form, Input, Textarea
from trivet.forms.plan import plan_of


class Tree(BaseModel):
    branches: list[Tree] = []


@pytest.mark.parametrize(
    ("annotation", "default", "code"),
    [
        (dict[str, int], ..., "forms.no-widget"),
        (list[Any], ..., "forms.no-widget"),
        (int | str, ..., "forms.no-widget"),
        (str, Field(validation_alias=AliasPath("a", 0)), "forms.alias"),
        (Tree, ..., "forms.too-deep"),
        (Annotated[str, Input(onclick="x")], ..., "forms.attribute"),
        (Annotated[str, Input(**{"a b": "x"})], ..., "forms.attribute"),
    ],
)
def test_what_no_form_fits_is_told(annotation: Any, default: Any, code: str) -> None:
    model = create_model("One", x=(annotation, default))

    with pytest.raises(SetupError) as caught:
        Form(model)

    assert caught.value.code == code


def test_any_type_has_the_input_that_it_names() -> None:
    model = create_model("One", x=(Annotated[dict[str, int], Textarea()], ...))

    assert [leaf.name for leaf in plan_of(model).leaves()] == ["x"]


def test_first_of_several_names_is_taken() -> None:
    choices = AliasChoices(AliasPath("a", 0), "b", "c")
    model = create_model("One", x=(str, Field(validation_alias=choices)))

    assert [leaf.key for leaf in plan_of(model).leaves()] == ["b"]


def test_model_is_read_once() -> None:
    model = create_model("One", x=(str, ...))

    assert plan_of(model) is plan_of(model)


def test_factory_is_asked_for_each_form() -> None:
    counted = iter(range(10))
    model = create_model("One", x=(int, Field(default_factory=lambda: next(counted))))

    first, second = Form(model)["x"], Form(model)["x"]

    assert (first.raw, second.raw) == ("0", "1")  # type: ignore[union-attr]
