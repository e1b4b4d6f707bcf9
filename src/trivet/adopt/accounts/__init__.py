"""Django's accounts, groups, permissions and admin log as Trivet's, in one transaction.

Read from Django's tables as they are in the database, planned as plain data, then written. The
plan says all that would happen, so that a dry run and the writing cannot differ.
"""

from __future__ import annotations

from trivet.adopt.accounts.planning import AccountPlan, plan_accounts
from trivet.adopt.accounts.reading import DjangoTables, read_tables
from trivet.adopt.accounts.taking import already_there, take_over

__all__ = [
    "AccountPlan",
    "DjangoTables",
    "already_there",
    "plan_accounts",
    "read_tables",
    "take_over",
]
