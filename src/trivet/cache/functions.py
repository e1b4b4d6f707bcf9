"""Results of functions, kept by their arguments: `@cached(cache, ttl=60)`.

A result's key is the function's own name and its arguments as they are bound, defaults included,
each with its type (`keys.py`). Every argument counts. What has no stable key (a request, a session,
`self`) is refused where its annotation says what it is, and otherwise at the call: leave it out by
name, where the result does not depend on it, or say the key.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from trivet.binding.signature import return_annotation, typed_signature
from trivet.cache.keys import digest, has_key, written
from trivet.cache.namespace import Namespace, Ttl, Wanted, seconds, stale_seconds
from trivet.errors import DeclarationError, place_of

__all__ = ["Cached", "cached"]

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Cached(Generic[Given, Result]):
    """A function whose results are kept; called as the function itself, and awaited."""

    def __init__(
        self,
        cache: Namespace,
        function: Callable[Given, Any],
        key: Callable[Given, object] | None,
        leave_out: Sequence[str],
        tags: Sequence[str] | Callable[Given, Sequence[str]],
        wanted: Wanted,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._cache = cache
        self._key = key
        self._tags = tags
        self._wanted = wanted
        self._signature = inspect.signature(function)
        parameters = self._signature.parameters.values()
        is_plain = all(one.kind is one.POSITIONAL_OR_KEYWORD for one in parameters)
        self._names = tuple(self._signature.parameters) if is_plain else None
        self._leave_out = frozenset(leave_out)
        kind = return_annotation(function)
        self._kind = None if kind in (None, Any) else kind
        self._name = f"{function.__module__}.{function.__qualname__}"
        if key is None:
            _check(function, self._leave_out)

    async def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        return await self._computed(False, *args, **kwargs)

    async def refresh(self, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        """Compute the result anew, keep it, and give it."""
        return await self._computed(True, *args, **kwargs)

    async def invalidate(self, *args: Given.args, **kwargs: Given.kwargs) -> None:
        """Delete the result for these arguments."""
        await self._cache.delete_names([self.key(*args, **kwargs)])

    def key(self, *args: Given.args, **kwargs: Given.kwargs) -> str:
        """Give the key in the store for these arguments; raises `CacheKeyError`."""
        if self._key is not None:
            said = written(self._key(*args, **kwargs))
        else:
            given = self._arguments(args, kwargs)
            said = written([pair for pair in given if pair[0] not in self._leave_out])
        return self._cache.call_name(self._name, digest(said))

    def _arguments(self, args: Any, kwargs: Any) -> Iterable[tuple[str, Any]]:
        """Give every argument by its name, defaults included."""
        names = self._names
        if names is not None and not kwargs and len(args) == len(names):
            return zip(names, args, strict=True)  # a third of what binding costs
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments.items()

    async def _computed(self, anew: bool, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        wanted = self._wanted
        if callable(self._tags):
            wanted = Wanted(wanted.ttl, wanted.stale, tuple(self._tags(*args, **kwargs)))
        make = functools.partial(self.function, *args, **kwargs)
        found: Result = await self._cache.computed(
            self.key(*args, **kwargs), make, self._kind, wanted, anew=anew
        )
        return found

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Bind as a method does."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<cached {self._name}>"


class Caching:
    """What `cached` gives: the decorator, for functions of either kind."""

    def __init__(self, **options: Any) -> None:  # Any: those of `cached`
        self._options = options

    @overload
    def __call__(
        self, function: Callable[Given, Awaitable[Result]], /
    ) -> Cached[Given, Result]: ...

    @overload
    def __call__(self, function: Callable[Given, Result], /) -> Cached[Given, Result]: ...

    def __call__(self, function: Callable[..., Any], /) -> Cached[..., Any]:
        """Give the function with its results kept; raises `DeclarationError`."""
        return Cached(function=function, **self._options)


def cached(
    cache: Namespace,
    *,
    ttl: Ttl | None = None,
    stale: Ttl = 0.0,
    key: Callable[..., object] | None = None,
    leave_out: Sequence[str] = (),
    tags: Sequence[str] | Callable[..., Sequence[str]] = (),
) -> Caching:
    """Keep what a function gives, by its arguments, for `ttl` seconds.

    What is cached is awaited: a plain function runs on a worker thread where it may block. The
    return annotation says how results are read; without one they come as JSON has them. `key` gives
    what a result is found by, in place of all arguments, and `leave_out` names arguments that make
    no difference. `tags` may be a function of the arguments. Raises `DeclarationError` for
    parameters that have no stable key.
    """
    return Caching(
        cache=cache,
        key=key,
        leave_out=leave_out,
        tags=tags if callable(tags) else tuple(tags),
        wanted=Wanted(
            seconds(ttl, cache.ttl), stale_seconds(stale), () if callable(tags) else tuple(tags)
        ),
    )


def _check(function: Callable[..., Any], leave_out: frozenset[str]) -> None:
    """Refuse parameters of types that have no key, and names that are not there."""
    parameters = typed_signature(function).parameters
    for name in leave_out - parameters.keys():
        raise _wrong(
            function,
            f"leave_out names {name!r}, which {function.__qualname__} does not have",
            f"one of {', '.join(parameters)}",
        )
    for index, (name, parameter) in enumerate(parameters.items()):
        if name in leave_out:
            continue
        is_own = index == 0 and name in ("self", "cls") and "." in function.__qualname__
        if is_own or not has_key(parameter.annotation):
            kind = getattr(parameter.annotation, "__qualname__", parameter.annotation)
            what = f"`{name}`" if is_own else f"`{name}: {kind}`"
            raise _wrong(
                function,
                f"{function.__qualname__} cannot be cached by {what}, which has no stable key",
                f'leave_out=["{name}"] where the result does not depend on it, or'
                f" key=lambda {', '.join(parameters)}: … with what it depends on",
            )


def _wrong(function: Callable[..., Any], what: str, mend: str) -> DeclarationError:
    place = place_of(function)
    where = f"{place['file']}:{place['line']}" if "file" in place else None
    return DeclarationError(what, code="cache.no-key", where=where, mend=mend)
