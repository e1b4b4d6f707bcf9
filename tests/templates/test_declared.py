"""Which return types say what is in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel

from trivet.templates.declared import says_what_is_in_it


class Post(BaseModel):
    title: str


@pytest.mark.parametrize(
    "model",
    [
        Post, str, Post | None, dict[str, Post], dict[str, list[Post] | None], tuple[int, ...],
        Annotated[Post, {"any": Any}], Literal["a", "b"], Mapping[str, Literal[1]],
    ],
)  # fmt: skip
def test_types_that_say_it(model: Any) -> None:
    assert says_what_is_in_it(model)


@pytest.mark.parametrize(
    "model",
    [
        None, Any, object, dict, list, Mapping, dict[str, Any], dict[str, list[Any]],
        Post | dict[str, Any], Annotated[Any, "a post"], list[dict], tuple[Post, object],
    ],
)  # fmt: skip
def test_types_that_do_not(model: Any) -> None:
    assert not says_what_is_in_it(model)
