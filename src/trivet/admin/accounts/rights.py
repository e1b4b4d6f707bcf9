"""What one account may give to another: nothing that it does not have itself.

Superusers may give everything. Others may change accounts that hold no more than they do, and of
rights give and take those alone that they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import String, and_, cast, or_

from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.auth.part import Auth
from trivet.auth.permissions.names import covers, is_permission, permission_name
from trivet.db import Query

__all__ = ["check_rights", "is_below", "names_in", "roles_in", "weaker"]

_ALONE = ("is_superuser", "is_staff")
_ACTIONS = ("view", "add", "change", "delete", "export", "import")
_NONE = ("[]", "null")  # an empty list as JSON


async def _held(visit: Visit) -> frozenset[str]:
    held: frozenset[str] = await visit.auth.deciding.held(visit.user)
    return held


def _is_super(visit: Visit) -> bool:
    """Tell whether nobody limits a visitor; where there are no accounts, nobody does."""
    return visit.auth is None or bool(visit.user.is_superuser)


async def is_below(visit: Visit, account: Any) -> bool:
    """Tell whether an account holds nothing that the visitor does not hold."""
    if _is_super(visit) or account.handle == visit.user.handle:
        return True
    if account.is_superuser:
        return False
    held = await _held(visit)
    return all(covers(held, one) for one in await visit.auth.deciding.held(account))


def weaker(visit: Visit, query: Query[Any]) -> Query[Any]:
    """Keep the accounts of which a statement can tell that they hold no more than the visitor.

    They are fewer than those of which `is_below` is true: of rights that somebody has, the
    database does not know what they cover.
    """
    if _is_super(visit):
        return query
    model = query.model
    has_none = and_(
        model.is_superuser.is_(False),
        model.is_staff.is_(False),
        cast(model.permissions, String).in_(_NONE),
        cast(model.roles, String).in_(_NONE),
        ~model.groups.any(),
    )
    return query.where(or_(model.handle == visit.user.handle, has_none))


async def check_rights(visit: Visit, row: Any, changes: Mapping[str, Any]) -> None:
    """Raise `NotAllowed` where a visitor gives, or takes, a right that they do not hold."""
    if _is_super(visit):
        return
    for name in _ALONE:
        old, new = changes.get(name, (None, None))
        if bool(old) != bool(new):
            raise NotAllowed("Only superusers may do this")
    held = await _held(visit)
    for name in _moved(changes.get("permissions")):
        _require(held, name)
    for role in _moved(changes.get("roles")):
        for name in visit.auth.rules.of_role(role) or {"*"}:
            _require(held, name)
    for group in _moved_rows(changes.get("groups")):
        roles = [name for role in group.roles for name in visit.auth.rules.of_role(role) or {"*"}]
        for name in (*group.permissions, *roles):
            _require(held, name)


def _require(held: Iterable[str], name: str) -> None:
    if not is_permission(name) or not covers(held, name):
        raise NotAllowed("You may give and take only what you hold yourself")


def _moved(change: Any) -> set[str]:
    if change is None:
        return set()
    old, new = (set(map(str, one or ())) for one in change)
    return old ^ new


def _moved_rows(change: Any) -> list[Any]:
    if change is None:
        return []
    old, new = ({one.id: one for one in rows or ()} for rows in change)
    return [(old | new)[key] for key in old.keys() ^ new.keys()]


def roles_in(visit: Visit) -> list[str]:
    """Give the roles that the code declares."""
    auth: Auth | None = visit.auth
    return [] if auth is None else sorted(auth.rules.roles)


def names_in(visit: Visit, models: Iterable[Any], also: Iterable[str] = ()) -> list[str]:
    """Give all names of permissions that are known: of a site's models, of roles, of the site."""
    found = {"history.view", *also}
    for model in models:
        found |= {permission_name(action, model) for action in _ACTIONS}
        found.add(permission_name("*", model))
    if visit.auth is not None:
        for names in visit.auth.rules.roles.values():
            found |= names
        found |= {permission_name(rule.action, rule.model) for rule in visit.auth.rules}
    return sorted(found)
