"""Tables come behind those that they refer to, and circles are cut where they may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from trivet.db.commands.order import in_order


def tables(*references: tuple[str, str, bool]) -> MetaData:
    """Make tables of references: from, to, and whether they may be NULL."""
    metadata = MetaData()
    for name in sorted({name for start, end, _ in references for name in (start, end)}):
        keys = [
            Column(f"to_{end}_{number}", ForeignKey(f"{end}.id"), nullable=is_open)
            for number, (start, end, is_open) in enumerate(references)
            if start == name
        ]
        Table(name, metadata, Column("id", Integer, primary_key=True), *keys)
    return metadata


def told(metadata: MetaData) -> list[tuple[str, list[str]]]:
    steps = in_order(metadata.tables.values())
    return [(step.table.name, [column.name for column in step.later]) for step in steps]


def test_what_is_referred_to_comes_first() -> None:
    assert told(tables(("a", "b", False), ("b", "c", True))) == [("c", []), ("b", []), ("a", [])]


def test_a_reference_to_itself_is_set_later() -> None:
    assert told(tables(("a", "a", True))) == [("a", ["to_a_0"])]


def test_a_circle_is_cut_where_it_may_be_open() -> None:
    metadata = tables(("a", "b", False), ("b", "a", True), ("b", "c", False), ("d", "a", False))

    assert told(metadata) == [("c", []), ("b", ["to_a_1"]), ("a", []), ("d", [])]


def test_a_circle_that_cannot_be_cut_comes_as_it_is() -> None:
    assert told(tables(("a", "b", False), ("b", "a", False))) == [("a", []), ("b", [])]


NAMES = some.sampled_from("abcde")


@given(some.lists(some.tuples(NAMES, NAMES, some.just(True) | some.just(True)), max_size=12))
def test_each_reference_goes_to_what_is_there_or_is_set_later(
    references: list[tuple[str, str, bool]],
) -> None:
    steps = in_order(tables(*references).tables.values())

    there: set[str] = set()
    for step in steps:
        for key in step.table.foreign_keys:
            is_there = key.column.table.name in there
            assert is_there or key.parent in step.later
        there.add(step.table.name)
    assert len(there) == len(steps)
