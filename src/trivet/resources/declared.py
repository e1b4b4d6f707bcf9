"""What a resource is declared by: a class with options and hooks, or `resource()` with a model.

All of it is data until `resource()` reads it; nothing here serves.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, TypedDict, TypeVar, cast, get_args, get_origin

from trivet.binding.params import Depends
from trivet.db import Query
from trivet.errors import SetupError, place_of
from trivet.resources.access import Asking, Permissions
from trivet.resources.paging import CursorPages, Pages
from trivet.routing.when import HeaderIs

__all__ = ["Declared", "Resource", "ResourceOptions", "declared"]

Row = TypeVar("Row")


class ResourceOptions(TypedDict, total=False):
    """What `resource()` takes; a class has the same as attributes, where they are explained."""

    prefix: str | None
    tags: Sequence[str] | None
    operations: Sequence[str]
    shown: Sequence[Any] | None
    hidden: Sequence[Any]
    writable: Sequence[Any] | None
    filters: Sequence[Any] | None
    search: Sequence[Any]
    orders: Sequence[Any]
    order: Any
    include: Any
    sparse: bool
    pages: Pages
    bulk: int
    under: Any
    open_writing: bool
    permissions: Permissions | None
    must_match: bool
    exports: bool
    browsable: bool
    dependencies: Sequence[Depends]
    deprecated: datetime | None
    sunset: datetime | None
    successor: str | None
    when: HeaderIs | None


class Resource(Generic[Row]):
    """Rows of a model over HTTP; subclass it to say more: ``class Posts(Resource[Post])``.

    Attributes are the options, methods the hooks; both may be left out. Columns and relations are
    named by attribute (``Post.title``) or text. An instance serves all requests: it keeps nothing
    of one.
    """

    model: ClassVar[Any] = None
    """The mapped class; what stands in the brackets of `Resource[…]`."""
    prefix: ClassVar[str | None] = None
    """Where it is served; by rule `/posts` for `Post`."""
    tags: ClassVar[Sequence[str] | None] = None
    """Groups in the document; by rule the name of the prefix."""
    operations: ClassVar[Sequence[str]] = ("list", "read", "create", "replace", "change", "delete")
    """What is served."""
    shown: ClassVar[Sequence[Any] | None] = None
    """Columns that are shown; by rule all but the private ones. Keys always are."""
    hidden: ClassVar[Sequence[Any]] = ()
    """Columns that are not shown."""
    writable: ClassVar[Sequence[Any] | None] = None
    """Columns that clients may write; by rule all that are not private, keys, or made by a function
    or the database."""
    filters: ClassVar[Sequence[Any] | None] = None
    """What may be filtered by; by rule unique columns and references."""
    search: ClassVar[Sequence[Any]] = ()
    """Columns of texts in which `?search=` looks for words."""
    orders: ClassVar[Sequence[Any]] = ()
    """Columns by which a client may order."""
    order: ClassVar[Any] = ()
    """The order where none is asked for, such as `["-created"]`; by key without it."""
    include: ClassVar[Any] = ()
    """Relations that `?include=` may ask for, as a list or as a mapping to their shown columns."""
    sparse: ClassVar[bool] = False
    """True where `?fields=` may ask for some fields alone; the document then requires none."""
    pages: ClassVar[Pages] = CursorPages()
    """How lists come in parts: `CursorPages`, `NumberedPages` or `OffsetPages`."""
    bulk: ClassVar[int] = 0
    """How many rows may be created, changed or deleted by one request; 0 for none of it."""
    under: ClassVar[Any] = None
    """A relation to one, below whose row the resource stands: `/authors/{author_id}/posts`."""
    open_writing: ClassVar[bool] = False
    """True where everybody may write in an application without accounts."""
    permissions: ClassVar[Permissions | None] = None
    """What says who may do what; by rule the application's accounts."""
    must_match: ClassVar[bool] = False
    """True where whoever writes a row must say by If-Match which one they have seen (428)."""
    exports: ClassVar[bool] = True
    """True where lists are streamed as CSV or JSON lines to who asks for it."""
    browsable: ClassVar[bool] = True
    """True where a person who opens the address in a browser is shown a page."""
    dependencies: ClassVar[Sequence[Depends]] = ()
    """Dependencies of all routes, such as `Depends(RateLimit("100/minute"))`."""
    deprecated: ClassVar[datetime | None] = None
    """The moment from which it should not be used any more; answers say so (RFC 9745)."""
    sunset: ClassVar[datetime | None] = None
    """The moment at which it goes away; answers say so (RFC 8594)."""
    successor: ClassVar[str | None] = None
    """The address of what comes in its place."""
    when: ClassVar[HeaderIs | None] = None
    """What a header must say for these routes to answer: `HeaderIs("API-Version", "2")`."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        for base in getattr(cls, "__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Resource):
                (model,) = get_args(base)
                if not isinstance(model, TypeVar):
                    cls.model = model

    # -- hooks -----------------------------------------------------------------------------------

    def query(self, asking: Asking) -> Query[Any]:
        """Give the rows that there are, before permissions and filters narrow them."""
        return cast("Query[Any]", self.model.all())

    async def before_create(self, values: dict[str, Any], asking: Asking) -> None:
        """Change or add values of a new row, or raise `HTTPException`."""

    async def after_create(self, row: Any, asking: Asking) -> None:
        """Do what belongs to a new row, in its transaction."""

    async def before_change(self, row: Any, values: dict[str, Any], asking: Asking) -> None:
        """Change or add to the values that a row gets; `row` is as it was, and is held."""

    async def after_change(self, row: Any, asking: Asking) -> None:
        """Do what belongs to a changed row, in its transaction."""

    async def before_delete(self, row: Any, asking: Asking) -> None:
        """Look at a row that is to be deleted, or raise `HTTPException`."""

    async def after_delete(self, row: Any, asking: Asking) -> None:
        """Do what belongs to a deleted row, in its transaction."""


@dataclass(frozen=True)
class Declared:
    """A declaration as it was read: its instance, whose methods are the hooks, and its options."""

    resource: Resource[Any]
    options: Any
    """The options as attributes, each as it was written."""
    where: str | None


def declared(what: Any, options: Mapping[str, Any], depth: int = 2) -> Declared:
    """Read a declaration; raises `SetupError`."""
    frame = sys._getframe(depth)
    where: str | None = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    for name in options:
        if name not in ResourceOptions.__annotations__:
            near = get_close_matches(name, ResourceOptions.__annotations__, n=1)
            raise SetupError(
                f"resource() has no option {name!r}",
                code="resources.option",
                where=where,
                mend=f"{near[0]}=…"
                if near
                else f"one of: {', '.join(ResourceOptions.__annotations__)}",
            )
    if isinstance(what, type) and issubclass(what, Resource):
        place = place_of(cast("Callable[..., Any]", what))
        if "file" in place:
            where = f"{place['file']}:{place['line']}"
        _check_attributes(what, where)
        made: Any = type(what.__name__, (what,), {**options, "__module__": what.__module__})
    else:
        made = type(
            f"{getattr(what, '__name__', 'Unnamed')}Resource",
            (Resource,),
            {**options, "model": what},
        )
    if not hasattr(made.model, "__mapper__"):
        raise SetupError(
            f"{made.model!r} is no model, and a resource is made of one",
            code="resources.model",
            where=where,
            mend="resource(Post), or: class Posts(Resource[Post]): ...",
        )
    # Statically: an attribute of a model is a descriptor, and would take the resource for a row.
    read = {name: inspect.getattr_static(made, name) for name in ResourceOptions.__annotations__}
    return Declared(made(), SimpleNamespace(**read), where)


def _check_attributes(cls: type[Resource[Any]], where: str | None) -> None:
    """Refuse an attribute that looks like a misspelt option; methods are the class's own affair."""
    known = [*ResourceOptions.__annotations__, "model"]
    for one in cls.__mro__[: cls.__mro__.index(Resource)]:
        for name, value in vars(one).items():
            is_own = name.startswith("_") or name in known or callable(value)
            near = [] if is_own else get_close_matches(name, known, n=1, cutoff=0.8)
            if near and not isinstance(value, property | classmethod | staticmethod):
                raise SetupError(
                    f"{cls.__name__} has an attribute {name!r}, and no option is called so",
                    code="resources.option",
                    where=where,
                    mend=f"{near[0]} = …",
                )
