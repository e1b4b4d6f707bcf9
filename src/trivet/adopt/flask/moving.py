"""A view as a handler of Trivet's: its path, its parameters, and its body in Trivet's words.

The view itself stays in its file, so that links to it go on working and other methods are answered
by Flask; the handler is a copy of it, with its comments.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.flask.answers import quoted
from trivet.adopt.flask.body import Body, Place, with_our_names
from trivet.adopt.flask.facts import Facts, View
from trivet.adopt.flask.judging import Judge
from trivet.adopt.flask.naming import check_leftovers, check_local, names_of
from trivet.adopt.flask.rules import Rules, blueprint_of, joined, methods_of, path_of
from trivet.adopt.flask.stays import Stays

__all__ = ["Moved", "moved"]


@dataclass
class Moved:
    """A handler, and what its file must import for it."""

    name: str
    code: str = ""
    """With ROUTER for the router that it is one of, and NAME for its own."""
    blueprint: str | None = None
    prefix: str = ""
    """Of its blueprint, in Trivet's form."""
    needs: set[str] = field(default_factory=set)
    """Names of `trivet`, and of the written file's own functions."""
    names: dict[str, str] = field(default_factory=dict)
    """Local names → full names, to be imported."""


def moved(facts: Facts, judge: Judge, rules: Rules, view: View) -> Moved:
    """Give a view as a handler; raises `Stays` with the reason where it stays Flask's."""
    project = facts.project
    file = project.files[view.file]
    _check_shape(view)
    judge.around(view)
    found = Moved(view.function.name.value)
    path, types = _placed(facts, view, found)
    names = [one.name.value for one in view.function.params.params]
    if sorted(names) != sorted(types):
        raise Stays("its parameters are not those of its path")
    judge.foreign(file, view)
    check_local(project, file, view)
    body = Body(Place(facts, judge, rules, file, view, found.blueprint), types)
    new = view.function.visit(body)
    assert isinstance(new, cst.FunctionDef), "a function stays one"
    _check_end(view.function)
    check_leftovers(project, file, new.body, {"request"} if "Request" in body.needs else set())
    parameters = [f"{name}: {types[name]}" for name in names]
    parameters += ["asked: Asked"] if "Asked" in body.needs else []
    parameters += ["sent: Sent"] if "Sent" in body.needs else []
    parameters[:0] = ["request: Request"] if "Request" in body.needs else []
    kind = body.kinds.pop() if len(body.kinds) == 1 else "Response"
    found.needs = body.needs | {kind}
    word = "async def" if view.function.asynchronous else "def"
    code = with_our_names(cst.Module([]).code_for_node(new.body))
    if isinstance(new.body, cst.SimpleStatementSuite):
        code = f"\n{code.strip()}"
    head = f"{word} NAME({', '.join(parameters)}) -> {kind}:"
    found.code = f"@ROUTER.{_verb(view.routes[0], path)}\n{head}{_dedented(code)}"
    try:
        ast.parse(found.code)
    except SyntaxError:
        raise Stays("it cannot be written in Trivet's words as it stands") from None
    found.names = names_of(project, file, view)
    rules.check_alone(view)
    return found


def _placed(facts: Facts, view: View, found: Moved) -> tuple[str, dict[str, str]]:
    """Give a view's path below the prefix of its router, and the types of its variables."""
    place = blueprint_of(facts, view)
    if place is None:
        return path_of(view.paths[0])
    blueprint, prefix = place
    whole, types = path_of(joined(prefix, view.paths[0]))
    found.blueprint = blueprint.name
    found.prefix = path_of(prefix)[0].rstrip("/")
    if not prefix.startswith("/") or blueprint.name is None:
        found.prefix = ""
    return whole.removeprefix(found.prefix), types


def _check_shape(view: View) -> None:
    if len(view.routes) > 1:
        raise Stays("it has several routes")
    if view.others:
        raise Stays(f"the decorator {view.others[0]} stands around it")
    if not view.is_certain:
        raise Stays("its route is declared under a condition, or more than once")
    call = view.routes[0]
    for one in call.args:
        if one.star:
            raise Stays("what its route is given is not written out")
        if one.keyword is not None and one.keyword.value not in ("methods", "endpoint", "rule"):
            raise Stays(f"its route has {one.keyword.value}=")
    if view.paths[0] == "?":
        raise Stays("its path is not written out")
    given = view.function.params
    if any(one.default for one in given.params):
        raise Stays("its parameters have defaults")
    has_star = not isinstance(given.star_arg, cst.MaybeSentinel)
    if given.kwonly_params or given.posonly_params or given.star_kwarg or has_star:
        raise Stays("its parameters are not those of its path")


def _verb(call: cst.Call, path: str) -> str:
    """Give the decorator of a route."""
    assert isinstance(call.func, cst.Attribute), "it was read as one"
    verb = call.func.attr.value
    if verb != "route":
        return f"{verb}({quoted(path)})"
    methods = methods_of(call)
    if methods is None:
        raise Stays("its methods are not written out")
    if methods == {"GET"}:
        return f"get({quoted(path)})"
    listed = ", ".join(quoted(one) for one in sorted(methods))
    return f"api_route({quoted(path)}, methods=[{listed}])"


def _check_end(function: cst.FunctionDef) -> None:
    if not _ends(_last(function.body)):
        raise Stays("it may end without an answer")


def _last(body: cst.BaseSuite) -> cst.CSTNode:
    return body if isinstance(body, cst.SimpleStatementSuite) else body.body[-1]


def _ends(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        last = statement.body[-1]
        is_abort = isinstance(last, cst.Expr) and isinstance(last.value, cst.Call) and (
            get_full_name_for_node(last.value.func) == "abort"
        )  # fmt: skip
        return isinstance(last, cst.Return | cst.Raise) or is_abort
    if isinstance(statement, cst.If) and statement.orelse is not None:
        other = statement.orelse
        is_over = _ends(other) if isinstance(other, cst.If) else _ends(_last(other.body))
        return is_over and _ends(_last(statement.body))
    return False


def _dedented(code: str) -> str:
    lines = code.splitlines()
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(widths, default=0)
    return "\n".join(f"    {line[least:]}".rstrip() for line in lines)
