"""Models that are made at run time, of a database that is there already.

``found = await reflect(database)`` gives classes that work as hand-written ones do: queries,
relations, pages, schemas, the unit of work. Their tables are in a MetaData and a registry of their
own, so that they meet no other model. `trivet inspectdb` writes the same names as text.
"""

from __future__ import annotations

from trivet.db.reflect.models import Reflected, reflect

__all__ = ["Reflected", "reflect"]
