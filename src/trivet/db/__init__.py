"""Models, queries and the unit of work, on SQLAlchemy: what data needs, as a part.

``from trivet.db import Database, Mapped, Model, field``
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, and_, func, not_, or_
from sqlalchemy.orm import Mapped

from trivet.db.columns import Created, Email, Json, Money, Slug, Updated, UtcDateTime, field
from trivet.db.database import Database
from trivet.db.errors import (
    DatabaseBusy,
    NotFound,
    NotLoadedError,
    OutsideUnitError,
    TooManyFound,
)
from trivet.db.model import BareModel, Model, UuidModel
from trivet.db.query import Query
from trivet.db.relations import relationship
from trivet.db.schemas import schema
from trivet.db.unit import Unit, session

__all__ = [
    "BareModel",
    "Created",
    "Database",
    "DatabaseBusy",
    "Email",
    "ForeignKey",
    "Json",
    "Mapped",
    "Model",
    "Money",
    "NotFound",
    "NotLoadedError",
    "OutsideUnitError",
    "Query",
    "Slug",
    "TooManyFound",
    "Unit",
    "Updated",
    "UtcDateTime",
    "UuidModel",
    "and_",
    "field",
    "func",
    "not_",
    "or_",
    "relationship",
    "schema",
    "session",
]
