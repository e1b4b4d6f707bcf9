"""Models, queries and the unit of work, on SQLAlchemy: what data needs, as a part.

``from trivet.db import Database, Mapped, Model, field``
"""

from __future__ import annotations

from sqlalchemy import Computed, ForeignKey, and_, func, not_, or_
from sqlalchemy.orm import Mapped

from trivet.db.aggregates import related
from trivet.db.columns import (
    Created,
    Email,
    Json,
    Money,
    Slug,
    Updated,
    UtcDateTime,
    created,
    field,
    foreign_key,
    generated,
    updated,
)
from trivet.db.constraints import check, index, unique
from trivet.db.database import Database
from trivet.db.errors import (
    BadCursor,
    CheckViolation,
    DatabaseAway,
    DatabaseBusy,
    DatabaseFull,
    ForeignKeyViolation,
    LostRace,
    NotFound,
    NotLoadedError,
    OutsideUnitError,
    RowLocked,
    StaleError,
    TooManyFound,
    UnfitValue,
    UniqueViolation,
    UnitFailedError,
    UnitOverError,
    Violation,
)
from trivet.db.hints import Listener
from trivet.db.mixins import SoftDelete, Versioned
from trivet.db.model import BareModel, Model, UuidModel
from trivet.db.pages import CursorPage, Page, Stretch, Window
from trivet.db.pairs import link_table
from trivet.db.present import session, sync_session
from trivet.db.query import Query
from trivet.db.relations import relationship
from trivet.db.replicas import Replica, Replicas
from trivet.db.schemas import schema
from trivet.db.signals import Bulk
from trivet.db.tenants import row_policy
from trivet.db.unit import Unit
from trivet.schema.foreign import recognize
from trivet.storage.reference import FileRef

# Classes of any declarative base are known by it, as annotations of handlers too.
recognize("__mapper__", "trivet.db.mapped")

__all__ = [
    "BadCursor",
    "BareModel",
    "Bulk",
    "CheckViolation",
    "Computed",
    "Created",
    "CursorPage",
    "Database",
    "DatabaseAway",
    "DatabaseBusy",
    "DatabaseFull",
    "Email",
    "FileRef",
    "ForeignKey",
    "ForeignKeyViolation",
    "Json",
    "Listener",
    "LostRace",
    "Mapped",
    "Model",
    "Money",
    "NotFound",
    "NotLoadedError",
    "OutsideUnitError",
    "Page",
    "Query",
    "Replica",
    "Replicas",
    "RowLocked",
    "Slug",
    "SoftDelete",
    "StaleError",
    "Stretch",
    "TooManyFound",
    "UnfitValue",
    "UniqueViolation",
    "Unit",
    "UnitFailedError",
    "UnitOverError",
    "Updated",
    "UtcDateTime",
    "UuidModel",
    "Versioned",
    "Violation",
    "Window",
    "and_",
    "check",
    "created",
    "field",
    "foreign_key",
    "func",
    "generated",
    "index",
    "link_table",
    "not_",
    "or_",
    "related",
    "relationship",
    "row_policy",
    "schema",
    "session",
    "sync_session",
    "unique",
    "updated",
]
