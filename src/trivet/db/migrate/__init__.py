"""Migrations on Alembic: the tables follow the models, forwards and back.

Only this package imports Alembic, and it is imported only by commands and checks: a running service
knows nothing of it. `commands` are what `trivet` shows, `folder` the files, `differences` and
`render` what a new file says, `runner` and `lock` what is done to a database, `lint` what is risky
about it, `existing` the models of a database that was there before.
"""

from __future__ import annotations

from trivet.db.migrate.commands import Commands
from trivet.db.migrate.lint import lint_newest

__all__ = ["Commands", "lint_newest"]
