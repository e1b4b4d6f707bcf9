"""Typed models for a database that was there before: what `trivet inspectdb` writes."""

from __future__ import annotations

import builtins
import re
from collections.abc import Container
from typing import Any

from sqlalchemy import Column, Connection, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy import types as kinds

from trivet.db.columns import TYPES
from trivet.db.migrate.imports import Imports
from trivet.db.migrate.runner import context_of
from trivet.db.model import BareModel, table_name
from trivet.db.reflect.names import ATTRIBUTES, attribute, class_names
from trivet.db.reflect.relations import to_one_name
from trivet.db.reflect.tables import read_tables

__all__ = ["models_text"]

# In a class body, annotations further down would mean the column.
_TAKEN = (ATTRIBUTES | frozenset(dir(builtins))) - {"id", "type"}
_WIDTH = 95  # letters of a line, without its indentation
_MODULES = {"Decimal": "decimal", "UUID": "uuid"} | dict.fromkeys(
    ("date", "datetime", "time", "timedelta"), "datetime"
)


def models_text(connection: Connection) -> str:
    """Give a module with a model for every table; tables without a key become a comment."""
    imports = Imports()
    tables = read_tables(connection).sorted()
    called = class_names((table.schema, table.name) for table in tables)
    classes = {table: called[table.schema, table.name] for table in tables}
    parts = [_model(table, classes, imports, connection) for table in tables]
    head = '"""Models of the tables that were there, written by `trivet inspectdb`."""'
    return (
        "\n".join([head, "", "from __future__ import annotations", "", imports.text(), "", "", ""])
        + "\n\n\n".join(parts)
        + "\n"
    )


def _model(
    table: Table, classes: dict[Table, str], imports: Imports, connection: Connection
) -> str:
    if not table.primary_key.columns:
        return f"# The table {table.name!r} has no primary key, and a model needs one."
    names = _names(table)
    first_key = [column.name for column in table.primary_key.columns]
    has_plain_key = first_key == ["id"] and _is_counted(table.c.id, connection)
    base = imports.add("trivet.db", "Model" if has_plain_key else "BareModel")
    lines = []
    if table_name(classes[table]) != table.name:
        lines.append(f"__tablename__ = {table.name!r}")
    extra = _table_arguments(table, imports)
    if extra:
        lines.append(_call("__table_args__ = ", [*extra, ""]).replace(", )", ",)"))
    if lines:
        lines.append("")
    lines += [
        _column(column, names[column], imports, connection)
        for column in table.columns
        if not (has_plain_key and column.name == "id")
    ]
    used = set(names.values())
    keys = sorted(table.foreign_key_constraints, key=lambda one: [c.name for c in one.columns])
    for key in keys:
        lines += _relation(key, names, classes, used, imports)
    body = "\n".join(f"    {line}" if line else "" for line in lines) or "    pass"
    return f"class {classes[table]}({base}):\n{body}".replace("'", '"')


def _is_counted(column: Column[Any], connection: Connection) -> bool:
    """Tell whether a key is like the one that `Model` has."""
    return isinstance(column.type, kinds.Integer) and _is_usual(column, connection)


# -- names ---------------------------------------------------------------------------------------


def _attribute(name: str, used: Container[str] = ()) -> str:
    return attribute(name, used, _TAKEN)


def _names(table: Table) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for column in table.columns:
        names[column] = _attribute(column.name, names.values())
    return names


# -- columns -------------------------------------------------------------------------------------


def _column(column: Column[Any], name: str, imports: Imports, connection: Connection) -> str:
    python = _python_type(column, imports)
    optional = " | None" if column.nullable and not column.primary_key else ""
    parts = []
    single = [key for key in column.foreign_keys if len(_constraint(key).columns) == 1]
    length = column.type.length if isinstance(column.type, kinds.String) else None
    if length is None and not _is_usual(column, connection):
        parts.append(_type_text(column, imports))
    for key in single:
        imports.add("trivet.db", "ForeignKey")
        parts.append(f"ForeignKey({key.target_fullname!r}{_rules(_constraint(key))})")
    if name != column.name:
        parts.append(f"name={column.name!r}")
    if length is not None:
        parts.append(f"max_length={length}")
    if column.primary_key:
        parts.append("primary_key=True")
    if _is_unique(column):
        parts.append("unique=True")
    if any(_is_by_rule(one) and one.columns[0] is column for one in _indexes(column.table)):
        parts.append("index=True")
    if column.server_default is not None and hasattr(column.server_default, "arg"):
        default: Any = column.server_default.arg
        text = getattr(default, "text", None)
        if text is not None and not column.primary_key:
            imports.add("sqlalchemy", "text")
            parts.append(f"server_default=text({_quoted(str(text))})")
    if not parts and not column.foreign_keys:  # relations name theirs, which must be values then
        return f"{name}: Mapped[{python}{optional}]"
    imports.add("trivet.db", "field")
    return _call(f"{name}: Mapped[{python}{optional}] = field", parts)


def _call(head: str, parts: list[str]) -> str:
    """Give a call in one line, or with a line for each argument."""
    line = f"{head}({', '.join(parts)})"
    if len(line) <= _WIDTH:
        return line
    inside = "".join(f"        {part},\n" for part in parts if part)
    return f"{head}(\n{inside}    )"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\x27")
    return f'"{escaped}"'


def _constraint(key: Any) -> ForeignKeyConstraint:
    found: ForeignKeyConstraint = key.constraint
    return found


def _rules(key: ForeignKeyConstraint) -> str:
    rules = [("ondelete", key.ondelete), ("onupdate", key.onupdate)]
    return "".join(
        f", {name}={rule!r}" for name, rule in rules if rule and rule.upper() != "NO ACTION"
    )


def _is_unique(column: Column[Any]) -> bool:
    """Tell whether `unique=True` makes a constraint of the name that is there."""
    return any(one.columns[0] is column for one in _uniques(column.table) if _is_plain(one))


def _uniques(table: Any) -> list[UniqueConstraint]:
    found = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return sorted(found, key=lambda one: str(one.name))


def _is_plain(unique: UniqueConstraint) -> bool:
    by_rule = f"uq_{unique.table.name}_{unique.columns[0].name}"
    return len(unique.columns) == 1 and unique.name in (None, by_rule)


def _indexes(table: Any) -> list[Any]:
    return [one for one in table.indexes if not one.unique and len(one.columns) == 1]


def _is_by_rule(index: Any) -> bool:
    """Tell whether `index=True` makes an index of this name."""
    return bool(index.name == f"ix_{index.table.name}_{index.columns[0].name}")


def _python_type(column: Column[Any], imports: Imports) -> str:
    try:
        python: Any = column.type.python_type
    except NotImplementedError:
        return imports.add("typing", "Any")
    if isinstance(column.type, kinds.JSON):
        return f"dict[str, {imports.add('typing', 'Any')}]"
    if isinstance(column.type, kinds.Enum):
        return "str"
    if python.__name__ in _MODULES:
        imports.add(_MODULES[python.__name__], python.__name__)
    elif python.__module__ != "builtins":
        return imports.add("typing", "Any")
    name: str = python.__name__
    return name


def _is_usual(column: Column[Any], connection: Connection) -> bool:
    """Tell whether the plain annotation means this type already."""
    try:
        usual = TYPES.get(column.type.python_type)
    except NotImplementedError:
        return False
    if isinstance(column.type, kinds.DateTime | kinds.JSON):
        return True  # a moment in UTC, and JSON of any shape
    if usual is None:
        return isinstance(column.type, kinds.Boolean)
    mine: Column[Any] = Column(column.name, usual)
    context = context_of(connection, BareModel.metadata)
    return not context.impl.compare_type(column, mine)


def _type_text(column: Column[Any], imports: Imports) -> str:
    """Give the type as SQLAlchemy's plain one, which every database has."""
    plain: Any = column.type.as_generic(allow_nulltype=True)
    text = re.sub(r"(, )?collation='[^']*'", "", repr(plain)).replace("(, ", "(")
    imports.add("sqlalchemy", type(plain).__name__)
    return text


# -- the rest of a table -------------------------------------------------------------------------


def _table_arguments(table: Table, imports: Imports) -> list[str]:
    found = []
    for key in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
        if len(key.columns) > 1:
            imports.add("sqlalchemy", "ForeignKeyConstraint")
            here = [column.name for column in key.columns]
            there = [element.target_fullname for element in key.elements]
            found.append(f"ForeignKeyConstraint({here!r}, {there!r}{_rules(key)})")
    for unique in _uniques(table):
        if not _is_plain(unique):
            imports.add("sqlalchemy", "UniqueConstraint")
            listed = ", ".join(repr(column.name) for column in unique.columns)
            name = f", name={unique.name!r}" if unique.name else ""
            found.append(f"UniqueConstraint({listed}{name})")
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        columns = [getattr(column, "name", None) for column in index.columns]
        is_said = len(columns) == 1 and not index.unique and _is_by_rule(index)
        if all(columns) and not is_said:
            imports.add("sqlalchemy", "Index")
            unique_text = ", unique=True" if index.unique else ""
            listed = ", ".join(map(repr, columns))
            found.append(f"Index({index.name!r}, {listed}{unique_text})")
    return found


def _relation(
    key: ForeignKeyConstraint,
    names: dict[Any, str],
    classes: dict[Table, str],
    used: set[str],
    imports: Imports,
) -> list[str]:
    target = classes.get(key.referred_table)
    if target is None:
        return []
    columns = list(key.columns)
    name = to_one_name([names[column] for column in columns], target, used, _TAKEN)
    used.add(name)
    imports.add("trivet.db", "relationship")
    local = ", ".join(names[column] for column in columns)
    options = [f"foreign_keys=[{local}]"]
    if key.referred_table is key.table:
        remote = [f"{target}.{names[element.column]}" for element in key.elements]
        options.append(f"remote_side=lambda: [{', '.join(remote)}]")
    optional = " | None" if all(column.nullable for column in columns) else ""
    return [_call(f"{name}: Mapped[{target}{optional}] = relationship", options)]
