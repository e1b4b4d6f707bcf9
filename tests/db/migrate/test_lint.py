"""What is risky about a migration is told with its line, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from trivet.db.migrate.lint import lint, lint_newest

ADD = 'op.add_column("t", sa.Column("a", sa.Integer(), nullable=False'


def codes(folder: Path, *lines: str, dialect: str = "postgresql") -> list[str]:
    body = "\n".join(f"    {line}" for line in lines)
    path = folder / "0001_it.py"
    path.write_text(f'revision = "0001_it"\ndown_revision = None\ndef upgrade():\n{body}\n')
    return [finding.code for finding in lint(path, dialect)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('op.drop_table("t")', "migrations.drops-table"),
        ('op.drop_column("t", "a")', "migrations.drops-column"),
        (f"{ADD}))", "migrations.not-null"),
        ('op.alter_column("t", "a", type_=sa.Text())', "migrations.changes-type"),
        ('op.alter_column("t", "a", nullable=False)', "migrations.sets-not-null"),
        ('op.create_index("i", "t", ["a"])', "migrations.locks-table"),
        ('op.alter_column("t", "a", new_column_name="b")', "migrations.renames"),
        ('op.rename_table("t", "s")', "migrations.renames"),
        ('op.create_foreign_key("f", "t", "s", ["a"], ["id"])', "migrations.checks-rows"),
        ('op.create_unique_constraint("u", "t", ["a"])', "migrations.checks-rows"),
        ('op.create_check_constraint("c", "t", "a > 0")', "migrations.checks-rows"),
        ('op.execute("truncate t")', "migrations.deletes"),
        ('op.execute("ALTER TABLE t DROP COLUMN a")', "migrations.deletes"),
    ],
)
def test_what_is_risky_is_found(tmp_path: Path, line: str, code: str) -> None:
    assert codes(tmp_path, line) == [code]
    assert codes(tmp_path, f"{line}  # reviewed: small table") == []


@pytest.mark.parametrize(
    "line",
    [
        f'{ADD}, server_default="0"))',
        'op.add_column("t", sa.Column("a", sa.Integer(), nullable=True))',
        'op.create_foreign_key("f", "t", "s", ["a"], ["id"], postgresql_not_valid=True)',
        'op.create_table("t"); op.create_foreign_key("f", "t", "s", ["a"], ["id"])',
        'op.create_index("i", "t", ["a"], postgresql_concurrently=True)',
        'op.create_table("t"); op.create_index("i", "t", ["a"])',
        'op.execute("UPDATE t SET a = 1")',
    ],
)
def test_what_is_harmless_is_not_told(tmp_path: Path, line: str) -> None:
    assert codes(tmp_path, line) == []


@pytest.mark.parametrize(("dialect", "count"), [("mariadb", 1), ("mysql", 1), ("sqlite", 0)])
def test_a_reference_holds_up_a_server_alone(tmp_path: Path, dialect: str, count: int) -> None:
    line = 'op.create_foreign_key("f", "t", "s", ["a"], ["id"])'

    assert codes(tmp_path, line, dialect=dialect) == ["migrations.checks-rows"] * count


def test_an_index_holds_nobody_up_on_sqlite(tmp_path: Path) -> None:
    assert codes(tmp_path, 'op.create_index("i", "t", ["a"])', dialect="sqlite") == []


def test_operations_in_a_batch_are_those_of_its_table(tmp_path: Path) -> None:
    path = tmp_path / "0001_it.py"
    path.write_text(
        "def upgrade():\n"
        '    with op.batch_alter_table("artist") as batch_op:\n'
        '        batch_op.drop_column("name")\n'
    )

    (finding,) = lint(path, "sqlite")

    assert "a column of artist" in finding.message
    assert finding.where == f"{path}:3"


def test_undoing_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "0001_it.py"
    path.write_text('def upgrade():\n    pass\ndef downgrade():\n    op.drop_table("t")\n')

    assert lint(path, "postgresql") == []


def test_without_migrations_nothing_is_found(tmp_path: Path) -> None:
    assert lint_newest(tmp_path / "migrations", "sqlite") == []
