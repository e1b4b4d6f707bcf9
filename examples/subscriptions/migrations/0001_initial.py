"""Make table auth_links, and 58 more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from trivet.db import UtcDateTime

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "auth_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=50), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_auth_links")),
    )
    with op.batch_alter_table("auth_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_links_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_links_user"), ["user"], unique=False)

    op.create_table(
        "auth_recovery_codes",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_auth_recovery_codes")),
    )
    with op.batch_alter_table("auth_recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_recovery_codes_user"), ["user"], unique=False)

    op.create_table(
        "auth_totp",
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.String(length=500), nullable=True),
        sa.Column("pending", sa.String(length=500), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("codes_made_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_auth_totp")),
    )
    op.create_table(
        "flag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "is_on", sa.Boolean(), nullable=False, comment="Off: everybody has what the code says"
        ),
        sa.Column(
            "value", sa.JSON(), nullable=False, comment="What those have whom no rule is about"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("name", name=op.f("uq_flag_name")),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("handle", name=op.f("uq_organisations_handle")),
    )
    op.create_table(
        "security_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
    )
    with op.batch_alter_table("security_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_events_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_security_events_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_security_events_user"), ["user"], unique=False)

    op.create_table(
        "trivet_admin_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "model",
            sa.String(length=100)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "key",
            sa.String(length=190)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=190), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=190), "mysql"
            ),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column(
            "action",
            sa.String(length=60)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=60), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=60), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "handle",
            sa.String(length=64)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mysql"
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "by_handle",
            sa.String(length=64)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mysql"
            ),
            nullable=True,
        ),
        sa.Column("by_name", sa.String(length=200), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column(
            "batch",
            sa.String(length=32)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=32), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=32), "mysql"
            ),
            nullable=True,
        ),
        sa.Column(
            "request",
            sa.String(length=100)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mysql"
            ),
            nullable=True,
        ),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_admin_changes")),
    )
    with op.batch_alter_table("trivet_admin_changes", schema=None) as batch_op:
        batch_op.create_index("ix_trivet_admin_changes_action", ["action", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trivet_admin_changes_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_trivet_admin_changes_by_handle",
            ["by_handle", "id"],
            unique=False,
            postgresql_where=sa.text("by_handle IS NOT NULL"),
            sqlite_where=sa.text("by_handle IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_trivet_admin_changes_by_name",
            ["by_name", "id"],
            unique=False,
            postgresql_where=sa.text("by_name IS NOT NULL"),
            sqlite_where=sa.text("by_name IS NOT NULL"),
        )
        batch_op.create_index("ix_trivet_admin_changes_handle", ["handle", "id"], unique=False)
        batch_op.create_index("ix_trivet_admin_changes_model", ["model", "id"], unique=False)
        batch_op.create_index("ix_trivet_admin_changes_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_trivet_admin_changes_row", ["model", "key", "id"], unique=False)

    op.create_table(
        "trivet_admin_views",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "site",
            sa.String(length=100)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "model",
            sa.String(length=100)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=100), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "handle",
            sa.String(length=64)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=64), "mysql"
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_admin_views")),
    )
    with op.batch_alter_table("trivet_admin_views", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trivet_admin_views_list", ["site", "model", "handle"], unique=False
        )

    op.create_table(
        "trivet_job_marks",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_trivet_job_marks")),
    )
    op.create_table(
        "trivet_jobs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("queue", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column(
            "arguments",
            sa.Text()
            .with_variant(mysql.MEDIUMTEXT(), "mariadb")
            .with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lapses", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("limit_key", sa.String(length=200), nullable=True),
        sa.Column("next_id", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("has_before", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("keep", sa.Integer(), nullable=False),
        sa.Column("wants_cancel", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column(
            "result",
            sa.Text()
            .with_variant(mysql.MEDIUMTEXT(), "mariadb")
            .with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column(
            "error",
            sa.Text()
            .with_variant(mysql.MEDIUMTEXT(), "mariadb")
            .with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("tick", sa.BigInteger(), nullable=True),
        sa.Column("trace", sa.String(length=55), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_trivet_jobs_unique_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("trivet_jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trivet_jobs_claim", ["state", "queue", "rank", "id"], unique=False
        )
        batch_op.create_index("ix_trivet_jobs_due", ["state", "due"], unique=False)
        batch_op.create_index("ix_trivet_jobs_next", ["next_id"], unique=False)

    op.create_table(
        "trivet_sessions",
        sa.Column(
            "id",
            sa.String(length=32)
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=32), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=32), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "token",
            sa.String(length=64)
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=64), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=64), "mysql"
            ),
            nullable=False,
        ),
        sa.Column(
            "previous",
            sa.String(length=64)
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=64), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="ascii", collation="ascii_bin", length=64), "mysql"
            ),
            nullable=True,
        ),
        sa.Column("rotated", sa.BigInteger(), nullable=True),
        sa.Column(
            "handle",
            sa.String(length=255)
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=255), "mariadb"
            )
            .with_variant(
                mysql.VARCHAR(charset="utf8mb4", collation="utf8mb4_bin", length=255), "mysql"
            ),
            nullable=True,
        ),
        sa.Column(
            "data",
            sa.Text()
            .with_variant(mysql.MEDIUMTEXT(), "mariadb")
            .with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("authenticated", sa.BigInteger(), nullable=True),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_sessions")),
        sa.UniqueConstraint("token", name=op.f("uq_trivet_sessions_token")),
    )
    with op.batch_alter_table("trivet_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trivet_sessions_expires"), ["expires"], unique=False)
        batch_op.create_index("ix_trivet_sessions_handle", ["handle", "seen"], unique=False)
        batch_op.create_index(batch_op.f("ix_trivet_sessions_previous"), ["previous"], unique=False)

    op.create_table(
        "trivet_webhook_attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column(
            "answer",
            sa.LargeBinary()
            .with_variant(mysql.MEDIUMBLOB(), "mariadb")
            .with_variant(mysql.MEDIUMBLOB(), "mysql"),
            nullable=False,
        ),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_webhook_attempts")),
    )
    with op.batch_alter_table("trivet_webhook_attempts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trivet_webhook_attempts_delivery", ["message_id", "endpoint_id"], unique=False
        )

    op.create_table(
        "trivet_webhook_deliveries",
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "message_id", "endpoint_id", name=op.f("pk_trivet_webhook_deliveries")
        ),
    )
    with op.batch_alter_table("trivet_webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trivet_webhook_deliveries_endpoint", ["endpoint_id", "created"], unique=False
        )

    op.create_table(
        "trivet_webhook_endpoints",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("disabled", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_webhook_endpoints")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("trivet_webhook_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trivet_webhook_endpoints_owner"), ["owner"], unique=False
        )

    op.create_table(
        "trivet_webhook_messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary()
            .with_variant(mysql.MEDIUMBLOB(), "mariadb")
            .with_variant(mysql.MEDIUMBLOB(), "mysql"),
            nullable=False,
        ),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trivet_webhook_messages")),
    )
    with op.batch_alter_table("trivet_webhook_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trivet_webhook_messages_created"), ["created"], unique=False
        )

    op.create_table(
        "trivet_webhook_received",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary()
            .with_variant(mysql.MEDIUMBLOB(), "mariadb")
            .with_variant(mysql.MEDIUMBLOB(), "mysql"),
            nullable=False,
        ),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trivet_webhook_received")),
    )
    with op.batch_alter_table("trivet_webhook_received", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trivet_webhook_received_created"), ["created"], unique=False
        )

    op.create_table(
        "trivet_webhook_subscriptions",
        sa.Column("endpoint_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint(
            "endpoint_id", "event", name=op.f("pk_trivet_webhook_subscriptions")
        ),
    )
    with op.batch_alter_table("trivet_webhook_subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trivet_webhook_subscriptions_event"), ["event"], unique=False
        )

    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False, comment="What others see"),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), nullable=False),
        sa.Column("is_service", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("email_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("password_changed_at", UtcDateTime(), nullable=True),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("handle", name=op.f("uq_users_handle")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_table(
        "flag_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("flag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.String(length=32), nullable=True, comment="Its handle"),
        sa.Column("user", sa.String(length=32), nullable=True, comment="Somebody's handle"),
        sa.Column(
            "share",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="For so many in a hundred organisations",
        ),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["flag.id"], name=op.f("fk_flag_rule_flag_id_flag"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_rule")),
    )
    with op.batch_alter_table("flag_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flag_rule_flag_id"), ["flag_id"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("stripe_id", sa.String(length=100), nullable=False),
        sa.Column("paid", UtcDateTime(), nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_invoice_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_invoice_stripe_id")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invoice_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=20000), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_note_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_note_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "organisation_invitations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=50), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_invitations_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_invitations")),
        sa.UniqueConstraint("handle", name=op.f("uq_organisation_invitations_handle")),
        sa.UniqueConstraint(
            "organisation_id",
            "email",
            name=op.f("uq_organisation_invitations_organisation_id_email"),
        ),
    )
    op.create_table(
        "organisation_members",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=50), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_members_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_members")),
        sa.UniqueConstraint(
            "organisation_id", "user", name=op.f("uq_organisation_members_organisation_id_user")
        ),
    )
    with op.batch_alter_table("organisation_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_members_user"), ["user"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("stripe_customer", sa.String(length=100), nullable=True),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=50), nullable=False),
        sa.Column(
            "seats",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Bought besides those of the plan",
        ),
        sa.Column(
            "told",
            sa.BigInteger(),
            nullable=False,
            comment="When Stripe made what we know, seconds since 1970",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_subscription_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_subscription_organisation_id")),
        sa.UniqueConstraint("stripe_customer", name=op.f("uq_subscription_stripe_customer")),
    )
    op.create_table(
        "usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("month", sa.String(length=7), nullable=False, comment="Such as 2026-11, by UTC"),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_usage_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sa.UniqueConstraint(
            "organisation_id", "month", name=op.f("uq_usage_organisation_id_month")
        ),
    )
    op.create_table(
        "users_groups",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
            name=op.f("fk_users_groups_group_id_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_users_groups_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_users_groups")),
    )
    with op.batch_alter_table("users_groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_groups_group_id"), ["group_id"], unique=False)


def downgrade() -> None:
    op.drop_table("users_groups")
    op.drop_table("usage")
    op.drop_table("subscription")
    op.drop_table("organisation_members")
    op.drop_table("organisation_invitations")
    op.drop_table("note")
    op.drop_table("invoice")
    op.drop_table("flag_rule")
    op.drop_table("users")
    op.drop_table("trivet_webhook_subscriptions")
    op.drop_table("trivet_webhook_received")
    op.drop_table("trivet_webhook_messages")
    op.drop_table("trivet_webhook_endpoints")
    op.drop_table("trivet_webhook_deliveries")
    op.drop_table("trivet_webhook_attempts")
    op.drop_table("trivet_sessions")
    op.drop_table("trivet_jobs")
    op.drop_table("trivet_job_marks")
    op.drop_table("trivet_admin_views")
    op.drop_table("trivet_admin_changes")
    op.drop_table("security_events")
    op.drop_table("organisations")
    op.drop_table("groups")
    op.drop_table("flag")
    op.drop_table("auth_totp")
    op.drop_table("auth_recovery_codes")
    op.drop_table("auth_links")
