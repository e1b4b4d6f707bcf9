"""What a function before requests does, which routes that are moved would miss.

It may set `g`, and read what it likes. It may not answer, refuse, or change what stays after it.
"""

from __future__ import annotations

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.project import File, Project

__all__ = ["what_it_does"]

_READ = frozenset({"g", "session", "request", "current_app", "has_request_context"})
_SESSION_READ = frozenset({"get", "keys", "items", "values", "copy"})
_CHANGES = frozenset(
    {"commit", "append", "extend", "insert", "update", "setdefault", "add", "add_all", "delete",
     "remove", "clear", "discard", "save", "create", "put", "set", "incr", "decr", "publish",
     "enqueue", "send", "write", "writelines", "executemany", "flush", "unlink", "mkdir", "popitem"}
)  # fmt: skip


def what_it_does(project: Project, file: File, function: cst.FunctionDef) -> str | None:
    """Give what a function does that a moved route would miss, or None."""
    return _Look.at(project, file, function, set(), is_first=True)


class _Look(cst.CSTVisitor):
    def __init__(self, project: Project, file: File, seen: set[str], *, is_first: bool) -> None:
        super().__init__()
        self._project, self._file, self._seen = project, file, seen
        self._is_first = is_first
        self.found: str | None = None

    @classmethod
    def at(
        cls,
        project: Project,
        file: File,
        function: cst.FunctionDef,
        seen: set[str],
        *,
        is_first: bool,
    ) -> str | None:
        look = cls(project, file, seen, is_first=is_first)
        function.body.visit(look)
        return look.found

    def _full(self, node: cst.CSTNode) -> str:
        name = get_full_name_for_node(node)
        return self._project.full(self._file, name) if name else ""

    def _tell(self, what: str) -> None:
        self.found = self.found or what

    def visit_Return(self, node: cst.Return) -> None:
        value = node.value
        is_none = value is None or (isinstance(value, cst.Name) and value.value == "None")
        if self._is_first and not is_none:
            self._tell("may answer")

    def visit_Raise(self, node: cst.Raise) -> None:
        self._tell("may refuse a request")

    def visit_Assert(self, node: cst.Assert) -> None:
        self._tell("may refuse a request")

    def visit_Global(self, node: cst.Global) -> None:
        self._tell(f"changes {node.names[0].name.value}")

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._assigned(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._assigned(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._assigned(node.target)

    def visit_Del(self, node: cst.Del) -> None:
        self._assigned(node.target)

    def _assigned(self, target: cst.CSTNode) -> None:
        if isinstance(target, cst.Tuple | cst.List):
            for one in target.elements:
                self._assigned(one.value)
        elif isinstance(target, cst.Attribute | cst.Subscript):
            full = self._full(target.value)
            if full != "flask.g" and not full.startswith("flask.g."):
                self._tell(f"changes {full or 'something'}")

    def visit_Call(self, node: cst.Call) -> None:
        full = self._full(node.func)
        self._named(full)
        if isinstance(node.func, cst.Attribute):
            method = node.func.attr.value
            owner = self._full(node.func.value)
            is_session = owner == "flask.session" and method not in _SESSION_READ
            if is_session or (method in _CHANGES and owner.split(".")[:2] != ["flask", "g"]):
                self._tell(f"calls {method}")
        made = self._project.made_at(full)
        if made is None or full in self._seen or not isinstance(made[1], cst.FunctionDef):
            return
        self._seen.add(full)
        inner = _Look.at(self._project, made[0], made[1], self._seen, is_first=False)
        if inner is not None:
            self._tell(inner)

    def visit_Name(self, node: cst.Name) -> None:
        self._named(self._full(node))

    def _named(self, full: str) -> None:
        parts = full.split(".")
        if parts[0] == "flask" and len(parts) > 1 and parts[1] not in _READ:
            self._tell(f"uses {parts[1]}")
        if full.startswith(("werkzeug.exceptions", "werkzeug.utils.redirect")):
            self._tell("may refuse a request")
