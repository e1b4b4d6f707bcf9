"""No function is taken for harmless that could block the loop or give control away."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from trivet.binding.instant import may_block, may_suspend

SHARED = {"a": 1}


# -- functions that only compute with what is there ----------------------------------------------


def constant() -> dict[str, str]:
    return {"hello": "world"}


def of_arguments(q: str | None, skip: int = 0, limit: int = 100) -> dict[str, Any]:
    return {"q": q, "skip": skip, "limit": limit}


def with_lists(x: Any) -> Any:
    return [1, 2, 3, 4], (x, x), [x]


def with_a_question(x: Any) -> Any:
    if x is None:
        return {"a": 1}
    return {"b": x}


def with_identity(x: Any, y: Any) -> Any:
    return 1 if x is y else 2


def of_a_global() -> Any:
    return SHARED


class Plain:
    def __init__(self, q: str | None = None, skip: int = 0) -> None:
        self.q = q
        self.skip = skip


class Slotted:
    __slots__ = ("q",)

    def __init__(self, q: int = 1) -> None:
        self.q = q


class Empty:
    pass


@dataclasses.dataclass
class Record:
    q: str
    skip: int = 0


class PlainCallable:
    def __call__(self, q: int) -> Any:
        return q

    def method(self, q: int) -> Any:
        return q


@pytest.mark.parametrize(
    "function",
    [
        constant,
        of_arguments,
        with_lists,
        with_a_question,
        with_identity,
        of_a_global,
        lambda: None,
        Plain,
        Slotted,
        Empty,
        Record,
        PlainCallable(),
        PlainCallable().method,
        functools.partial(of_arguments, skip=1),
        functools.partial(functools.partial(of_arguments, skip=1), limit=2),
    ],
)
def test_functions_that_only_compute_need_no_thread(function: Callable[..., Any]) -> None:
    assert not may_block(function)


# -- functions that may do anything ---------------------------------------------------------------


def calls() -> Any:
    time.sleep(0)


def looks_up(x: Any) -> Any:
    return x.attribute


def subscripts(x: Any) -> Any:
    return x["a"]


def adds(x: Any, y: Any) -> Any:
    return x + y


def adds_in_place(x: Any, y: Any) -> Any:
    x += y
    return x


def compares(x: Any, y: Any) -> Any:
    return x == y


def contains(x: Any, y: Any) -> Any:
    return x in y


def negates(x: Any) -> Any:
    return -x


def takes_a_truth(x: Any) -> Any:
    if x:
        return 1
    return 2


def takes_a_falsehood(x: Any) -> Any:
    return not x


def chooses(x: Any) -> Any:
    return x or 1


def both(x: Any, y: Any) -> Any:
    return x and y


def asserts(x: Any) -> None:
    assert x


def spreads_a_list(x: Any) -> Any:
    return [*x]


def spreads_a_tuple(x: Any) -> Any:
    return (1, *x)


def spreads_a_dict(x: Any) -> Any:
    return {**x}


def spreads_beside(x: Any) -> Any:
    return {"a": 1, **x}


def makes_a_set(x: Any) -> Any:
    return {x}


def unpacks(x: Any) -> Any:
    a, b = x
    return a, b


def loops(x: Any) -> None:
    for _ in x:
        pass


def loops_for_ever() -> None:
    while True:
        pass


def comprehends(x: Any) -> Any:
    return [y for y in x]  # noqa: C416  # a loop on purpose


def formats(x: Any) -> Any:
    return f"{x}"


def stores(x: Any) -> None:
    x.attribute = 1


def stores_an_item(x: Any) -> None:
    x["a"] = 1


def deletes(x: Any) -> None:
    del x.attribute


def enters(x: Any) -> None:
    with x:
        pass


def raises() -> None:
    raise ValueError


def imports() -> Any:
    import this_module_may_be_slow  # type: ignore[import-not-found]

    return this_module_may_be_slow


def matches(x: Any) -> Any:
    match x:
        case {"a": 1}:
            return 1
        case _:
            return 2


class CallsInInit:
    def __init__(self) -> None:
        self.at = time.time()


class WithSetattr:
    def __init__(self, q: int = 1) -> None:
        self.q = q

    def __setattr__(self, name: str, value: Any) -> None:
        time.sleep(0)


class WithProperty:
    def __init__(self, q: int = 1) -> None:
        self.q = q

    @property
    def q(self) -> int:
        return 1

    @q.setter
    def q(self, value: int) -> None:
        time.sleep(0)


class Setting:
    def __set__(self, instance: Any, value: Any) -> None:
        time.sleep(0)


class WithDescriptor:
    q = Setting()

    def __init__(self, q: int = 1) -> None:
        self.q = q


class InheritsDescriptor(WithDescriptor):
    def __init__(self, q: int = 1) -> None:
        self.q = q


class StoresOnAnother:
    def __init__(self, other: Any) -> None:
        other.q = self


class BecomesAnother:
    def __init__(self, other: Any) -> None:
        self = other
        self.q = 1


class WithNew:
    def __new__(cls) -> WithNew:
        time.sleep(0)
        return super().__new__(cls)


class Meta(type):
    def __call__(cls, *args: Any) -> Any:
        time.sleep(0)
        return super().__call__(*args)


class WithMeta(metaclass=Meta):
    pass


class OfDict(dict[str, int]):
    pass


@dataclasses.dataclass(frozen=True)
class Frozen:
    q: str


@dataclasses.dataclass
class WithFactory:
    q: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class WithPostInit:
    q: int = 1

    def __post_init__(self) -> None:
        time.sleep(0)


class SlowCallable:
    def __call__(self) -> None:
        time.sleep(0)


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0)
        return function(*args, **kwargs)

    return wrapper


def generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    "function",
    [
        calls,
        looks_up,
        subscripts,
        adds,
        adds_in_place,
        compares,
        contains,
        negates,
        takes_a_truth,
        takes_a_falsehood,
        chooses,
        both,
        asserts,
        spreads_a_list,
        spreads_a_tuple,
        spreads_a_dict,
        spreads_beside,
        makes_a_set,
        unpacks,
        loops,
        loops_for_ever,
        comprehends,
        formats,
        stores,
        stores_an_item,
        deletes,
        enters,
        raises,
        imports,
        matches,
        CallsInInit,
        WithSetattr,
        WithProperty,
        WithDescriptor,
        InheritsDescriptor,
        StoresOnAnother,
        BecomesAnother,
        WithNew,
        WithMeta,
        OfDict,
        Frozen,
        WithFactory,
        WithPostInit,
        SlowCallable(),
        decorated(constant),
        decorated(Plain),
        functools.lru_cache(constant),
        functools.partial(calls),
        functools.partial(Plain, q="x"),
        generator,
        time.sleep,
        os.listdir,
        len,
        str.upper,
        "text".upper,
        int,
        ValueError,
    ],
)
def test_functions_that_may_do_anything_go_to_a_thread(function: Callable[..., Any]) -> None:
    assert may_block(function)


# -- coroutines -----------------------------------------------------------------------------------


async def returns(x: Any = None) -> Any:
    return x


async def computes(x: Any) -> Any:
    return [str(y) for y in x], len(x)


async def awaits() -> None:
    await asyncio.sleep(0)


async def awaits_sometimes(x: Any) -> None:
    if x:
        await x


async def awaits_in_the_end() -> None:
    try:
        len("")
    finally:
        await asyncio.sleep(0)


async def iterates(x: AsyncIterator[int]) -> None:
    async for _ in x:
        pass


async def comprehends_asynchronously(x: AsyncIterator[int]) -> Any:
    return [y async for y in x]


async def comprehends_awaiting(x: Any) -> Any:
    return [await y for y in x]


async def enters_asynchronously(x: Any) -> None:
    async with x:
        pass


async def async_generator() -> AsyncIterator[int]:
    yield 1


def returns_a_coroutine() -> Any:
    return awaits()


@functools.wraps(returns)
def wrapped() -> Any:
    return awaits()


class AsyncCallable:
    async def __call__(self) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize("function", [returns, computes, functools.partial(returns, x=1)])
def test_coroutines_that_await_nothing_end_with_their_first_step(
    function: Callable[..., Any],
) -> None:
    assert not may_suspend(function)


@pytest.mark.parametrize(
    "function",
    [
        awaits,
        awaits_sometimes,
        awaits_in_the_end,
        iterates,
        comprehends_asynchronously,
        comprehends_awaiting,
        enters_asynchronously,
        async_generator,
        returns_a_coroutine,
        wrapped,
        AsyncCallable(),
        functools.partial(awaits),
        asyncio.sleep,
        len,
    ],
)
def test_coroutines_that_may_wait_are_known(function: Callable[..., Any]) -> None:
    assert may_suspend(function)
