"""The names that a moved handler has, takes from its module, or must leave to the written file."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable

import libcst as cst

from trivet.adopt.flask.facts import View
from trivet.adopt.flask.shapes import bound
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import File, Project, names_in

__all__ = ["RESERVED", "check_leftovers", "check_local", "names_of"]

# What the written file calls its own.
RESERVED = frozenset(
    {"Annotated", "Any", "App", "Asked", "AsyncIterator", "BytesIO", "Depends", "Environment",
     "FlaskException", "FlaskJSON", "FlaskPages", "FlaskRequest", "HTMLResponse", "HTTPException",
     "HTTPStatus", "JSONResponse", "Request", "Response", "Router", "Sent", "SentRequest",
     "SpooledTemporaryFile", "Templates", "Undefined", "WSGI", "app", "as_flask", "asked",
     "default_exceptions", "dumps", "environ_of", "escaped", "flask_app", "flask_redirect", "link",
     "moved", "pages", "quote", "read_head", "read_sent", "redirected", "rendered", "sent",
     "urlencode"}
)  # fmt: skip


def check_local(project: Project, file: File, view: View) -> None:
    """Raise `Stays` where a name within a view hides one that its handler needs."""
    name = view.function.name.value
    for one in sorted(_local(view.function) | {name}):
        if one in RESERVED or (one == "request" and one != name):
            raise Stays(f"{one} means something else in the file that is written")
        if one != name and project.full(file, one).split(".")[0] == "flask":
            raise Stays(f"{one} is Flask's, and a name within it too")


def names_of(project: Project, file: File, view: View) -> dict[str, str]:
    """Give the names of the module that a handler needs, with their full names.

    Raises `Stays` for what cannot be had.
    """
    found: dict[str, str] = {}
    local = _local(view.function)
    for name in names_in(view.function.body):
        first = name.split(".")[0]
        full = project.full(file, first)
        if first in local or full.split(".")[0] == "flask":
            continue
        if first in file.changed and first in file.top and _is_rebound(file, first):
            raise Stays(f"{first} is made anew while the program runs")
        if first in file.bound or first in file.top:
            found[first] = full
        elif first not in dir(builtins):
            raise Stays(f"{first} is no name of its module")
    return found


def check_leftovers(project: Project, file: File, body: cst.BaseSuite, own: Iterable[str]) -> None:
    """Raise `Stays` where a name of Flask's is left in a body that was rewritten."""
    for name in names_in(body):
        first = name.split(".")[0]
        if first not in own and project.full(file, first).split(".")[0] == "flask":
            raise Stays(f"it uses {name} in a way that nobody can follow")


def _is_rebound(file: File, name: str) -> bool:
    code = file.source.module.code
    return re.search(rf"^\s+global\b.*\b{re.escape(name)}\b", code, re.MULTILINE) is not None


def _local(function: cst.FunctionDef) -> set[str]:
    found = {one.name.value for one in function.params.params}

    class Look(cst.CSTVisitor):
        def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
            found.update(bound(node.target))

        def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
            found.update(bound(node.target))

        def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
            found.update(bound(node.target))

        def visit_For(self, node: cst.For) -> None:
            found.update(bound(node.target))

        def visit_CompFor(self, node: cst.CompFor) -> None:
            found.update(bound(node.target))

        def visit_AsName(self, node: cst.AsName) -> None:
            found.update(bound(node.name))

    function.body.visit(Look())
    return found
