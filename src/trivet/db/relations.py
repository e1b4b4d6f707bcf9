"""Relations between models; nothing of them is loaded behind an attribute."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy.orm import relationship as sqlalchemy_relationship
from sqlalchemy.orm.relationships import RelationshipProperty
from sqlalchemy.orm.strategies import _LazyLoader

from trivet.db.errors import NotLoadedError

__all__ = ["relationship"]

_LAZY = "trivet"


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
    return sqlalchemy_relationship(argument, **options)
