"""Relations between models; nothing of them is loaded behind an attribute."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy.orm import RelationshipDirection
from sqlalchemy.orm import relationship as sqlalchemy_relationship
from sqlalchemy.orm.relationships import RelationshipProperty
from sqlalchemy.orm.strategies import _LazyLoader

from trivet.db.errors import NotLoadedError

__all__ = ["decide_deletion", "relationship"]

_LAZY = "trivet"
_BY_RULE = "trivet.deletion"


@RelationshipProperty.strategy_for(lazy=_LAZY)
class _Unloaded(_LazyLoader):
    """Raises where SQLAlchemy would ask the database; what is there, or is set, is given."""

    def __init__(self, parent: Any, strategy_key: Any) -> None:
        super().__init__(parent, strategy_key)
        self._raise_always = True

    def _invoke_raise_load(self, state: Any, passive: Any, lazy: str) -> NoReturn:
        raise NotLoadedError(self.parent_property.parent.class_, self.key)


def relationship(argument: Any = None, **options: Any) -> Any:
    """Declare a relation, as SQLAlchemy's `relationship` does; loaded by `with_`, never lazily.

    Reading one that was not loaded raises `NotLoadedError`, which says what to write.
    """
    options.setdefault("lazy", _LAZY)
    if "passive_deletes" not in options:
        options["info"] = {**(options.get("info") or {}), _BY_RULE: True}
    return sqlalchemy_relationship(argument, **options)


def decide_deletion(mapper: Any) -> None:
    """Leave to the database what it does itself when the row of a relation's owner is deleted.

    Where the foreign key says ON DELETE, or cannot be empty, its rows need not be read to delete
    one: the database deletes them, empties them or refuses, loaded or not.
    """
    for prop in mapper.relationships:
        if not prop.info.pop(_BY_RULE, False) or prop.viewonly or prop.passive_deletes:
            continue
        keys = [key for column in prop.remote_side for key in column.foreign_keys]
        has_rule = bool(keys) and all(key.ondelete for key in keys)
        if prop.direction is RelationshipDirection.ONETOMANY:
            if not (has_rule or any(not column.nullable for column in prop.remote_side)):
                continue
            cascades = prop.cascade.delete or prop.cascade.delete_orphan
            if cascades and not has_rule:
                continue
            prop.passive_deletes = True if cascades else "all"
        elif prop.secondary is not None and has_rule:
            prop.passive_deletes = True
        else:
            continue
        prop._post_init()  # what it does in a flush was decided before its key was known
