"""What annotations are: scalars, sequences, models, uploads, streams."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Annotated, Any, Generic, Literal, Optional, TypedDict, TypeVar, Union

import msgspec
import pytest
from pydantic import BaseModel
from pydantic import Field as Constraint
from typing_extensions import TypeAliasType

from trivet import UploadFile
from trivet.schema import annotations as asked

T = TypeVar("T")


class Model(BaseModel):
    x: int = 1


class Box(BaseModel, Generic[T]):
    item: T


class Struct(msgspec.Struct):
    x: int


@dataclasses.dataclass
class Record:
    x: int


class Typed(TypedDict):
    x: int


class Colour(enum.Enum):
    RED = "red"


Alias = TypeAliasType("Alias", list[int])


@pytest.mark.parametrize(
    "annotation",
    [
        *[int, str, bytes, float, bool, Any, Colour, datetime.date, type(None), int | None],
        *[Literal["a"], Annotated[int, Constraint(gt=1)], Optional[str], Union[int, str], ...],  # noqa: UP007, UP045  # both spellings
    ],
)
def test_scalars(annotation: Any) -> None:
    assert asked.is_scalar(annotation)
    assert not asked.is_sequence(annotation)
    assert not asked.is_scalar_sequence(annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        *[Model, Box[int], Struct, Record, Typed, dict, dict[str, int], Mapping[str, int]],
        *[list, list[int], Sequence[int], UploadFile, Model | None, int | Model, list[int] | None],
    ],
)
def test_what_is_no_scalar(annotation: Any) -> None:
    assert not asked.is_scalar(annotation)


@pytest.mark.parametrize(
    ("annotation", "is_scalar_sequence"),
    [
        (list[int], True),
        (list, True),
        (set[Colour], True),
        (frozenset[str], True),
        (tuple[int, ...], True),
        (tuple[int, str], True),
        (deque[int], True),
        (Sequence[int], True),
        (Annotated[list[int], Constraint(max_length=2)], True),
        (list[int] | None, True),
        (list[int] | int, True),
        (list[Model], False),
        (list[list[int]], False),
        (list[int] | Model, False),
    ],
)
def test_sequences(annotation: Any, is_scalar_sequence: bool) -> None:
    assert asked.is_sequence(annotation)
    assert asked.is_scalar_sequence(annotation) is is_scalar_sequence


@pytest.mark.parametrize(
    ("annotation", "model"),
    [
        (Model, Model),
        (Model | None, Model),
        (Optional[Model], Model),  # noqa: UP045
        (Annotated[Model, "x"], Model),
        (Annotated[Model, "x"] | None, Model),
        (Model | int, None),
        (Model | Box[int], None),
        (list[Model], None),
        (int, None),
    ],
)
def test_the_one_model_of_an_annotation(annotation: Any, model: Any) -> None:
    assert asked.model_of(annotation) is model


@pytest.mark.parametrize(
    "origin",
    [AsyncIterable, AsyncIterator, Iterable, Iterator],
)
def test_streams_have_items(origin: Any) -> None:
    assert asked.stream_item(origin[int]) is int
    assert asked.stream_item(origin) is None


def test_generators_are_streams_and_lists_are_not() -> None:
    assert asked.stream_item(AsyncGenerator[str, None]) is str
    assert asked.stream_item(Generator[str, None, None]) is str
    assert asked.stream_item(list[int]) is None
    assert asked.stream_item(int) is None


def test_uploads_and_bytes_alone_and_several() -> None:
    assert asked.is_upload(UploadFile)
    assert asked.is_upload(UploadFile | None)
    assert not asked.is_upload(list[UploadFile])
    assert asked.is_upload_sequence(list[UploadFile])
    assert asked.is_upload_sequence(list[UploadFile] | None)
    assert not asked.is_upload_sequence(list[bytes])
    assert asked.is_bytes(bytes | None)
    assert asked.is_bytes_sequence(list[Annotated[bytes, "x"]])
    assert not asked.is_bytes_sequence(bytes)


@pytest.mark.parametrize(
    ("annotation", "made"),
    [
        (list[int], list),
        (Sequence[int], list),
        (set[int], set),
        (tuple[int, ...], tuple),
        (deque[int] | None, deque),
        (Annotated[frozenset[int], "x"], frozenset),
    ],
)
def test_how_a_sequence_is_made(annotation: Any, made: type) -> None:
    assert asked.sequence_maker(annotation) is made


def test_aliases_stand_for_what_they_name() -> None:
    assert asked.unalias(Alias) == list[int]
    assert asked.unalias(int) is int
    assert asked.without_metadata(Annotated[Annotated[int, 1], 2]) is int
