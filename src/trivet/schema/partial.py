"""Partial models, for PATCH: what was sent and nothing else, each value as the model wants it.

`Partial[Model]` is a model of the same fields, all of which may be missing. A field that was not
sent is not there: it has no value, no default and no None. What concerns a whole model (validators
of the model, computed fields) waits until `apply` has the whole.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Self,
    TypeVar,
    get_args,
    get_origin,
)
from weakref import WeakValueDictionary

from pydantic import BaseModel, RootModel, ValidationError, create_model, model_validator
from pydantic import Field as new_field  # noqa: N813 - a function
from pydantic.fields import FieldInfo

from trivet.errors import DeclarationError, RequestValidationError
from trivet.schema.annotations import is_subclass, is_union
from trivet.schema.field import attributes_of, errors_at

__all__ = ["DeepPartial", "Partial", "apply"]

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]

# A model that nobody uses any more goes, and what was made of it.
_Made = WeakValueDictionary[type[BaseModel], type[BaseModel]]
_shallow: _Made = WeakValueDictionary()
_deep: _Made = WeakValueDictionary()
_checkers: _Made = WeakValueDictionary()


if TYPE_CHECKING:
    # To a type checker a partial model is the model: its fields have the model's types.
    Partial = Annotated[Model, "partial"]
    DeepPartial = Annotated[Model, "partial"]
else:

    class Partial:
        """`Partial[Model]`: the model with every field optional, for the body of a PATCH.

        Reading a field that was not sent raises `AttributeError`; `model_fields_set` names those
        that were, and `model_dump` gives them alone. Models in fields are whole.
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return _partial(model, _shallow, is_deep=False)

    class DeepPartial:
        """`DeepPartial[Model]`: as `Partial`, and models in fields may be partial too.

        In a list or a dictionary models stay whole: what is sent takes the place of what was there.
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return _partial(model, _deep, is_deep=True)


def apply(model: Model, partial: BaseModel) -> Model:
    """Give a copy of `model` with what `partial` has, checked by the model's own validators.

    `partial` is a `Partial` of the model's class or of one that it inherits from. Neither argument
    changes; fields are not validated a second time. Raises `RequestValidationError`, which is
    answered with 422, where the whole is not valid.
    """
    if not isinstance(partial, _PartialModel) or not isinstance(model, partial.__partial_of__):
        raise TypeError(
            f"apply takes a model and a Partial of its class, not {type(model).__name__!r} and"
            f" {type(partial).__name__!r}"
        )
    return _applied(model, partial, ("body",))


def _applied(model: Model, partial: _PartialModel, place: Place) -> Model:
    kind = type(model)
    changes = {
        name: _merged(getattr(model, name, None), value, (*place, _wire_name(kind, name)))
        for name, value in _values(partial).items()
    }
    values = {name: model.__dict__[name] for name in kind.model_fields if name in model.__dict__}
    extra = {**(model.model_extra or {}), **(partial.model_extra or {})}
    checked = _checked(kind, {**values, **changes, **extra}, partial, place)
    made = model.model_copy()
    # Not the copy's cached properties: they were computed from other values.
    made.__dict__.clear()
    made.__dict__.update({name: checked.__dict__[name] for name in kind.model_fields})
    if made.model_extra is not None:
        made.model_extra.update(extra)
    made.model_fields_set.update(partial.model_fields_set)
    return made


def _merged(old: Any, new: Any, place: Place) -> Any:
    """Give the new value of a field; a partial model is put on what was there, or must be whole."""
    if not isinstance(new, _PartialModel):
        return new
    if isinstance(old, new.__partial_of__):
        return _applied(old, new, place)
    kind = new.__partial_of__
    values = {
        name: _merged(None, value, (*place, _wire_name(kind, name)))
        for name, value in _values(new).items()
    }
    extra = new.model_extra or {}
    checked = _checked(kind, {**values, **extra}, new, place)
    return kind.model_construct(_fields_set={*new.model_fields_set}, **checked.__dict__, **extra)


def _checked(
    kind: type[BaseModel], values: dict[str, Any], partial: _PartialModel, place: Place
) -> BaseModel:
    """Run what a model says of the whole; raises `RequestValidationError`."""
    try:
        return _checker(kind).model_validate(values, by_alias=False, by_name=True)
    except ValidationError as error:
        sent = _sent(partial)
        found = errors_at(error, place)
        for one in found:
            # Never what was there before: the client may not be allowed to see it.
            one["input"] = sent
            if one["type"] == "missing":
                one["loc"] = (*place, _wire_name(kind, one["loc"][-1]))
        raise RequestValidationError(found, body=sent) from error


def _wire_name(kind: type[BaseModel], name: str) -> str:
    info = kind.model_fields.get(name)
    return info.validation_alias if info and isinstance(info.validation_alias, str) else name


def _sent(partial: _PartialModel) -> dict[str, Any]:
    """Give what a partial model has, by the names on the wire."""
    return {
        _wire_name(type(partial), name): _sent(value) if isinstance(value, _PartialModel) else value
        for name, value in _values(partial).items()
    }


def _values(partial: _PartialModel) -> dict[str, Any]:
    """Give what a partial model has, by the names of fields; not its cached properties."""
    fields = type(partial).model_fields
    return {name: value for name, value in partial.__dict__.items() if name in fields}


class _PartialModel(BaseModel):
    """What all partial models have, before what their own model says."""

    __partial_of__: ClassVar[type[BaseModel]]

    def model_post_init(self, context: Any, /) -> None:
        """Leave out the model's own: it may count on fields that are not there."""

    @model_validator(mode="after")
    def _leave_out(self) -> Self:
        for name in type(self).model_fields.keys() - self.model_fields_set:
            self.__dict__.pop(name, None)
        return self

    if not TYPE_CHECKING:  # a type checker would take every name for one that is there

        def __getattr__(self, name: str) -> Any:
            kind = type(self)
            if name in kind.model_fields:
                raise AttributeError(
                    f"{kind.__name__} has no {name!r}: it was not sent; model_fields_set has the"
                    " names of what was"
                )
            # Private attributes, and what was sent besides the fields.
            return super().__getattr__(name)


_LEAVE_OUT = "_leave_out"


def _partial(model: Any, made: _Made, *, is_deep: bool) -> Any:
    if not is_subclass(model, BaseModel) or is_subclass(model, RootModel):
        raise DeclarationError(
            f"there is no partial form of {model!r}, which has no named fields of Pydantic",
            code="schema.partial",
            mend="Partial[Model], where Model is a pydantic.BaseModel",
        )
    if is_subclass(model, _PartialModel):
        return model
    if model not in made:
        made.update(_Builder(is_deep=is_deep).build(model))
    return made[model]


class _Builder:
    """Makes the partial form of a model and, where it goes deep, of the models below it."""

    def __init__(self, *, is_deep: bool) -> None:
        self.is_deep = is_deep
        self.started: dict[type[BaseModel], ForwardRef] = {}
        self.made: dict[type[BaseModel], type[BaseModel]] = {}

    def build(self, model: type[BaseModel]) -> dict[type[BaseModel], type[BaseModel]]:
        self._start(model)
        names = {self.started[key].__forward_arg__: made for key, made in self.made.items()}
        for made in self.made.values():
            made.model_rebuild(force=True, _types_namespace=names)
        return self.made

    def _start(self, model: type[BaseModel]) -> ForwardRef:
        """Make what can be made before the models that name each other are all there."""
        if model not in self.started:
            self.started[model] = ForwardRef(f"partial_{id(model)}")
            model.model_rebuild()
            made = _derived(
                f"{model.__name__}Partial",
                (_PartialModel, model),
                {name: self._optional(info) for name, info in model.model_fields.items()},
            )
            made.__partial_of__ = model  # type: ignore[attr-defined]
            found = made.__pydantic_decorators__
            _keep_modes(found.model_validators, "before")
            _keep_modes(found.root_validators, "before")
            found.computed_fields.clear()
            found.model_serializers.clear()
            self.made[model] = made
        return self.started[model]

    def _optional(self, info: FieldInfo) -> Any:
        attributes = attributes_of(info)
        for name in ("default", "default_factory", "validate_default"):
            attributes.pop(name, None)
        annotation = info.annotation
        # What tells the models of a union apart cannot be missing.
        if self.is_deep and info.discriminator is None:
            annotation = self._deepened(annotation)
        return (
            Annotated[(annotation, *info.metadata)] if info.metadata else annotation,
            new_field(default_factory=_nothing, validate_default=False, **attributes),
        )

    def _deepened(self, annotation: Any) -> Any:
        if get_origin(annotation) is Annotated:
            inner, *metadata = get_args(annotation)
            return Annotated[(self._deepened(inner), *metadata)]
        if is_union(annotation):
            return reduce(or_, [self._deepened(choice) for choice in get_args(annotation)])
        if is_subclass(annotation, BaseModel) and not is_subclass(annotation, RootModel):
            return self._start(annotation)
        return annotation


def _checker(model: type[BaseModel]) -> type[BaseModel]:
    """Give a model of the same validators, whose fields take what they are given."""
    made = _checkers.get(model)
    if made is None:
        fields = {name: (Any, _default(info)) for name, info in model.model_fields.items()}
        made = _derived(model.__name__, (model,), fields)
        found = made.__pydantic_decorators__
        found.validators.clear()
        found.field_validators.clear()
        _keep_modes(found.model_validators, "after", "wrap")
        _keep_modes(found.root_validators, "after")
        made.model_rebuild(force=True)
        _checkers[model] = made
    return made


def _default(info: FieldInfo) -> Any:
    """Give the default of a field and nothing else of it."""
    if info.default_factory is not None:
        return new_field(default_factory=info.default_factory, validate_default=False)
    return new_field(default=info.default, validate_default=False)


def _derived(name: str, bases: tuple[type, ...], fields: dict[str, Any]) -> type[BaseModel]:
    """Make a model of other fields that is not built yet, so that its validators can be chosen."""
    model = bases[-1]
    make: Any = create_model  # its own types know one base only
    made: type[BaseModel] = make(
        name,
        __base__=bases,
        __module__=model.__module__,
        __qualname__=f"{model.__qualname__.rpartition('.')[0]}.{name}".lstrip("."),
        __doc__=model.__doc__,
        __cls_kwargs__={"defer_build": True},
        **fields,
    )
    del made.model_config["defer_build"]
    return made


def _keep_modes(decorators: dict[str, Any], *modes: str) -> None:
    for name, decorator in list(decorators.items()):
        if decorator.info.mode not in modes and name != _LEAVE_OUT:
            del decorators[name]


def _nothing() -> Any:
    # Stands in for the moment between the fields and the end of validation.
    return None
