"""The one answer to "may they?": for a permission, a model, a row, a field, and for lists.

In this order: what the request's scopes leave out is not allowed; what a rule denies is not,
whoever asks; superusers may; then whoever holds the permission, by themselves, a role or a group;
then whoever a rule allows it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.sql.elements import False_, True_

from trivet.auth.groups import Group, membership_table
from trivet.auth.identity import Identity, identity_of
from trivet.auth.permissions.names import covers, model_of, permission_name
from trivet.auth.permissions.rules import Rule, Rules
from trivet.auth.permissions.snapshot import Snapshot
from trivet.db import Database, Query
from trivet.errors import SetupError

__all__ = ["Deciding"]

_HELD = "_trivet_held"  # on an account: what it holds, as long as the object lives


class Deciding:
    """Answers for the rules of one application, over the database of its accounts."""

    def __init__(self, rules: Rules, database: Database) -> None:
        self._rules = rules
        self._database = database

    async def can(self, who: Any, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether `who` (an account, an `Identity`, or None) may do something.

        Without `what`, `action` is a permission: ``"reports.read"``. `what` is a row, or a model,
        for which the answer says whether there may be rows on which they may. Where there is no
        unit of work, as in a WebSocket, it asks in one of its own.
        """
        if self._database.open_unit is not None:
            return await self._can(identity_of(who), action, what, field)
        async with self._database.own_transaction():
            return await self._can(identity_of(who), action, what, field)

    async def _can(self, identity: Identity, action: str, what: Any, field: str | None) -> bool:
        if what is None:
            return await self._holds(identity, action)
        model = model_of(what)
        name = permission_name(action, model)
        if not _is_in_scope(identity, name):
            return False
        rules = self._rules.about(action, model)
        row = None if what is model else Snapshot(what)
        if not await self._may(identity, name, [r for r in rules if r.fields is None], row):
            return False
        if field is None:
            return True
        about = [rule for rule in rules if rule.fields is not None and field in rule.fields]
        if not about:
            return True
        return await self._may(identity, permission_name(action, model, field), about, row)

    async def reachable(self, who: Any, action: str, query: Query[Any]) -> Query[Any]:
        """Give the rows of a query on which `who` may do `action`; itself where it is all of them.

        Raises `SetupError` where a rule that has a say about it cannot be asked for lists.
        """
        identity = identity_of(who)
        model = query.model
        name = permission_name(action, model)
        is_out = identity.is_known and not identity.user.is_active
        if is_out or not _is_in_scope(identity, name):
            return query.where(false())
        rules = [rule for rule in self._rules.about(action, model) if rule.fields is None]
        denied = [_condition(rule, identity) for rule in rules if not rule.allows]
        if denied:
            # Unknown (NULL) is not denied, as for a single row.
            query = query.where(*(condition.is_not(true()) for condition in denied))
        if await self._holds(identity, name):
            return query
        allowed = [
            _condition(rule, identity)
            for rule in rules
            if rule.allows and (identity.is_known or rule.anonymous)
        ]
        return query.where(or_(false(), *allowed))

    def guarded(self, action: str, model: Any) -> frozenset[str]:
        """Give the fields that rules about an action name: each is asked about by itself."""
        rules = self._rules.about(action, model)
        return frozenset().union(*(rule.fields for rule in rules if rule.fields))

    def rules_about(self, action: str, model: Any) -> Sequence[Rule]:
        """Give the rules about an action on a model, those about its fields too."""
        return self._rules.about(action, model)

    async def where_field(
        self, who: Any, action: str, model: Any, field: str
    ) -> ColumnElement[bool] | bool:
        """Give on which rows of a model `who` may do `action` with a field, for lists.

        True is all rows that they may do it with at all, False none of them. Raises `SetupError`
        where a rule about the field cannot be asked for lists.
        """
        identity = identity_of(who)
        rules = self._rules.about(action, model)
        about = [rule for rule in rules if rule.fields is not None and field in rule.fields]
        if not about:
            return True
        if identity.is_known and not identity.user.is_active:
            return False
        asked = [rule for rule in about if identity.is_known or rule.anonymous]
        denied = _joined(_condition(rule, identity) for rule in asked if not rule.allows)
        allowed: ColumnElement[bool] | bool = True
        if not await self._holds(identity, permission_name(action, model, field)):
            allowed = _joined(_condition(rule, identity) for rule in asked if rule.allows)
        if denied is True or allowed is False:
            return False
        if denied is False:
            return allowed
        return denied.is_not(true()) if allowed is True else and_(allowed, denied.is_not(true()))

    async def held(self, user: Any) -> frozenset[str]:
        """Give the permissions and patterns that an account holds, by itself, roles and groups."""
        found: frozenset[str] | None = user.__dict__.get(_HELD)
        if found is None:
            membership = membership_table(type(user))
            member_of = select(membership.c.group_id).where(membership.c.user_id == user.id)
            groups = await Group.where(Group.id.in_(member_of))
            roles = [*user.roles, *(role for group in groups for role in group.roles)]
            of_roles = frozenset().union(*(self._rules.of_role(role) for role in roles))
            of_groups = (one for group in groups for one in group.permissions)
            found = of_roles.union(user.permissions, of_groups)
            user.__dict__[_HELD] = found
        return found

    async def _holds(self, identity: Identity, name: str) -> bool:
        user = identity.user
        if user is None or not user.is_active or not _is_in_scope(identity, name):
            return False
        return bool(user.is_superuser) or covers(await self.held(user), name)

    async def _may(
        self, identity: Identity, name: str, rules: Sequence[Rule], row: Snapshot | None
    ) -> bool:
        if identity.user is not None and not identity.user.is_active:
            return False
        if row is not None and await self._any(identity, rules, row, allows=False):
            return False
        if await self._holds(identity, name):
            return True
        if row is None:
            return any(rule.allows and (identity.is_known or rule.anonymous) for rule in rules)
        return await self._any(identity, rules, row, allows=True)

    async def _any(
        self, identity: Identity, rules: Iterable[Rule], row: Snapshot, *, allows: bool
    ) -> bool:
        """Tell whether a rule says so; functions first, then all conditions by one query."""
        asked = [
            rule
            for rule in rules
            if rule.allows is allows and (identity.is_known or rule.anonymous)
        ]
        for rule in asked:
            if not rule.is_filter:
                answer = rule.function(identity.user, row.row)
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return True
        conditions = [_condition(rule, identity) for rule in asked if rule.is_filter]
        return bool(conditions) and await row.fits(or_(*conditions), self._database)


def _joined(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool] | bool:
    """Give what is true where one of them is; True or False where that is known already."""
    found = [one for one in conditions if not isinstance(one, False_)]
    if any(isinstance(one, True_) for one in found):
        return True
    return or_(*found) if found else False


def _is_in_scope(identity: Identity, name: str) -> bool:
    return identity.scopes is None or covers(identity.scopes, name)


def _condition(rule: Rule, identity: Identity) -> ColumnElement[bool]:
    if not rule.is_filter:
        raise SetupError(
            f"the rule {getattr(rule.function, '__name__', '?')!r} tells of single rows alone, and"
            " a list asks it",
            code="auth.rule-not-for-lists",
            where=rule.place,
            mend="make it a condition: def own(user): return Post.author_id == user.id",
        )
    answer = rule.function(identity.user)
    if isinstance(answer, bool):
        return true() if answer else false()
    return answer  # type: ignore[no-any-return]  # what the user's function gives
