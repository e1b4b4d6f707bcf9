"""Records among a command's parameters become its options, and records again when it is called."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field

import pytest
import typer

from trivet.cli.options import LoadOptions, flatten


@dataclass(frozen=True)
class Inner:
    depth: int = 1


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)


def command(outer: Outer, loud: bool = False) -> tuple[Outer, bool]:
    """Do it."""
    return outer, loud


def test_fields_stand_in_the_place_of_their_record() -> None:
    parameters = inspect.signature(flatten(command)).parameters

    assert {name: one.default for name, one in parameters.items()} == {
        "name": inspect.Parameter.empty,
        "depth": 1,
        "loud": False,
    }
    assert {one.kind for one in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert flatten(command).__doc__ == "Do it."


def test_records_are_made_again_of_what_was_given() -> None:
    made = flatten(command)(name="a", depth=3, loud=True)

    assert made == (Outer("a", Inner(3)), True)


@pytest.mark.parametrize(
    ("option", "argument", "target"),
    [(None, None, None), ("a", None, "a"), (None, "a", "a"), ("a", "a", "a")],
)
def test_target_is_the_argument_or_the_option(
    option: str | None, argument: str | None, target: str | None
) -> None:
    assert LoadOptions(app=option).target(argument) == target


def test_argument_and_option_that_differ_are_refused() -> None:
    with pytest.raises(typer.BadParameter, match="given twice"):
        LoadOptions(app="a").target("b")
