"""Types that Pydantic does not know by itself: msgspec structs, attrs classes, and others' own.

`adapted` gives an annotation in which each of them carries its validator, its serializer and its
JSON Schema. No library is imported unless a program's own types come from it: a class is
recognized by what its library writes into it. A higher shelf adds a kind of its own by `recognize`.
"""

from __future__ import annotations

import types
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from trivet.schema.annotations import is_union

__all__ = ["adapted", "fields_in", "recognize"]

# What a library writes into its classes, and the module here that describes them.
_SIGNS = {
    "__struct_fields__": "trivet.schema.structs",
    "__attrs_attrs__": "trivet.schema.attrs_classes",
}


def recognize(sign: str, module: str) -> None:
    """Know classes that have the attribute `sign` by what `module` says of them.

    The module has a `MARK`, metadata of an annotation with Pydantic's
    `__get_pydantic_core_schema__`, and `fields_in(kind)`, its fields as Pydantic describes its own.
    """
    _SIGNS[sign] = module


def adapted(annotation: Any) -> Any:
    """Give `annotation` with foreign types made known to Pydantic; unchanged where there are none.

    It looks through unions, `Annotated`, aliases and what stands in square brackets.
    """
    origin = get_origin(annotation)
    if origin is None:
        if isinstance(annotation, TypeAliasType):
            return _whole(annotation, annotation.__value__)
        return _marked(annotation, annotation) if isinstance(annotation, type) else annotation
    if origin is Annotated:
        inner = adapted(annotation.__origin__)
        if inner is annotation.__origin__:
            return annotation
        return Annotated[(inner, *annotation.__metadata__)]
    if origin is type:  # the class itself is the value
        return annotation
    if isinstance(origin, type) and _module_of(origin) is not None:
        return _marked(origin, annotation)
    arguments = get_args(annotation)
    found = tuple(_argument(one) for one in arguments)
    if all(new is old for new, old in zip(found, arguments, strict=True)):
        return annotation
    if is_union(annotation):
        return reduce(or_, found)
    return origin[found[0] if len(found) == 1 else found]


def fields_in(kind: type) -> dict[str, FieldInfo]:
    """Give the fields of a foreign class as Pydantic describes its own, by their names."""
    module = _module_of(kind)
    assert module is not None, "only asked for classes that have a sign"
    return import_module(module).fields_in(kind)  # type: ignore[no-any-return]


def _argument(argument: Any) -> Any:
    # The parameters of a Callable are a list; nothing in it is validated.
    return argument if isinstance(argument, list) else adapted(argument)


def _whole(annotation: Any, value: Any) -> Any:
    found = adapted(value)
    return annotation if found is value else found


def _marked(kind: type, annotation: Any) -> Any:
    module = _module_of(kind)
    if module is None:
        return annotation
    return Annotated[annotation, import_module(module).MARK]


def _module_of(kind: type) -> str | None:
    if isinstance(kind, types.GenericAlias):
        return None
    for sign, module in _SIGNS.items():
        if hasattr(kind, sign):
            return module
    return None
