"""The schemas of a resource: what it shows, and what a client may give.

They are made from the model, and apart from each other: keys, what a function or the database
makes, and what is private is in none of those that are written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from trivet.db import schema
from trivet.db.describe import Column, Description, Relation, describe
from trivet.db.schemas import read_schema
from trivet.resources.names import Declaration, name_of
from trivet.resources.reading import CONFIG, Shape
from trivet.resources.values import bare_type, checked_value

__all__ = ["Included", "Item", "included_of", "item_of", "shape_of", "sparse", "written"]

Included = Mapping[str, "Branch"]
Hidden = Callable[[Any], Collection[str]]
"""The names of a model's fields that are not shown to everybody."""


class Branch:
    """One relation that may be included, what is shown of it, and what may be below it."""

    def __init__(self, relation: Relation, columns: tuple[str, ...]) -> None:
        self.relation = relation
        self.columns = columns
        self.below: dict[str, Branch] = {}


def included_of(declaration: Declaration, given: Any) -> dict[str, Branch]:
    """Read what a resource includes: relations, paths of them, or a mapping to their columns.

    Raises `SetupError`.
    """
    if isinstance(given, str):
        raise declaration.mistake(
            f"is given include={given!r}, a text",
            code="resources.option",
            mend=f"include=[{given!r}]",
        )
    chosen: Mapping[Any, Any] = given if isinstance(given, Mapping) else dict.fromkeys(given)
    found: dict[str, Branch] = {}
    for one, columns in chosen.items():
        level, model = found, declaration.model
        parts = name_of(one).split(".")
        for place, part in enumerate(parts):
            description = describe(model)
            relation = description.relation(part)
            if relation is None:
                known = [known.name for known in description.relations]
                raise declaration.unknown("include", "relation", part, known)
            model = relation.target
            branch = level.get(part)
            if branch is None or (columns is not None and place == len(parts) - 1):
                named = columns if place == len(parts) - 1 else None
                below = {} if branch is None else branch.below
                branch = level[part] = Branch(relation, _shown(declaration, model, named))
                branch.below = below
            level = branch.below
    return found


def _shown(declaration: Declaration, model: Any, named: Sequence[Any] | None) -> tuple[str, ...]:
    """Give the columns that are shown of a model; its keys among them."""
    description = describe(model)
    public = [column.name for column in description.columns if not column.is_private]
    if named is None:
        return tuple(public)
    about = Declaration(declaration.name, model, declaration.where)
    chosen = about.checked("include", "column", named, public)
    keys = [column.name for column in description.columns if column.is_key]
    return tuple(name for name in public if name in chosen or name in keys)


def shape_of(model: Any, columns: Collection[str], branches: Mapping[str, Branch]) -> Shape:
    """Give the shape of a model with these columns, and all of these relations."""
    own = _read(model, columns)
    relations = {
        name: (branch.relation, shape_of(branch.relation.target, branch.columns, branch.below))
        for name, branch in branches.items()
    }
    if not relations:
        return Shape(model, own, own)
    nested = {name: below.whole for name, (_, below) in relations.items()}
    whole = schema(model, include=columns, nested=nested)
    return Shape(model, own, whole, relations)


def _read(model: Any, columns: Collection[str]) -> type[BaseModel]:
    whole = read_schema(model)
    if set(whole.model_fields) == set(columns):
        return whole
    return schema(model, include=columns)


@dataclass(frozen=True)
class Item:
    """What is shown of a row, for the document; `hidden` are the fields that not everybody sees."""

    schema: type[BaseModel]
    hidden: dict[Any, Collection[str]]


# Resources that show the same share a schema, and its name in the document.
_ITEMS: dict[Any, Item] = {}


def item_of(
    model: Any, columns: tuple[str, ...], branches: Mapping[str, Branch], stem: str
) -> Item:
    """Give what is shown of a row: these columns, and relations that are asked for."""
    key = (model, columns, _told(branches), stem)
    found = _ITEMS.get(key)
    if found is None:
        hidden: dict[Any, Collection[str]] = {}
        shape = shape_of(model, columns, {})
        made = _documented(shape, branches, lambda model: hidden.get(model, ()), stem)
        found = _ITEMS[key] = Item(made, hidden)
    return found


def _told(branches: Mapping[str, Branch]) -> tuple[Any, ...]:
    return tuple((name, one.columns, _told(one.below)) for name, one in sorted(branches.items()))


def _documented(
    shape: Shape, branches: Mapping[str, Branch], hidden: Hidden, stem: str
) -> type[BaseModel]:
    """Give what an answer shows, for the document: relations are there if they were asked for.

    `hidden` gives the names of a model's fields that are not there for everybody, once somebody
    knows. The schema is called after `stem`, and those of relations after the way to them: one name
    for several would get numbers, and other ones with each relation that comes.
    """
    fields: dict[str, Any] = {}
    for name, branch in branches.items():
        target = branch.relation.target
        own_stem = stem + "".join(part.capitalize() for part in name.split("_"))
        below = _documented(shape_of(target, branch.columns, {}), branch.below, hidden, own_stem)
        info = Field(description=f"Where it was asked for: `include={name}`", default=None)
        shown: Any = list[below] if branch.relation.is_many else below | None  # type: ignore[valid-type]
        fields[name] = (shown, info)
    config = ConfigDict(**CONFIG)
    config["json_schema_extra"] = partial(_without, lambda: hidden(shape.model), frozenset(fields))
    own: dict[str, Any] = {
        name: (
            Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation,
            Field(description=info.description),
        )
        for name, info in shape.columns.model_fields.items()
    }
    made: type[BaseModel] = create_model(
        f"{stem}Read",
        __config__=config,
        __module__=shape.model.__module__,
        __doc__=shape.model.__doc__,
        **own,
        **fields,
    )
    return made


def _without(
    hidden: Callable[[], Collection[str]], optional: Collection[str], document: dict[str, Any]
) -> None:
    """Say of fields that are not always there that they are not."""
    missing = {*optional, *hidden()}
    required = [name for name in document.get("required", []) if name not in missing]
    document["required"] = required
    if not required:
        del document["required"]
    for name in optional:
        document["properties"][name].pop("default", None)


@cache
def sparse(model: type[BaseModel]) -> type[BaseModel]:
    """Give the same schema with nothing that must be there, for what `fields` leaves out."""
    config = ConfigDict(**CONFIG)
    config["json_schema_extra"] = partial(_without, tuple, tuple(model.model_fields))
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        kind = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        fields[name] = (kind, Field(default=None, description=info.description))
    made: type[BaseModel] = create_model(
        f"{model.__name__}Sparse", __config__=config, __module__=model.__module__, **fields
    )
    return made


@cache  # resources of one model share what is the same, and its name in the document
def written(
    model: Any, purpose: Any, names: tuple[str, ...], name: str, *, merges: bool = False
) -> type[BaseModel]:
    """Give what a client may give to create a row, or to change one.

    `merges` is for the document of merge patches, in which objects may be given in part.
    """
    base = schema(model, purpose, include=names, name=name)
    description: Description = describe(model)
    fields: dict[str, Any] = {}
    for field, info in base.model_fields.items():
        column = description.column(field)
        assert column is not None, "the schema is made of columns"
        kind: Any = info.annotation
        if info.metadata:
            kind = Annotated[(kind, *info.metadata)]
        if merges and _is_object(column):
            kind = dict[str, Any] | None if column.is_nullable else dict[str, Any]
        options: dict[str, Any] = {"description": info.description}
        if not info.is_required():
            options["default"] = info.default
        fields[field] = (checked_value(column, kind), Field(**options))
    config = ConfigDict(**CONFIG)
    config["extra"] = "forbid"
    config["allow_inf_nan"] = False
    config["json_schema_extra"] = _without_made_defaults
    made: type[BaseModel] = create_model(
        name, __config__=config, __module__=model.__module__, **fields
    )
    return made


def _without_made_defaults(document: dict[str, Any]) -> None:
    """Take out defaults that stand for what is left alone, or made for each row."""
    for one in document.get("properties", {}).values():
        if one.get("default", 0) is None:
            del one["default"]


def _is_object(column: Column) -> bool:
    kind = bare_type(column.annotation)
    origin = getattr(kind, "__origin__", kind)
    return isinstance(origin, type) and issubclass(origin, dict | BaseModel)
