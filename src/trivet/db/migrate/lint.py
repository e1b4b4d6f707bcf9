"""What is risky about a migration: data that goes, and locks that others wait for.

Reads the file, not a database, so that every finding has its line. A line that was thought about
says so: `# reviewed: nobody reads it any more`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from trivet.checks import Finding, Level
from trivet.db.migrate.folder import Folder

__all__ = ["lint", "lint_newest"]


def lint_newest(folder: Path, dialect: str) -> list[Finding]:
    """Give what is risky about the newest migration; older ones have run already."""
    if not folder.is_dir():
        return []
    migrations = Folder(folder)
    heads = migrations.heads()
    newest = [Path(one.path) for one in migrations.all() if one.revision in heads]
    return [finding for path in newest for finding in lint(path, dialect)]


def lint(path: Path, dialect: str) -> list[Finding]:
    """Give what is risky about `upgrade` in one file, on a kind of database."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found: list[Finding] = []
    for call, table, new in _calls(ast.parse(text)):
        last = call.end_lineno or call.lineno
        if any("# reviewed" in line for line in lines[call.lineno - 1 : last]):
            continue
        found += _judged(call, table, new, dialect, f"{path}:{call.lineno}")
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, set[str]]]:
    """Give every operation of `upgrade` with its table, and the tables that are new."""
    for function in tree.body:
        if not (isinstance(function, ast.FunctionDef) and function.name == "upgrade"):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        calls.sort(key=lambda node: node.lineno)
        new = {_text(call, 0) for call in calls if _name(call) == "create_table"}
        batches = {
            id(inner): _text(item.context_expr, 0)
            for node in ast.walk(function)
            if isinstance(node, ast.With)
            for item in node.items
            if isinstance(item.context_expr, ast.Call)
            for inner in ast.walk(node)
        }
        for call in calls:
            is_index = _name(call) == "create_index"
            is_second = is_index or _name(call) in _CONSTRAINTS
            table = batches.get(id(call)) or _text(call, 1 if is_second else 0)
            yield call, table, new


def _judged(
    call: ast.Call, table: str, new: set[str], dialect: str, where: str
) -> Iterator[Finding]:
    name = _name(call)
    if name == "drop_table":
        yield Finding(
            Level.WARNING,
            "migrations.drops-table",
            f"dropping the table {table} deletes its rows; undoing the migration brings back"
            " the table, not the rows",
            "keep a copy, or rename it first: op.rename_table(...)",
            where,
        )
    elif name == "drop_column":
        yield Finding(
            Level.WARNING,
            "migrations.drops-column",
            f"dropping a column of {table} deletes what is in it, and breaks the version of the"
            " application that still runs",
            "release the code that does not use it first; was it renamed? new_column_name=...",
            where,
        )
    elif name == "add_column" and _is_false(call, "nullable") and not _has_default(call):
        yield Finding(
            Level.WARNING,
            "migrations.not-null",
            f"a new column of {table} is NOT NULL and has no default in the database: this fails"
            " where the table has rows",
            'server_default="...", or add it nullable, fill it, then alter_column(nullable=False)',
            where,
        )
    elif name == "alter_column":
        yield from _altered(call, table, dialect, where)
    elif name == "rename_table":
        yield _renamed(f"the table {table}", where)
    elif name in _CONSTRAINTS and table not in new and dialect != "sqlite":
        yield from _constrained(name, call, table, dialect, where)
    elif name == "execute":
        yield from _said(call, where)
    elif name == "create_index" and table not in new:
        yield from _indexed(call, table, dialect, where)


def _altered(call: ast.Call, table: str, dialect: str, where: str) -> Iterator[Finding]:
    if _given(call, "new_column_name") is not None:
        yield _renamed(f"a column of {table}", where)
    if _given(call, "type_") is not None:
        rebuilt = "" if dialect == "sqlite" else " and may rewrite the table under a lock"
        yield Finding(
            Level.WARNING,
            "migrations.changes-type",
            f"a column of {table} gets another type: that may cut or refuse values{rebuilt}",
            "add a new column, copy in parts, switch over; or see that every value fits",
            where,
        )
    if _is_false(call, "nullable"):
        yield Finding(
            Level.WARNING,
            "migrations.sets-not-null",
            f"a column of {table} becomes NOT NULL: this fails where a row has none"
            + ("" if dialect == "sqlite" else ", and reads the whole table under a lock"),
            'fill it first: op.execute("UPDATE ... SET ... WHERE ... IS NULL")',
            where,
        )


def _renamed(what: str, where: str) -> Finding:
    return Finding(
        Level.WARNING,
        "migrations.renames",
        f"{what} gets another name, which the version that still runs does not know",
        "stop that version first; or add the new one, copy, and drop the old one later",
        where,
    )


_CONSTRAINTS = {
    "create_check_constraint": "a check",
    "create_foreign_key": "a reference",
    "create_unique_constraint": "a unique constraint",
}


def _constrained(
    name: str, call: ast.Call, table: str, dialect: str, where: str
) -> Iterator[Finding]:
    if _given(call, "postgresql_not_valid") is not None:
        return
    mend = "run it when nobody writes, or where the table is small"
    if dialect == "postgresql" and name != "create_unique_constraint":
        mend = 'postgresql_not_valid=True, and later op.execute("ALTER TABLE ... VALIDATE ...")'
    elif dialect == "postgresql":
        mend = "make a unique index concurrently, and the constraint of it: ADD ... USING INDEX"
    yield Finding(
        Level.WARNING,
        "migrations.checks-rows",
        f"{_CONSTRAINTS[name]} of {table} is checked for every row that is there, while every write"
        " to it waits; this fails where one does not fit",
        mend,
        where,
    )


def _said(call: ast.Call, where: str) -> Iterator[Finding]:
    """Judge what is said in SQL: what throws data away."""
    text = " ".join(_text(call, 0).upper().split())
    if text.startswith(_THROWING) or (text.startswith("ALTER TABLE") and " DROP COLUMN " in text):
        yield Finding(
            Level.WARNING,
            "migrations.deletes",
            "this throws away what is stored; undoing the migration does not bring it back",
            "keep a copy: trivet dumpdata --output before.jsonl",
            where,
        )


_THROWING = ("DROP TABLE ", "TRUNCATE ", "DELETE FROM ")


def _indexed(call: ast.Call, table: str, dialect: str, where: str) -> Iterator[Finding]:
    if dialect != "postgresql" or _given(call, "postgresql_concurrently") is not None:
        return
    yield Finding(
        Level.WARNING,
        "migrations.locks-table",
        f"making an index holds up every write to {table} until it is done",
        "with op.get_context().autocommit_block(): op.create_index(..., "
        "postgresql_concurrently=True)",
        where,
    )


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.expr, place: int) -> str:
    """Give the text that stands as an argument of a call, empty where none does."""
    if not isinstance(node, ast.Call) or len(node.args) <= place:
        return ""
    found = node.args[place]
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""


def _given(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_false(call: ast.Call, name: str) -> bool:
    """Tell whether `name=False` stands in the call, or in the column that it adds."""
    for inner in ast.walk(call):
        if isinstance(inner, ast.Call):
            value = _given(inner, name)
            if isinstance(value, ast.Constant) and value.value is False:
                return True
    return False


def _has_default(call: ast.Call) -> bool:
    return any(
        isinstance(inner, ast.Call)
        and (_given(inner, "server_default") is not None or _is_generated(inner))
        for inner in ast.walk(call)
    )


def _is_generated(call: ast.Call) -> bool:
    return _name(call) in ("Computed", "Identity")
