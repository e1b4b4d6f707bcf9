"""What an expression of a view can only be: a text, a whole number, or one of these or None.

It is told from the code alone, so most are told to be nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

import libcst as cst

from trivet.adopt.project import text_of

__all__ = ["Shape", "Shapes", "bound"]


class Shape(Enum):
    """What a value is for certain."""

    TEXT = "str"
    NUMBER = "int"
    OPTIONAL = "str | None"


_TEXTS = frozenset(
    {"upper", "lower", "strip", "lstrip", "rstrip", "title", "capitalize", "replace", "format",
     "join", "casefold", "swapcase", "zfill", "center", "ljust", "rjust"}
)  # fmt: skip
_OF_BUILTINS = {"str": Shape.TEXT, "repr": Shape.TEXT, "int": Shape.NUMBER, "len": Shape.NUMBER}
_OF_FLASK = dict.fromkeys(("flask.url_for", "flask.render_template"), Shape.TEXT) | {
    f"flask.request.{one}": Shape.TEXT
    for one in ("method", "path", "full_path", "url", "base_url", "host", "host_url", "url_root")
}
_GETS = frozenset(
    f"flask.request.{one}.get" for one in ("args", "form", "values", "headers", "cookies")
)
_ITEMS = frozenset(
    f"flask.request.{one}" for one in ("args", "form", "values", "headers", "cookies")
)


class Shapes:
    """Tells the shapes of one function's expressions.

    `full` gives what a name is, as Flask's; `constant` gives the value of a name of the module.
    """

    def __init__(
        self,
        function: cst.FunctionDef,
        types: Mapping[str, str],
        full: Callable[[cst.CSTNode], str],
        constant: Callable[[str], cst.BaseExpression | None],
    ) -> None:
        self._full, self._constant = full, constant
        self._local: dict[str, Shape | None] = {name: Shape(one) for name, one in types.items()}
        assigned = _Assigned()
        function.body.visit(assigned)
        of_path = dict(self._local)
        # While it is looked at, a name is nothing: a value that is made of itself tells nothing.
        self._local |= dict.fromkeys([*assigned.others, *assigned.values], None)
        for name in [one for one in assigned.values if one not in assigned.others]:
            self._fix(name, assigned.values, of_path)

    def _fix(
        self,
        name: str,
        values: Mapping[str, Sequence[cst.BaseExpression]],
        of_path: Mapping[str, Shape | None],
    ) -> None:
        given = [of_path[name]] if name in of_path else []
        shapes = {*given, *(self.of(one) for one in values[name])}
        self._local[name] = shapes.pop() if len(shapes) == 1 else None

    def of(self, node: cst.BaseExpression) -> Shape | None:
        """Give the shape of an expression, or None where nobody can tell."""
        if isinstance(node, cst.SimpleString | cst.ConcatenatedString | cst.FormattedString):
            is_bytes = not isinstance(node, cst.FormattedString) and (
                isinstance(node.evaluated_value, bytes)
            )
            return None if is_bytes else Shape.TEXT
        if isinstance(node, cst.Integer):
            return Shape.NUMBER
        if isinstance(node, cst.Name):
            return self._name(node.value)
        if isinstance(node, cst.Attribute):
            return _OF_FLASK.get(self._full(node))
        if isinstance(node, cst.Subscript):
            return Shape.TEXT if self._full(node.value) in _ITEMS else None
        if isinstance(node, cst.Call):
            return self._call(node)
        return self._joined(node)

    def _name(self, name: str) -> Shape | None:
        if name in self._local:
            return self._local[name]
        value = self._constant(name)
        if isinstance(value, cst.Integer):
            return Shape.NUMBER
        return Shape.TEXT if value is not None and text_of(value) is not None else None

    def _joined(self, node: cst.BaseExpression) -> Shape | None:
        if isinstance(node, cst.BinaryOperation):
            left, right = self.of(node.left), self.of(node.right)
            if isinstance(node.operator, cst.Modulo) and left is Shape.TEXT:
                return Shape.TEXT
            numeric = cst.Add | cst.Subtract | cst.Multiply | cst.Modulo
            if left is right is Shape.NUMBER and isinstance(node.operator, numeric):
                return Shape.NUMBER
            is_sum = isinstance(node.operator, cst.Add)
            return Shape.TEXT if is_sum and left is right is Shape.TEXT else None
        if isinstance(node, cst.IfExp):
            first, second = self.of(node.body), self.of(node.orelse)
            return first if first is second else None
        if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
            first, second = self.of(node.left), self.of(node.right)
            is_text = first in (Shape.TEXT, Shape.OPTIONAL) and second is Shape.TEXT
            return Shape.TEXT if is_text else None
        return None

    def _call(self, node: cst.Call) -> Shape | None:
        full = self._full(node.func)
        if full in _OF_BUILTINS:
            return _OF_BUILTINS[full]
        if full in _OF_FLASK:
            return _OF_FLASK[full]
        if full in _GETS:
            return self._got(node)
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in _TEXTS:
            return Shape.TEXT if self.of(node.func.value) is Shape.TEXT else None
        return None

    def _got(self, node: cst.Call) -> Shape | None:
        if any(one.star for one in node.args):
            return None
        named = {one.keyword.value: one.value for one in node.args if one.keyword}
        places = [one.value for one in node.args if not one.keyword]
        default = named.get("default", places[1] if len(places) > 1 else None)
        kind = named.get("type", places[2] if len(places) > 2 else None)
        kinds = {"": Shape.TEXT, "str": Shape.TEXT, "int": Shape.NUMBER}
        found = kinds.get("" if kind is None else self._full(kind))
        given = None if default is None else self.of(default)
        if default is None and found is Shape.TEXT:
            return Shape.OPTIONAL
        return found if given is found else None


class _Assigned(cst.CSTVisitor):
    """What names are given, and which are given what cannot be told."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[cst.BaseExpression]] = {}
        self.others: set[str] = set()

    def _give(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        if isinstance(target, cst.Name) and value is not None:
            self.values.setdefault(target.value, []).append(value)
        else:
            self.others |= bound(target)

    def visit_Assign(self, node: cst.Assign) -> None:
        for one in node.targets:
            self._give(one.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._give(node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._give(node.target, None)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._give(node.target, node.value)

    def visit_For(self, node: cst.For) -> None:
        self._give(node.target, None)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._give(node.target, None)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._give(node.name, None)

    def visit_Import(self, node: cst.Import) -> None:
        self.others |= {
            str(cst.Module([]).code_for_node(one.name)).split(".")[0] for one in node.names
        }

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if not isinstance(node.names, cst.ImportStar):
            self.others |= {str(one.name.value) for one in node.names}

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        self.others |= {node.name.value} if node.name else set()

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        self.others |= {node.name.value} if node.name else set()

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:
        self.others |= {node.rest.value} if node.rest else set()


def bound(target: cst.CSTNode) -> set[str]:
    """Give the names that a target binds."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.StarredElement):
        return bound(target.value)
    if isinstance(target, cst.Tuple | cst.List):
        return set().union(*(bound(one.value) for one in target.elements))
    return set()
