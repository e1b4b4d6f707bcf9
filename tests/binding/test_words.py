"""Mistakes are told in the words of the program: Trivet's, or FastAPI's for programs of FastAPI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from trivet import App, Depends, Query, Request, Router
from trivet.dropin.fastapi import APIRouter, FastAPI
from trivet.errors import DeclarationError


def nothing() -> None: ...


def marked_request(request: Annotated[Request, Query()]) -> None: ...


def marked_and_given(value: Annotated[int, Query()] = Depends(nothing)) -> None: ...


def marked_twice(value: Annotated[int, Query()] = Query()) -> None: ...


CASES: list[tuple[Callable[..., Any], str, str]] = [
    (
        marked_request,
        r"^Cannot specify a marker for type <class '.*Request'>",
        r"^Cannot specify FastAPI annotation for type <class '.*Request'>",
    ),
    (
        marked_and_given,
        r"^Cannot specify a marker in `Annotated` and `Depends` as a default value together",
        r"^Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value",
    ),
    (
        marked_twice,
        r"^Cannot specify markers in `Annotated` and default value together for 'value'",
        r"^Cannot specify FastAPI annotations in `Annotated` and default value together",
    ),
]


@pytest.mark.parametrize(("handler", "ours", "theirs"), CASES)
def test_mistake_of_a_marker(handler: Callable[..., Any], ours: str, theirs: str) -> None:
    with pytest.raises(DeclarationError, match=ours):
        App().get("/")(handler)
    with pytest.raises(DeclarationError, match=theirs) as raised:
        FastAPI().get("/")(handler)
    with pytest.raises(DeclarationError, match=theirs):
        FastAPI().websocket("/")(handler)

    assert raised.value.where is not None


@pytest.mark.parametrize(
    ("kind", "named"), [(Router, "the same router"), (APIRouter, "the same APIRouter instance")]
)
def test_router_in_itself(kind: type[Router], named: str) -> None:
    router = kind()

    with pytest.raises(DeclarationError, match=f"Cannot include {named} into itself"):
        router.include_router(router)


@pytest.mark.parametrize(
    ("kind", "named"), [(Router, "a router that"), (APIRouter, "an APIRouter instance that")]
)
def test_routers_in_a_circle(kind: type[Router], named: str) -> None:
    outer, inner = kind(), kind()
    outer.include_router(inner, prefix="/inner")

    with pytest.raises(DeclarationError, match=f"Cannot include {named} already includes this"):
        inner.include_router(outer, prefix="/outer")
