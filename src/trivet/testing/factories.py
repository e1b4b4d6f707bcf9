"""Objects for tests, made from the models' own descriptions: what a test does not care about.

``PostFactory = factory(Post, title="Hello")``, or a class::

    class PostFactory(Factory[Post]):
        title = sequence("Post {}")
        slug = derived(lambda values: values["title"].lower())
        published = trait(is_published=True)

Columns that need a value get one, required relations are made too, and everything that has a
default or may be empty is left alone. The same test makes the same objects each time.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, cast, get_args, get_origin

from trivet.db import Database, OutsideUnitError, Unit
from trivet.db.describe import Column, Description, Relation, describe, referred
from trivet.db.present import unit_now
from trivet.errors import SetupError
from trivet.testing.present import database_of, present
from trivet.testing.values import value_for

__all__ = ["Derived", "Factory", "Sequence", "Trait", "derived", "factory", "sequence", "trait"]

Row = TypeVar("Row")
_DEEPEST = 8  # objects that are needed for one another; more of them is a circle


@dataclass(frozen=True)
class Sequence:
    """A value that counts with the objects."""

    make: Callable[[int], Any]


@dataclass(frozen=True)
class Derived:
    """A value that is made of the others."""

    make: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Trait:
    """Values that go by one name."""

    values: Mapping[str, Any]


def sequence(make: str | Callable[[int], Any]) -> Any:
    """Count: `sequence("post-{}")`, or a function of the object's number, from 1."""
    return Sequence(make.format if isinstance(make, str) else make)


def derived(make: Callable[[Mapping[str, Any]], Any]) -> Any:
    """Make a value of the others, which the function gets by name."""
    return Derived(make)


def trait(**values: Any) -> Any:
    """Name some values, which are then asked for by that name: `create("published")`."""
    return Trait(values)


@dataclass
class Count:
    """How far a factory has counted."""

    source: random.Random
    number: int = 0


@dataclass
class Made:
    """What is made at one time, and which foreign keys of it still lack their rows."""

    missing: list[tuple[Any, Column]] = field(default_factory=list)
    depth: int = 0


class Factory(Generic[Row]):
    """Makes objects of one model; attributes of a subclass are its values, `Trait`s its traits.

    `database` is where they are stored when there is no unit of work; by default the one that is
    under test. The same `seed` gives the same values.
    """

    model: ClassVar[Any]
    database: ClassVar[Database | None] = None
    seed: ClassVar[int] = 0
    _values: ClassVar[dict[str, Any]] = {}
    _traits: ClassVar[dict[str, Mapping[str, Any]]] = {}
    _count: ClassVar[Count]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in getattr(cls, "__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Factory):
                cls.model = get_args(base)[0]
        own = {name: value for name, value in vars(cls).items() if not name.startswith("_")}
        for name in ("model", "database", "seed"):
            own.pop(name, None)
        values, traits = {}, {}
        for name, value in own.items():
            if isinstance(value, Trait):
                traits[name] = value.values
            elif not isinstance(value, classmethod | staticmethod) and not (
                callable(value) and not isinstance(value, type)
            ):
                values[name] = value
        cls._take(values, traits)

    @classmethod
    def _take(cls, values: Mapping[str, Any], traits: Mapping[str, Mapping[str, Any]]) -> None:
        cls._values = {**cls._values, **values}
        cls._traits = {**cls._traits, **traits}
        cls._count = cls._begun()
        for name in {*cls._values, *(name for one in cls._traits.values() for name in one)}:
            cls._check(name)

    # -- making ----------------------------------------------------------------------------------

    @classmethod
    def build(cls, *traits: str, **values: Any) -> Row:
        """Make an object that is not stored, with the objects that it needs.

        Where a foreign key has no relation beside it, it stays empty. Raises `SetupError`.
        """
        return cls._build(cls._chosen(traits, values), Made())

    @classmethod
    def build_many(cls, count: int, *traits: str, **values: Any) -> list[Row]:
        """Make objects that are not stored."""
        return [cls.build(*traits, **values) for _ in range(count)]

    @classmethod
    async def create(cls, *traits: str, **values: Any) -> Row:
        """Make an object and store it, with the objects that it needs.

        In the present unit of work; where there is none, in one of its own, which is committed.
        """
        return (await cls.create_many(1, *traits, **values))[0]

    @classmethod
    async def create_many(cls, count: int, *traits: str, **values: Any) -> list[Row]:
        """Make objects and store them."""
        async with cls._unit() as unit:
            return [await cls._create(unit, cls._chosen(traits, values), 0) for _ in range(count)]

    @classmethod
    def reset(cls, seed: int | None = None) -> None:
        """Begin to count anew, from the class's seed or another one."""
        if seed is not None:
            cls.seed = seed
        entry = present()
        if entry is not None:
            entry.counts.pop(cls, None)
        cls._count = cls._begun()

    # -- inside ----------------------------------------------------------------------------------

    @classmethod
    async def _create(cls, unit: Unit, chosen: Mapping[str, Any], depth: int) -> Row:
        made = Made(depth=depth)
        instance = cls._build(chosen, made)
        for lacking, column in made.missing:
            target, name = _target(type(lacking), column)
            stored = await factory_of(target)._create(unit, {}, made.depth + 1)
            setattr(lacking, column.name, getattr(stored, name))
        await unit.save(instance)
        return instance

    @classmethod
    def _build(cls, chosen: Mapping[str, Any], made: Made) -> Row:
        if made.depth > _DEEPEST:
            raise SetupError(
                f"a {cls.model.__name__} needs another object, which needs another, and so on"
                f" {_DEEPEST} times: a circle of required relations",
                code="testing.factory-circle",
                mend="give one of them: create(parent=other)",
            )
        count = cls._counted()
        count.number += 1
        plain, nested = _split(cls.model, {**cls._values, **chosen})
        description: Description = describe(cls.model)
        values: dict[str, Any] = {}
        late: dict[str, Derived] = {}
        for name, value in plain.items():
            if isinstance(value, Derived):
                late[name] = value
            else:
                values[name] = cls._resolved(name, value, nested.pop(name, {}), count, made)
        missing = []
        for relation in description.relations:
            if cls._is_wanted(relation, values, nested, description):
                deeper = nested.get(relation.name, {})
                values[relation.name] = cls._nested(factory_of(relation.target), deeper, made)
        filled = {
            name
            for relation in description.relations
            if values.get(relation.name) is not None
            for name in relation.columns
        }
        for column in description.columns:
            if column.name in values or column.name in filled or column.name in late:
                continue
            if column.is_nullable or column.has_default or column.is_computed:
                continue
            if column.is_reference:
                missing.append(column)
            elif not _is_counted_by_mapper(cls.model, column):
                values[column.name] = value_for(cls.model, column, count.number, count.source)
        for name, value in late.items():
            values[name] = value.make(values)
        instance = cast(Row, cls.model(**values))
        made.missing += [(instance, column) for column in missing]
        return instance

    @classmethod
    def _is_wanted(
        cls,
        relation: Relation,
        values: Mapping[str, Any],
        nested: Mapping[str, Any],
        description: Description,
    ) -> bool:
        """Tell whether the object of a relation is to be made."""
        if relation.is_many or relation.name in values:
            return False
        if relation.name in nested:
            return True
        if relation.is_nullable or not relation.columns:
            return False
        columns = [description.column(name) for name in relation.columns]
        return not any(
            column is None or column.name in values or column.has_default for column in columns
        )

    @classmethod
    def _resolved(
        cls, name: str, value: Any, deeper: Mapping[str, Any], count: Count, made: Made
    ) -> Any:
        if isinstance(value, Sequence):
            return value.make(count.number)
        if isinstance(value, type) and issubclass(value, Factory):
            return cls._nested(value, deeper, made)
        if deeper:
            raise SetupError(
                f"{cls.model.__name__}.{name} is given, and {name}__{next(iter(deeper))} too",
                code="testing.factory-both",
                mend=f"give {name}, or what it is made of",
            )
        return value

    @classmethod
    def _nested(cls, other: type[Factory[Any]], values: Mapping[str, Any], made: Made) -> Any:
        made.depth += 1
        try:
            return other._build(values, made)
        finally:
            made.depth -= 1

    @classmethod
    def _chosen(cls, traits: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        for name in traits:
            if name not in cls._traits:
                raise SetupError(
                    f"{cls.__name__} has no trait {name!r}; it has"
                    f" {', '.join(map(repr, cls._traits)) or 'none'}",
                    code="testing.factory-trait",
                    mend=f"{name} = trait(...) in the class, or values by name",
                )
            chosen.update(cls._traits[name])
        for name in values:
            cls._check(name)
        return {**chosen, **values}

    @classmethod
    def _check(cls, name: str) -> None:
        """Raise `SetupError` where the model has no such attribute."""
        first, _, rest = name.partition("__")
        description = describe(cls.model)
        relation = description.relation(first)
        known = relation is not None if rest else bool(relation or description.column(first))
        if not known:
            names = [column.name for column in description.columns]
            names += [relation.name for relation in description.relations]
            raise SetupError(
                f"{cls.model.__name__} has no {'relation' if rest else 'column or relation'}"
                f" {first!r}",
                code="testing.factory-name",
                mend=f"one of {', '.join(names)}",
            )

    @classmethod
    def _counted(cls) -> Count:
        entry = present()
        if entry is None:
            return cls._count
        found: Count = entry.counts.setdefault(cls, cls._begun())
        return found

    @classmethod
    def _begun(cls) -> Count:
        return Count(random.Random(f"{cls.seed} {getattr(cls.model, '__name__', '')}"))

    @classmethod
    @asynccontextmanager
    async def _unit(cls) -> AsyncIterator[Unit]:
        try:
            unit = unit_now()
        except OutsideUnitError:
            async with database_of(cls.database).transaction() as unit:
                yield unit
            return
        yield unit


def factory(
    model: type[Row],
    database: Database | None = None,
    /,
    *,
    seed: int = 0,
    traits: Mapping[str, Mapping[str, Any]] | None = None,
    **values: Any,
) -> type[Factory[Row]]:
    """Make a factory for a model: `factory(Post, title="Hello", author__name="Ann")`.

    Columns that are called `seed` or `traits` need the class. Raises `SetupError` for a name that
    the model does not have.
    """
    made: type[Factory[Row]] = type(
        f"{model.__name__}Factory",
        (Factory,),
        {"model": model, "database": database, "seed": seed, "__module__": model.__module__},
    )
    made._take(values, traits or {})
    return made


def factory_of(model: type[Any]) -> type[Factory[Any]]:
    """Give the factory of a model that somebody else's objects need."""
    key: Any = model  # mypy takes no class of any kind for something that can be hashed
    return _factory_of(key)


@cache
def _factory_of(model: Any) -> type[Factory[Any]]:
    return factory(model)


def _target(model: type[Any], column: Column) -> tuple[type[Any], str]:
    found = referred(model, column.name)
    if found is None:
        raise SetupError(
            f"{model.__name__}.{column.name} leads to a table that is no model's",
            code="testing.factory-reference",
            mend=f"give it: create({column.name}=...)",
        )
    return found


def _split(
    model: type[Any], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Give what is the object's own, and what is that of its relations."""
    plain: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        first, _, rest = name.partition("__")
        if rest:
            nested.setdefault(first, {})[rest] = value
        else:
            plain[name] = value
    return plain, nested


def _is_counted_by_mapper(model: type[Any], column: Column) -> bool:
    """Tell whether SQLAlchemy fills in a column itself: a version, a name of a subclass."""
    mapper = model.__mapper__
    own = mapper.columns.get(column.name)
    return own is not None and (own is mapper.version_id_col or own is mapper.polymorphic_on)
