"""Names of a view that hold a response: `answer = make_response(…)`, and what may be done to it."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from trivet.adopt.flask.shapes import bound
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import names_in, text_of

__all__ = ["check_made", "made_names"]

_IsMade = Callable[[cst.BaseExpression], bool]


def made_names(function: cst.FunctionDef, is_made: _IsMade) -> set[str]:
    """Give the names that are given a response."""
    found: set[str] = set()

    class Look(cst.CSTVisitor):
        def visit_Assign(self, node: cst.Assign) -> None:
            if is_made(node.value):
                for one in node.targets:
                    found.update(bound(one.target))

    function.body.visit(Look())
    return found


def check_made(function: cst.FunctionDef, names: set[str], is_made: _IsMade) -> None:
    """Raise `Stays` where more is done to a response than to return it, or to set a header."""
    for name in sorted(names):
        uses = _Uses(name, is_made)
        function.body.visit(uses)
        if sum(one.split(".")[0] == name for one in names_in(function.body)) != uses.known:
            raise Stays(f"nobody can follow what it does to {name}")


class _Uses(cst.CSTVisitor):
    """Counts the uses of a name that are known."""

    def __init__(self, name: str, is_made: _IsMade) -> None:
        super().__init__()
        self._name, self._is_made = name, is_made
        self.known = 0

    def _is_it(self, node: cst.CSTNode | None) -> bool:
        return isinstance(node, cst.Name) and node.value == self._name

    def visit_Return(self, node: cst.Return) -> None:
        self.known += self._is_it(node.value)

    def visit_Assign(self, node: cst.Assign) -> None:
        if len(node.targets) != 1:
            return
        target = node.targets[0].target
        if self._is_it(target):
            self.known += self._is_made(node.value)
        elif isinstance(target, cst.Subscript) and isinstance(target.value, cst.Attribute):
            index = target.slice[0].slice
            is_named = isinstance(index, cst.Index) and text_of(index.value) is not None
            is_headers = target.value.attr.value == "headers" and self._is_it(target.value.value)
            self.known += is_named and is_headers and len(target.slice) == 1
        elif isinstance(target, cst.Attribute) and target.attr.value == "status_code":
            status = node.value.evaluated_value if isinstance(node.value, cst.Integer) else 0
            is_plain = 200 <= status < 600 and status not in (204, 205, 304)
            self.known += is_plain and self._is_it(target.value)
