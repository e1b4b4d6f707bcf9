"""Which expressions are plain data, so that every writer of JSON writes the same of them.

Flask writes dates, decimals and UUIDs in its own ways. What cannot be shown to have none of these
is not plain.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst
from libcst.helpers import get_full_name_for_node

__all__ = ["Plain"]

_FUNCTIONS = frozenset(
    {"len", "str", "int", "float", "bool", "sorted", "sum", "min", "max", "list", "dict", "round",
     "abs", "enumerate", "range", "zip", "reversed"}
)  # fmt: skip
_METHODS = frozenset(
    {"get", "items", "values", "keys", "upper", "lower", "strip", "title", "split", "join",
     "replace", "copy", "format", "count", "capitalize", "startswith", "endswith"}
)  # fmt: skip


class Plain:
    """Judges expressions of one function.

    `known` tells of names from outside of it, `is_asked` of what a request gives: texts, and JSON.
    """

    def __init__(
        self,
        function: cst.FunctionDef,
        known: Callable[[str], bool],
        is_asked: Callable[[cst.CSTNode], bool],
    ) -> None:
        self._known = known
        self._is_asked = is_asked
        self._local: dict[str, bool] = {
            one.name.value: True
            for one in function.params.params  # from a path: texts and numbers
        }
        for _ in range(3):  # what is assigned further down may be read in a loop further up
            function.body.visit(_Assigned(self))

    def note(self, target: cst.BaseExpression, is_plain: bool) -> None:
        """Note what a name is given; once it is given something else, it is not plain."""
        if isinstance(target, cst.Name):
            self._local[target.value] = is_plain and self._local.get(target.value, True)
        elif isinstance(target, cst.Tuple | cst.List):
            for one in target.elements:
                self.note(one.value, is_plain)
        elif isinstance(target, cst.Subscript | cst.Attribute) and not is_plain:
            self.note(target.value, is_plain)  # what holds it is not plain either

    def holds(self, node: cst.BaseExpression) -> bool:
        """Tell whether an expression is plain data."""
        if isinstance(node, cst.Integer | cst.Float | cst.SimpleString | cst.ConcatenatedString):
            return not (isinstance(node, cst.SimpleString) and "b" in node.prefix)
        if isinstance(node, cst.FormattedString | cst.Comparison):
            return True
        if isinstance(node, cst.Name):
            if node.value in ("True", "False", "None"):
                return True
            return self._local.get(node.value, False) or (
                node.value not in self._local and self._known(node.value)
            )
        if isinstance(node, cst.Call):
            return self._call(node)
        if isinstance(node, cst.Attribute):
            return self._is_asked(node)
        return self._made_of(node)

    def _made_of(self, node: cst.BaseExpression) -> bool:
        holds = self.holds
        if isinstance(node, cst.List | cst.Tuple):
            return all(holds(one.value) for one in node.elements)
        if isinstance(node, cst.Dict):
            return all(
                holds(one.value) and (not isinstance(one, cst.DictElement) or holds(one.key))
                for one in node.elements
            )
        if isinstance(node, cst.ListComp | cst.GeneratorExp):
            return self._loop(node.for_in) and holds(node.elt)
        if isinstance(node, cst.DictComp):
            return self._loop(node.for_in) and holds(node.key) and holds(node.value)
        if isinstance(node, cst.BooleanOperation | cst.BinaryOperation):
            return holds(node.left) and holds(node.right)
        if isinstance(node, cst.UnaryOperation):
            return isinstance(node.operator, cst.Not) or holds(node.expression)
        if isinstance(node, cst.IfExp):
            return holds(node.body) and holds(node.orelse)
        if not isinstance(node, cst.Subscript):
            return False
        return holds(node.value) or self._is_item(node.value)

    def _is_item(self, node: cst.BaseExpression) -> bool:
        """Tell whether an item is asked for as `request.form["x"]`, which is a text."""
        return self._is_asked(cst.Attribute(node, cst.Name("get")))

    def _loop(self, loop: cst.CompFor) -> bool:
        self.note(loop.target, self.holds(loop.iter))
        return loop.inner_for_in is None or self._loop(loop.inner_for_in)

    def _call(self, node: cst.Call) -> bool:
        if self._is_asked(node.func):
            return all(
                _is_type(one.value)
                if one.keyword and one.keyword.value == "type"
                else self.holds(one.value)
                for one in node.args
            )
        is_plain = all(self.holds(one.value) for one in node.args)
        if isinstance(node.func, cst.Name):
            return is_plain and node.func.value in _FUNCTIONS
        if isinstance(node.func, cst.Attribute):
            return is_plain and node.func.attr.value in _METHODS and self.holds(node.func.value)
        return False


def _is_type(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value in ("int", "str", "bool", "float")


class _Assigned(cst.CSTVisitor):
    def __init__(self, plain: Plain) -> None:
        super().__init__()
        self._plain = plain

    def visit_Assign(self, node: cst.Assign) -> None:
        for one in node.targets:
            self._plain.note(one.target, self._plain.holds(node.value))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._plain.note(node.target, self._plain.holds(node.value))

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._plain.note(node.target, self._plain.holds(node.value))

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._plain.note(node.target, self._plain.holds(node.value))

    def visit_For(self, node: cst.For) -> None:
        self._plain.note(node.target, self._plain.holds(node.iter))

    def visit_AsName(self, node: cst.AsName) -> None:
        self._plain.note(node.name, False)

    def visit_Call(self, node: cst.Call) -> None:
        # What is put into a list is in it from then on.
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in (
            "append", "extend", "insert", "update", "setdefault",
        ):  # fmt: skip
            name = get_full_name_for_node(node.func.value)
            if name is not None and not all(self._plain.holds(one.value) for one in node.args):
                self._plain.note(cst.Name(name.split(".")[0]), False)
