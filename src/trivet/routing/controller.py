"""Controllers: routes as methods of a class whose constructor is a dependency.

A controller is declared as a class and read as data: `Users.router()` gives an ordinary router.
Each method becomes an ordinary route: its plan has the constructor as a dependency, which is called
once for each request, however many ask for it. Nothing lives between two requests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Annotated, Any, ClassVar, TypeVar

from typing_extensions import Unpack

from trivet.binding.markers import Depends
from trivet.binding.params import Depends as Dependency
from trivet.binding.signature import return_annotation, typed_signature
from trivet.errors import DeclarationError, place_of
from trivet.routing.options import RouteOptions
from trivet.routing.router import Router, RouterOptions

__all__ = [
    "Controller",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "trace",
    "websocket",
]

Method = TypeVar("Method", bound=Callable[..., Any])

_MARK = "__trivet_routes__"


@dataclass(frozen=True, slots=True)
class _Declared:
    """One route of a method; `methods` is None for a WebSocket."""

    path: str
    methods: tuple[str, ...] | None
    options: dict[str, Any] = field(default_factory=dict)


class Controller:
    """Routes that share a prefix, options, and what their constructor is given::

        class Users(Controller, prefix="/users", tags=["users"]):
            def __init__(self, db: Annotated[Db, Depends(get_db)]) -> None:
                self.db = db

            @get("/{id}")
            async def one(self, id: int) -> User:
                return await self.db.user(id)

        app.include_router(Users.router())

    Options are those of a router. The constructor's parameters are those of any dependency: path,
    query, headers, other dependencies. A subclass inherits routes; a method that it overrides keeps
    its route, and one that is set to None loses it.
    """

    _options: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **options: Unpack[RouterOptions]) -> None:
        super().__init_subclass__()
        if "router" in cls.__dict__:
            raise _wrong(cls, "has a method `router`, which is what gives its routes", "rename it")
        cls._options = {**cls._options, **options}

    @classmethod
    def router(cls) -> Router:
        """Make a router of all routes; raises `DeclarationError` for methods that cannot serve."""
        router = Router(**cls._options)
        for name, declared in _routes_of(cls):
            endpoint = _endpoint(cls, name)
            if declared.methods is None:
                router.add_api_websocket_route(declared.path, endpoint, **declared.options)
            else:
                router.add_api_route(
                    declared.path, endpoint, methods=list(declared.methods), **declared.options
                )
        return router


def route(
    path: str, methods: Collection[str] | None = None, **options: Unpack[RouteOptions]
) -> Callable[[Method], Method]:
    """Declare a method as a route for GET, or for the methods that are named."""
    return _declaring(_Declared(path, tuple(methods or ("GET",)), {**options}))


def get(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers GET at `path`."""
    return _declaring(_Declared(path, ("GET",), {**options}))


def put(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers PUT at `path`."""
    return _declaring(_Declared(path, ("PUT",), {**options}))


def post(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers POST at `path`."""
    return _declaring(_Declared(path, ("POST",), {**options}))


def delete(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers DELETE at `path`."""
    return _declaring(_Declared(path, ("DELETE",), {**options}))


def options(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers OPTIONS at `path`."""
    return _declaring(_Declared(path, ("OPTIONS",), {**options}))


def head(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers HEAD at `path`."""
    return _declaring(_Declared(path, ("HEAD",), {**options}))


def patch(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers PATCH at `path`."""
    return _declaring(_Declared(path, ("PATCH",), {**options}))


def trace(path: str, **options: Unpack[RouteOptions]) -> Callable[[Method], Method]:
    """Declare the method that answers TRACE at `path`."""
    return _declaring(_Declared(path, ("TRACE",), {**options}))


def websocket(
    path: str, name: str | None = None, *, dependencies: Sequence[Dependency] | None = None
) -> Callable[[Method], Method]:
    """Declare the method that serves WebSockets at `path`."""
    return _declaring(_Declared(path, None, {"name": name, "dependencies": dependencies}))


def _declaring(declared: _Declared) -> Callable[[Method], Method]:
    def declare(method: Method) -> Method:
        function: Any = getattr(method, "__func__", method)  # of a static method, its function
        if not hasattr(function, "__dict__") or not callable(function):
            raise DeclarationError(
                f"@{(declared.methods or ('websocket',))[0].lower()}({declared.path!r}) stands"
                f" above {method!r}, which is no method",
                code="routing.controller",
                mend="put it directly above `def` or `async def`; a method that is itself called"
                " `get` hides the decorator from those below it, so call it otherwise",
            )
        # Decorators run from the inside out; routes are declared in the order of reading.
        setattr(function, _MARK, (declared, *function.__dict__.get(_MARK, ())))
        return method

    return declare


def _routes_of(cls: type[Controller]) -> Iterator[tuple[str, _Declared]]:
    """Give the routes by name of their method, those of base classes first."""
    found: dict[str, tuple[_Declared, ...]] = {}
    for one in reversed(cls.__mro__):
        for name, value in vars(one).items():
            declared = getattr(getattr(value, "__func__", value), _MARK, None)
            if declared is not None:
                found[name] = declared
    for name, routes in found.items():
        if getattr(cls, name) is not None:
            yield from ((name, declared) for declared in routes)


def _endpoint(cls: type[Controller], name: str) -> Callable[..., Any]:
    """Give a method as a function whose first parameter is a dependency: the controller."""
    found = inspect.getattr_static(cls, name)
    if isinstance(found, staticmethod):
        return found.__func__
    if not isinstance(found, FunctionType):
        raise _wrong(
            cls,
            f"declares a route on `{name}`, which is a {type(found).__name__}",
            "declare routes on plain methods and static methods",
        )
    signature = typed_signature(found)
    own, *others = signature.parameters.values() or [None]
    if own is None or own.kind is not own.POSITIONAL_OR_KEYWORD:
        raise _wrong(cls, f"has a method `{name}` without `self`", f"def {name}(self, …)")
    # A copy of the function itself, so that tracebacks, source and cost are those of the method.
    made = FunctionType(
        found.__code__, found.__globals__, found.__name__, found.__defaults__, found.__closure__
    )
    made.__kwdefaults__ = found.__kwdefaults__
    made.__doc__, made.__module__ = found.__doc__, found.__module__
    made.__qualname__ = found.__qualname__
    made.__annotations__ = dict(found.__annotations__)
    made.__dict__.update({key: one for key, one in vars(found).items() if key != _MARK})
    controller = own.replace(annotation=Annotated[cls, Depends(cls)])
    given = return_annotation(found)
    made.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[controller, *others],
        return_annotation=inspect.Signature.empty if given is None else given,
    )
    return made


def _wrong(cls: type[Controller], what: str, mend: str) -> DeclarationError:
    place = place_of(cls)
    return DeclarationError(
        f"The controller {cls.__qualname__} {what}",
        code="routing.controller",
        where=f"{place['file']}:{place['line']}" if "file" in place else None,
        mend=mend,
    )
