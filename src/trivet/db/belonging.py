"""Which database a model belongs to: the one that was given its tables.

Units of work on several databases stand beside each other, each with a link to the next one
outwards. Where there is one database, nobody asks here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, inspect

from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database
    from trivet.db.unit import Unit

__all__ = ["check_apart", "main_unit", "owner_of", "unit_for", "unit_of", "units"]


def units(unit: Unit | None) -> Iterator[Unit]:
    """Give a unit of work, and those that it stands beside, innermost first."""
    while unit is not None:
        yield unit
        unit = unit.beside


def unit_of(unit: Unit | None, database: Database) -> Unit | None:
    """Give the innermost unit of work on a database that is not over, or None."""
    for one in units(unit):
        if one.database is database and not one.is_over:
            return one
    return None


def main_unit(unit: Unit) -> Unit:
    """Give the unit on the first of several databases, where no model says which."""
    *_, outermost = units(unit)
    return unit_of(unit, outermost.database) or outermost


def unit_for(unit: Unit, model: Any) -> Unit:
    """Give the unit of work on the database that `model` belongs to; raises `SetupError`."""
    metadata = getattr(model, "metadata", None)
    if metadata is None:  # mapped by hand, or an alias
        mapper: Any = inspect(model).mapper
        metadata = mapper.local_table.metadata
    for one in units(unit):
        if one.database.metadata is metadata:
            return one
    for one in units(unit):
        if any(known.metadata is metadata for known in one.database.registries):
            return one
    databases = dict.fromkeys(one.database.name for one in units(unit))
    base = owner_of(model)
    raise SetupError(
        f"{model.__name__} belongs to none of the databases here ({', '.join(databases)}):"
        f" its tables are those of {base}",
        code="db.no-database",
        mend=f'app.use(Database("…", models={base}))',
    )


def owner_of(model: Any) -> str:
    """Give the name of the class that a model's `metadata` stands in."""
    for cls in getattr(model, "__mro__", ()):
        if "metadata" in vars(cls):
            return str(cls.__name__)
    return "a MetaData of its own"


def check_apart(new: Database, metadata: MetaData, others: list[Database]) -> None:
    """Refuse two databases of an application that could not be told from each other."""
    for other in others:
        if other.metadata is metadata:
            raise SetupError(
                f"the databases {other.name!r} and {new.name!r} are given the same models, so that"
                " nobody could tell where a row belongs",
                code="db.same-models",
                mend='class Analytics(Model, apart=True): ...   # Database("…", models=Analytics)',
            )
        if other.name == new.name:
            raise SetupError(
                f"two databases are called {new.name!r}, so that a command could mean both",
                code="db.same-name",
                mend='Database("…", models=…, name="another")',
            )
