"""Rows are seen by the organisation that they belong to, and by those who run the service."""

from __future__ import annotations

from alembic import op

from trivet.db import row_policy

revision = "0002_policies"
down_revision = "0001_initial"

_TABLES = ("subscription", "invoice", "usage", "note")
_OPERATIONS = "current_setting('app.operations', true) = 'yes'"


def upgrade() -> None:
    for table in _TABLES:
        for line in row_policy(table, "organisation_id", "app.tenant"):
            op.execute(line)
        op.execute(
            f"CREATE POLICY by_operations ON {table} USING ({_OPERATIONS})"
            f" WITH CHECK ({_OPERATIONS})"
        )


def downgrade() -> None:
    for table in _TABLES:
        op.execute(f"DROP POLICY by_operations ON {table}")
        op.execute(f"DROP POLICY by_tenant ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
