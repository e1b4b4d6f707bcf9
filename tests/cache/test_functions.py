"""Results of functions, kept by their arguments."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Annotated, Any, assert_type

import pytest
from pydantic import BaseModel

from trivet import App, Depends, Request
from trivet.cache import Cache, CacheKeyError, CacheValueError, cached
from trivet.errors import DeclarationError
from trivet.testing import TestClient


class Product(BaseModel):
    id: int
    name: str


@dataclass
class Plain:
    id: int


@pytest.fixture
def cache() -> Cache:
    return Cache()


async def test_a_result_is_computed_once_for_equal_arguments(cache: Cache) -> None:
    calls: list[tuple[int, str]] = []

    @cached(cache, ttl=60)
    async def product(id: int, name: str = "lamp") -> Product:
        calls.append((id, name))
        return Product(id=id, name=name)

    found = [await product(1), await product(id=1), await product(1, "lamp"), await product(1, "x")]

    assert found == [Product(id=1, name="lamp")] * 3 + [Product(id=1, name="x")]
    assert calls == [(1, "lamp"), (1, "x")]


async def test_what_is_given_is_the_same_the_first_time_and_later(cache: Cache) -> None:
    @cached(cache)
    async def untyped():  # type: ignore[no-untyped-def]  # as users write it
        return Plain(1)

    @cached(cache)
    async def typed() -> list[Plain]:
        return [Plain(1)]

    assert [await untyped() for _ in range(2)] == [{"id": 1}] * 2
    assert [await typed() for _ in range(2)] == [[Plain(1)]] * 2
    assert await typed() is not await typed()


async def test_a_plain_function_is_awaited_and_runs_on_a_worker_thread(cache: Cache) -> None:
    threads: list[str] = []

    @cached(cache)
    def heavy(number: int) -> int:
        threads.append(threading.current_thread().name)
        return number * 2

    assert [await heavy(2), await heavy(2)] == [4, 4]
    assert threads != [threading.current_thread().name]
    assert len(threads) == 1


async def test_results_are_invalidated_and_refreshed_one_by_one(cache: Cache) -> None:
    calls = 0

    @cached(cache)
    async def count(name: str) -> int:
        nonlocal calls
        calls += 1
        return calls

    assert [await count("a"), await count("b")] == [1, 2]
    await count.invalidate("a")
    assert [await count("a"), await count("b")] == [3, 2]
    assert await count.refresh("b") == 4
    assert await count("b") == 4
    assert await count.function("b") == 5


async def test_tags_may_be_made_of_the_arguments(cache: Cache) -> None:
    calls = 0

    @cached(cache, tags=lambda id: ["all", f"p:{id}"])
    async def count(id: int) -> int:
        nonlocal calls
        calls += 1
        return calls

    assert [await count(1), await count(2)] == [1, 2]
    await cache.delete_tags("p:1")
    assert [await count(1), await count(2)] == [3, 2]


async def test_arguments_that_make_no_difference_are_left_out(cache: Cache) -> None:
    @cached(cache, leave_out=["request"])
    async def one(id: int, request: Request | None) -> int:
        return id

    @cached(cache, key=lambda request: request["path"])
    async def two(request: Any) -> int:
        return len(request)

    assert await one(1, None) == await one(1, Request({"type": "http"}))
    assert await two({"path": "/"}) == await two({"path": "/", "more": object()}) == 1


async def test_methods_are_cached_by_what_their_author_says(cache: Cache) -> None:
    class Shop:
        def __init__(self, name: str) -> None:
            self.name = name

        @cached(cache, key=lambda self, id: (self.name, id))
        async def product(self, id: int) -> str:
            return f"{self.name} {id}"

    assert await Shop("a").product(1) == "a 1"
    assert await Shop("b").product(1) == "b 1"


@pytest.mark.parametrize("annotation", [Request, "Request", Request | None, list[App]])
def test_types_without_a_stable_key_are_refused_when_they_are_declared(
    cache: Cache, annotation: Any
) -> None:
    async def product(id: int, given: Any) -> None: ...

    product.__annotations__["given"] = annotation
    with pytest.raises(DeclarationError) as caught:
        cached(cache)(product)

    assert caught.value.code == "cache.no-key"
    assert __file__ in (caught.value.where or "")
    assert 'leave_out=["given"]' in (caught.value.mend or "")


async def test_types_are_those_of_the_function(cache: Cache) -> None:
    @cached(cache)
    async def slow(id: int, *, name: str = "lamp") -> Product:
        return Product(id=id, name=name)

    @cached(cache)
    def plain(id: int) -> list[int]:
        return [id]

    assert_type(await slow(1, name="x"), Product)
    assert_type(await slow.refresh(1), Product)
    assert_type(await plain(1), list[int])
    assert_type(await cache.get("a", Product), Product | None)
    assert_type(await cache.get_or_set("a", lambda: 1, int), int)
    await slow.invalidate("1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await slow(1, "x")  # type: ignore[call-arg]


def test_self_is_refused_and_so_is_a_name_that_is_not_there(cache: Cache) -> None:
    with pytest.raises(DeclarationError, match="`self`"):

        class Shop:
            @cached(cache)
            async def product(self, id: int) -> None: ...

    with pytest.raises(DeclarationError, match="leave_out names 'other'"):

        @cached(cache, leave_out=["other"])
        async def product(id: int) -> None: ...


async def test_values_without_a_stable_key_are_refused_when_they_are_given(cache: Cache) -> None:
    @cached(cache)
    async def product(id) -> None: ...  # type: ignore[no-untyped-def]  # as users write it

    with pytest.raises(CacheKeyError, match="no stable key"):
        await product(object())
    with pytest.raises(TypeError, match="id"):
        await product()


async def test_results_that_do_not_fit_their_type_are_refused(cache: Cache) -> None:
    @cached(cache)
    async def product() -> Product:
        return {"id": 1}  # type: ignore[return-value]

    with pytest.raises(CacheValueError):
        await product()


async def test_what_another_version_of_the_program_has_kept_is_computed_anew(cache: Cache) -> None:
    @cached(cache, key=lambda: "same")
    async def product() -> Product:
        return Product(id=1, name="new")

    await cache.get_or_set("other", lambda: "x", str)
    name = product.key()
    await cache.computed(name, lambda: {"id": 1}, None, product._wanted)

    assert await product() == Product(id=1, name="new")
    assert await product() == Product(id=1, name="new")


async def test_what_computes_a_value_cannot_ask_for_it_itself(cache: Cache) -> None:
    @cached(cache)
    async def endless(number: int) -> int:
        return await endless(number)

    with pytest.raises(RuntimeError, match="asks for it itself"):
        await asyncio.wait_for(endless(1), 5)


@cached(Cache())
async def settings(language: str = "en") -> dict[str, str]:
    return {"language": language}


def test_a_cached_function_is_a_dependency_like_any_other() -> None:
    app = App()

    @app.get("/")
    async def handler(found: Annotated[dict[str, str], Depends(settings)]) -> dict[str, str]:
        return found

    client = TestClient(app)

    assert client.get("/?language=de").json() == {"language": "de"}
    assert client.get("/").json() == {"language": "en"}


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
async def test_times_that_are_none_are_refused(cache: Cache, ttl: float) -> None:
    with pytest.raises(ValueError, match="no time to live"):
        await cache.set("a", 1, ttl=ttl)
    with pytest.raises(ValueError, match="no time to live"):
        cached(cache, ttl=ttl)


def test_names_of_namespaces_are_plain(cache: Cache) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        cache.namespace("a:b")
    with pytest.raises(ValueError, match="letters, digits"):
        Cache(prefix="a b")
    with pytest.raises(ValueError, match="no time"):
        cached(cache, stale=-1)
