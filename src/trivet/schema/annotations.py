"""Questions about annotations: is it a scalar, a sequence, a model, a stream?

Pure functions over types; nothing here builds a validator. Everybody who must know what an
annotation is asks here, so that binding, the document and forms answer alike.
"""

from __future__ import annotations

import types
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
from dataclasses import is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from starlette.datastructures import UploadFile as StarletteUploadFile
from typing_extensions import TypeAliasType

# How a sequence annotation is made from a list, in the order in which they are asked.
SEQUENCES: dict[type, type] = {
    Sequence: list,
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
}
_SEQUENCE_TYPES = tuple(SEQUENCES)
_STREAMS = {AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator}


def is_union(annotation: Any) -> bool:
    """Tell whether `annotation` is `X | Y`, in either spelling."""
    origin = get_origin(annotation)
    return origin is Union or origin is types.UnionType


def is_subclass(annotation: Any, classes: type | tuple[type, ...]) -> bool:
    """Tell whether `annotation` is a class below `classes`; False for what is no class at all."""
    if not isinstance(annotation, type) or isinstance(annotation, types.GenericAlias):
        return False
    return issubclass(annotation, classes)


def unalias(annotation: Any) -> Any:
    """Give what a `type` statement (PEP 695) stands for."""
    while isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    return annotation


def without_metadata(annotation: Any) -> Any:
    """Give the type below `Annotated[...]`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def is_sequence(annotation: Any) -> bool:
    """Tell whether values of `annotation` are several: a list, tuple, set, or a union with one."""
    annotation = without_metadata(annotation)
    if is_union(annotation):
        return any(is_sequence(choice) for choice in get_args(annotation))
    return _is_sequence_class(annotation) or _is_sequence_class(get_origin(annotation))


def is_scalar(annotation: Any) -> bool:
    """Tell whether a value fits into one text, as a query parameter or a header is one."""
    return annotation is Ellipsis or not _is_complex(annotation)


def is_scalar_sequence(annotation: Any) -> bool:
    """Tell whether `annotation` is a sequence whose items are scalars."""
    annotation = without_metadata(annotation)
    if is_union(annotation):
        found = False
        for choice in get_args(annotation):
            if is_scalar_sequence(choice):
                found = True
            elif not is_scalar(choice):
                return False
        return found
    return is_sequence(annotation) and all(is_scalar(item) for item in get_args(annotation))


def _every_item(annotation: Any, classes: type | tuple[type, ...]) -> bool:
    annotation = without_metadata(annotation)
    if is_union(annotation):
        return any(_every_item(choice, classes) for choice in get_args(annotation))
    return is_sequence(annotation) and all(
        is_subclass(without_metadata(item), classes) for item in get_args(annotation)
    )


def _one_or_none(annotation: Any, classes: type | tuple[type, ...]) -> bool:
    annotation = without_metadata(annotation)
    if is_union(annotation):
        return any(_one_or_none(choice, classes) for choice in get_args(annotation))
    return is_subclass(annotation, classes)


def is_upload(annotation: Any) -> bool:
    """Tell whether `annotation` is an uploaded file, perhaps an optional one."""
    return _one_or_none(annotation, StarletteUploadFile)


def is_upload_sequence(annotation: Any) -> bool:
    """Tell whether `annotation` is several uploaded files."""
    return _every_item(annotation, StarletteUploadFile)


def is_bytes(annotation: Any) -> bool:
    """Tell whether `annotation` is bytes, perhaps optional."""
    return _one_or_none(annotation, bytes)


def is_bytes_sequence(annotation: Any) -> bool:
    """Tell whether `annotation` is several bytes values."""
    return _every_item(annotation, bytes)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Give the one Pydantic model of `annotation` (alone or with None), or None."""
    annotation = _alone(annotation)
    return annotation if is_subclass(annotation, BaseModel) else None


def parameters_class_of(annotation: Any) -> type | None:
    """Give the one class of `annotation` (alone or with None) whose fields may be parameters.

    That is a Pydantic model, a struct that is an object in JSON, or an attrs class.
    """
    annotation = _alone(annotation)
    if not is_subclass(annotation, object):
        return None
    config = getattr(annotation, "__struct_config__", None)
    if config is not None:
        return None if config.array_like else annotation
    known = is_subclass(annotation, BaseModel) or hasattr(annotation, "__attrs_attrs__")
    return annotation if known else None


def _alone(annotation: Any) -> Any:
    """Give what stands in an annotation alone or with None; None where there are several."""
    annotation = without_metadata(annotation)
    if is_union(annotation):
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        return without_metadata(choices[0]) if len(choices) == 1 else None
    return annotation


def has_old_model(annotation: Any) -> bool:
    """Tell whether a model of `pydantic.v1` stands anywhere in `annotation`."""
    if any(has_old_model(argument) for argument in get_args(annotation)):
        return True
    # By name: the module warns when it is imported, and is gone on new Pythons.
    return isinstance(annotation, type) and any(
        known.__module__ == "pydantic.v1.main" and known.__qualname__ == "BaseModel"
        for known in annotation.__mro__
    )


def stream_item(annotation: Any) -> Any | None:
    """Give the item's type of an iterator or generator annotation; None where it is no stream."""
    origin = get_origin(annotation)
    if origin is None or origin not in _STREAMS:
        return None
    arguments = get_args(annotation)
    return arguments[0] if arguments else Any


def sequence_maker(annotation: Any) -> type:
    """Give the class that makes a sequence of `annotation` out of a list."""
    annotation = without_metadata(annotation)
    if is_union(annotation):
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        annotation = without_metadata(choices[0])
    origin = get_origin(annotation) or annotation
    return SEQUENCES.get(origin, list)


def _is_sequence_class(annotation: Any) -> bool:
    return is_subclass(annotation, _SEQUENCE_TYPES) and not is_subclass(annotation, (str, bytes))


def _is_complex(annotation: Any) -> bool:
    annotation = without_metadata(annotation)
    if is_union(annotation):
        return any(_is_complex(choice) for choice in get_args(annotation))
    origin = get_origin(annotation)
    return (
        _is_complex_class(annotation)
        or _is_complex_class(origin)
        or hasattr(origin, "__pydantic_core_schema__")
        or hasattr(origin, "__get_pydantic_core_schema__")
        # structs and attrs classes have fields of their own
        or hasattr(annotation, "__struct_fields__")
        or hasattr(annotation, "__attrs_attrs__")
    )


def _is_complex_class(annotation: Any) -> bool:
    return (
        is_subclass(annotation, (BaseModel, Mapping, StarletteUploadFile))
        or _is_sequence_class(annotation)
        or (isinstance(annotation, type) and is_dataclass(annotation))
    )
