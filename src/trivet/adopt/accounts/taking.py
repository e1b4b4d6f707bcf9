"""Writing what was planned: all in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, insert, inspect, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from trivet.adopt.accounts.planning import AccountPlan, Known
from trivet.auth.groups import Group, membership_table
from trivet.db import Database, Unit
from trivet.errors import SetupError

__all__ = ["already_there", "take_over"]

_AT_ONCE = 500  # rows of one statement


async def already_there(database: Database, user: Any, log: Table | None) -> Known:
    """Ask an application's database what it has; `user` is its model of accounts.

    Raises `SetupError` where its tables are not there.
    """
    try:
        async with database.own_transaction() as unit:
            names = await unit.rows(select(user.username, user.email))
            groups = await unit.rows(select(Group.name, Group.permissions))
            taken: Sequence[Any] = ()
            if log is not None:
                taken = await unit.rows(select(log.c.batch).where(log.c.batch.like("django-%")))
    except (OperationalError, ProgrammingError) as error:
        raise SetupError(
            f"the tables of accounts are not there: {error.orig}",
            code="adopt.no-tables",
            mend="trivet migrate, before accounts are taken over",
        ) from error
    return Known(
        usernames=frozenset(row[0] for row in names if row[0]),
        emails=frozenset(row[1] for row in names if row[1]),
        groups={row[0]: frozenset(row[1]) for row in groups},
        taken_log=frozenset(row[0] for row in taken),
        has_accounts=bool(names),
    )


async def take_over(plan: AccountPlan, database: Database, user: Any, log: Table | None) -> None:
    """Write a plan in one transaction; raises whatever the database says, and nothing is written.

    `user` is the application's model of accounts, `log` the table of its admin's history.
    """
    async with database.own_transaction() as unit:
        if plan.groups:
            await Group.bulk_create([Group(**one) for one in plan.groups])
        if plan.users:
            await user.bulk_create([_made(user, one) for one in plan.users])
            await _count_on(unit, database, user)
        key = inspect(user).primary_key[0]
        keys = {row[0]: row[1] for row in await unit.rows(select(user.handle, key))}
        groups = {row[0]: row[1] for row in await unit.rows(select(Group.name, Group.id))}
        pairs = [
            {"user_id": keys[handle], "group_id": groups[name]}
            for handle, name in plan.members
            if name in groups
        ]
        await _inserted(unit, membership_table(user), pairs)
        if log is not None:
            for place, handle in plan.about_users.items():
                plan.log[place]["key"] = str(keys[handle])
            await _inserted(unit, log, plan.log)


def _made(user: Any, values: dict[str, Any]) -> Any:
    plain = {name: value for name, value in values.items() if name not in _SET_AFTER}
    made = user(**plain)
    for name in _SET_AFTER & values.keys():
        setattr(made, name, values[name])
    return made


_SET_AFTER = frozenset({"handle", "joined_at", "id"})  # no arguments of an account's constructor


async def _inserted(unit: Unit, table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _AT_ONCE):
        await unit.execute(insert(table), rows[start : start + _AT_ONCE])


async def _count_on(unit: Unit, database: Database, user: Any) -> None:
    """Let new keys begin behind those that were given; other databases see to it themselves."""
    if database.engine.dialect.name != "postgresql":
        return
    table = user.__table__
    key = inspect(user).primary_key[0]
    sequence = func.pg_get_serial_sequence(table.fullname, key.name)
    highest = select(func.max(key)).scalar_subquery()
    await unit.rows(select(text("1")).where(func.setval(sequence, highest) > 0))
