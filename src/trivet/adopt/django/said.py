"""How a project's settings are said: written out, read from the environment, or made by code.

What is read from the environment becomes a typed field and stays a reading of it; what is made by
code is asked of Django's settings when the written file runs. Nothing is said of secrets.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.django.kinds import code_of, dotted
from trivet.adopt.django.project import Site

__all__ = ["Read", "Said", "Sayings"]

_READS = frozenset({"os.environ.get", "os.getenv"})
_CALLS = frozenset({"int", "str", "bool", "list", "tuple", "set", "sorted", "len"})
_METHODS = frozenset({"split", "strip", "lower", "upper", "startswith", "endswith", "replace"})
_SECRET = ("SECRET", "PASSWORD", "PASSWD", "KEY", "TOKEN", "DSN", "_URL", "CREDENTIAL")
_TAKEN = frozenset({"load", "given", "provide", "copy", "json", "dict", "schema"})
_UNSEEN = object()


@dataclass(frozen=True, slots=True)
class Read:
    """A field that is read from the environment."""

    variable: str
    kind: str
    default: str | None
    """As code; None where it must be there."""

    @property
    def name(self) -> str:
        """Its name as a field."""
        return self.variable.lower()

    @property
    def line(self) -> str:
        """The line of its field."""
        return f"{self.name}: {self.kind}" + ("" if self.default is None else f" = {self.default}")


@dataclass(frozen=True, slots=True)
class Said:
    """A setting as code of the written file; `value` is what it is now, as the probe was told."""

    name: str
    text: str
    value: Any  # Any: plain data
    is_given: bool
    """False where the project leaves it to Django."""
    is_fixed: bool
    """True where it is written out, or left to Django: it is the same wherever this runs."""
    is_code: bool = False
    """True where it is made by code that was not followed."""
    reads: tuple[Read, ...] = ()


class _Unread(Exception):
    """An expression that is not followed."""


@dataclass
class Sayings:
    """The settings of a project, by what stands in its file."""

    site: Site
    _made: dict[str, cst.BaseExpression] = field(default_factory=dict)
    _bound: dict[str, str] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        file = Path(self.site.settings_file)
        try:
            module = cst.parse_module(file.read_bytes()) if file.is_file() else cst.Module([])
        except (cst.ParserSyntaxError, UnicodeDecodeError):
            return
        looked = _Look()
        module.visit(looked)
        self._made, self._bound, self._changed = looked.made, looked.bound, looked.changed

    def of(self, name: str) -> Said:
        """Tell how a setting is said."""
        value = self.site.settings.get(name)
        if name not in self.site.given:
            return Said(name, _literal(value), value, is_given=False, is_fixed=True)
        node = self._made.get(name)
        if node is None or name in self._changed:
            return self._by_code(name, value)
        written = _value_of(node)
        if written is not _UNSEEN:
            # Django puts a slash before these where they have none.
            rooted = f"/{written}" if name in ("STATIC_URL", "MEDIA_URL") else written
            if value not in (_told(written), rooted):
                return self._by_code(name, value)
            return Said(name, _literal(written), value, is_given=True, is_fixed=True)
        reads: dict[str, Read] = {}
        try:
            text = self._followed(node, reads, frozenset({name}))
        except _Unread:
            return self._by_code(name, value)
        return Said(
            name, text, value, is_given=True, is_fixed=not reads, reads=tuple(reads.values())
        )

    def variable_of(self, name: str) -> str | None:
        """Give the variable from which a secret is read, where it is; its default is not told."""
        node = self._made.get(name)
        found = None if node is None or name in self._changed else self._variable(node)
        return found[0] if found else None

    def _by_code(self, name: str, value: object) -> Said:
        text = f"settings.{name}"
        return Said(name, text, value, is_given=True, is_fixed=False, is_code=True)

    def _variable(self, node: cst.BaseExpression) -> tuple[str, cst.BaseExpression | None] | None:
        """Give the variable that an expression reads, and its default."""
        if isinstance(node, cst.Subscript):
            index = node.slice[0].slice
            if self._full(node.value) == "os.environ" and isinstance(index, cst.Index):
                name = _value_of(index.value)
                return (name, None) if isinstance(name, str) else None
        if isinstance(node, cst.Call) and self._full(node.func) in _READS and node.args:
            name = _value_of(node.args[0].value)
            if isinstance(name, str):
                return name, node.args[1].value if len(node.args) > 1 else cst.Name("None")
        return None

    def _full(self, node: cst.CSTNode) -> str:
        first, _, rest = dotted(node).partition(".")
        found = self._bound.get(first, first)
        return f"{found}.{rest}" if rest else found

    def _followed(
        self, node: cst.BaseExpression, reads: dict[str, Read], seen: frozenset[str]
    ) -> str:
        """Give an expression as code of the written file; raises `_Unread`."""
        is_int = isinstance(node, cst.Call) and _is_call_of(node, "int")
        read = self._variable(node.args[0].value if is_int else node)  # type: ignore[attr-defined]
        if read is not None:
            return self._field(read, reads, is_int=is_int)
        return code_of(_checked(node).visit(_Replace(self, reads, seen)))  # type: ignore[arg-type]

    def _field(
        self, read: tuple[str, cst.BaseExpression | None], reads: dict[str, Read], *, is_int: bool
    ) -> str:
        variable, given = read
        default = None if given is None else _value_of(given)
        is_secret = any(word in variable.upper() for word in _SECRET)
        name = variable.lower()
        is_odd = not name.isidentifier() or name in _TAKEN or name.startswith(("model_", "_"))
        if is_secret or is_odd or default is _UNSEEN:
            raise _Unread
        kind = "int" if is_int else "str"
        if given is not None and is_int:
            if not isinstance(default, int | str) or not str(default).isdecimal():
                raise _Unread
            default = int(default)
        elif given is not None and not isinstance(default, str | None):
            raise _Unread
        if given is not None and default is None:
            kind = f"{kind} | None"
        found = Read(variable, kind, None if given is None else _literal(default))
        if reads.setdefault(variable, found) != found:
            raise _Unread
        return f"site.{found.name}"


class _Replace(cst.CSTTransformer):
    """Puts fields in the places where the environment is read, and settings' own for names."""

    def __init__(self, sayings: Sayings, reads: dict[str, Read], seen: frozenset[str]) -> None:
        super().__init__()
        self._sayings, self._reads, self._seen = sayings, reads, seen
        self._local: set[str] = set()

    def visit_CompFor(self, node: cst.CompFor) -> None:
        if isinstance(node.target, cst.Name):
            self._local.add(node.target.value)

    def visit_ListComp(self, node: cst.ListComp) -> None:
        self.visit_CompFor(node.for_in)  # its name is used before it is bound

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        self._local.add(node.attr.value)

    def on_visit(self, node: cst.CSTNode) -> bool:
        is_read = isinstance(node, cst.BaseExpression) and self._sayings._variable(node) is not None
        return super().on_visit(node) and not is_read

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:  # Any: nodes
        if isinstance(original_node, cst.BaseExpression):
            read = self._sayings._variable(original_node)
            if read is not None:
                text = self._sayings._field(read, self._reads, is_int=False)
                return cst.parse_expression(text)
        return super().on_leave(original_node, updated_node)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> Any:  # Any: a node
        name = original_node.value
        if name in self._local or name in ("True", "False", "None"):
            return updated_node
        made = self._sayings._made.get(name)
        if made is None or name in self._seen or name in self._sayings._changed:
            if hasattr(builtins, name) and name in _CALLS:
                return updated_node
            raise _Unread
        text = self._sayings._followed(made, self._reads, self._seen | {name})
        return cst.parse_expression(f"({text})")


def _checked(node: cst.BaseExpression) -> cst.BaseExpression:
    """Raise `_Unread` where an expression has more than plain steps."""

    class Look(cst.CSTVisitor):
        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, cst.BaseExpression) and not isinstance(node, _STEPS):
                raise _Unread
            return super().on_visit(node)

        def visit_Call(self, node: cst.Call) -> None:
            name = node.func.value if isinstance(node.func, cst.Name) else ""
            method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
            if name not in _CALLS and method not in {*_METHODS, "get", "getenv"}:
                raise _Unread

    node.visit(Look())
    return node


_STEPS = (
    cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.SimpleString, cst.Integer, cst.List,
    cst.Tuple, cst.Set, cst.ListComp, cst.Comparison, cst.BooleanOperation, cst.UnaryOperation,
    cst.IfExp, cst.Float,
)  # fmt: skip


class _Look(cst.CSTVisitor):
    """Gathers what a module of settings makes at its top, and what it changes afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, cst.BaseExpression] = {}
        self.bound: dict[str, str] = {}
        self.changed: set[str] = set()
        self._depth = 0

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        self._depth += 1

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock) -> None:
        self._depth -= 1

    def visit_SimpleStatementSuite(self, node: cst.SimpleStatementSuite) -> None:
        self._depth += 1

    def leave_SimpleStatementSuite(self, original_node: cst.SimpleStatementSuite) -> None:
        self._depth -= 1

    def visit_Import(self, node: cst.Import) -> None:
        for one in node.names:
            name = get_full_name_for_node(one.name) or ""
            local = get_full_name_for_node(one.asname.name) if one.asname else None
            self.bound[local or name.split(".")[0]] = name if local else name.split(".")[0]

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        module = (get_full_name_for_node(node.module) if node.module else "") or ""
        if isinstance(node.names, cst.ImportStar):
            self.changed.update(self.made)  # it may have any of them anew
            return
        for one in node.names:
            name = get_full_name_for_node(one.name) or ""
            local = get_full_name_for_node(one.asname.name) if one.asname else name
            self.bound[str(local)] = f"{module}.{name}"

    def visit_Assign(self, node: cst.Assign) -> None:
        for one in node.targets:
            self._note(one.target, node.value if len(node.targets) == 1 else None)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._note(node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._note(node.target, None)

    def visit_Call(self, node: cst.Call) -> None:
        func = node.func
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) and (
            func.attr.value in ("append", "extend", "insert", "remove", "update", "pop")
        ):  # fmt: skip
            self.changed.add(func.value.value)

    def _note(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        name = (get_full_name_for_node(target) or "").split(".")[0]
        if isinstance(target, cst.Subscript):
            name = (get_full_name_for_node(target.value) or "").split(".")[0]
        is_plain = isinstance(target, cst.Name) and value is not None and not self._depth
        if not is_plain or name in self.made:
            self.changed.add(name)
        elif value is not None:
            self.made[name] = value


def _told(value: object) -> object:
    """Give plain data as the probe tells it."""
    if isinstance(value, list | tuple):
        return [_told(one) if isinstance(one, list | tuple) else str(one) for one in value]
    return value


def _is_call_of(node: cst.Call, name: str) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == name and len(node.args) == 1


def _value_of(node: cst.BaseExpression) -> Any:  # Any: plain data
    try:
        return ast.literal_eval(code_of(node))
    except (ValueError, SyntaxError, TypeError):
        return _UNSEEN


def _literal(value: object) -> str:
    """Give plain data as code."""
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"' if text.isprintable() else repr(value)
    if isinstance(value, list | tuple):
        inside = ", ".join(_literal(one) for one in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)" if value else "()"
    return repr(value)
