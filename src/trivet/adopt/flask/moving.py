"""A view as a handler of Trivet's: its path, its parameters, what it reads, and what it returns.

The view itself stays in its file, so that links to it go on working and other methods are answered
by Flask; the handler is a copy of it, with its comments.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.flask.facts import File, Project, View, names_in, text_of
from trivet.adopt.flask.judging import Judge, Stays
from trivet.adopt.flask.plain import Plain, is_text

__all__ = ["Moved", "moved", "path_of"]

_VARIABLE = re.compile(r"<(?:(?P<kind>[^:<>]+):)?(?P<name>\w+)>")
_KINDS = {"int": (":int", "int"), "string": ("", "str"), None: ("", "str")}


@dataclass
class Moved:
    """A handler, and what its file must import for it."""

    code: str
    trivet: set[str] = field(default_factory=set)
    """Names of `trivet` and of the written file's own."""
    names: dict[str, str] = field(default_factory=dict)
    """Local names → full names, to be imported."""


def path_of(path: str) -> tuple[str, dict[str, str]]:
    """Give a path in Trivet's form, and the types of its parameters; raises `Stays`."""
    types: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        if found["kind"] not in _KINDS:
            raise Stays(f"<{found['kind']}:…> matches other texts than Trivet's {{name}} does")
        suffix, python = _KINDS[found["kind"]]
        types[found["name"]] = python
        return "{" + found["name"] + suffix + "}"

    return _VARIABLE.sub(replaced, path), types


def moved(project: Project, judge: Judge, view: View, prefix: str) -> Moved:
    """Give a view as a handler; raises `Stays` with the reason where it stays Flask's."""
    file = project.files[view.file]
    _check_shape(view)
    judge.around(view)
    path, types = path_of(prefix + view.paths[0])
    names = [one.name.value for one in view.function.params.params]
    if sorted(names) != sorted(types):
        raise Stays("its parameters are not those of its path")
    judge.foreign(file, view)
    found = Moved("")
    body = _Body(project, judge, file, view, found)
    new = view.function.visit(body)
    assert isinstance(new, cst.FunctionDef), "a function stays one"
    _check_end(view.function)
    parameters = [f"{name}: {types[name]}" for name in names]
    if body.reads_request:
        parameters.insert(0, "request: Request")
        found.trivet.add("Request")
    verb = _verb(view.routes[0])
    kind = body.kinds.pop() if len(body.kinds) == 1 else "Response"
    found.trivet |= {kind}
    head = f"async def {view.function.name.value}" if new.asynchronous else (
        f"def {view.function.name.value}"
    )  # fmt: skip
    code = cst.Module([]).code_for_node(new.body)
    if isinstance(new.body, cst.SimpleStatementSuite):
        code = f"\n{code.strip()}"
    found.code = (
        f"@moved.{verb}\n{head}({', '.join(parameters)}) -> {kind}:{_dedented(code)}"
    ).replace("PATH", _quoted(path), 1)
    _note_names(project, file, view, found)
    return found


def _check_shape(view: View) -> None:
    if len(view.routes) > 1:
        raise Stays("it has several routes")
    if view.others:
        raise Stays(f"the decorator {view.others[0]} stands around it")
    call = view.routes[0]
    for one in call.args:
        if one.keyword is not None and one.keyword.value not in ("methods", "endpoint", "rule"):
            raise Stays(f"its route has {one.keyword.value}=")
    if view.paths[0] == "?":
        raise Stays("its path is not written out")
    if any(isinstance(one, cst.Param) and one.default for one in view.function.params.params):
        raise Stays("its parameters have defaults")


def _verb(call: cst.Call) -> str:
    """Give the decorator of a route, with PATH for its path."""
    assert isinstance(call.func, cst.Attribute), "it was read as one"
    verb = call.func.attr.value
    if verb != "route":
        return f"{verb}(PATH)"
    for one in call.args:
        if one.keyword is not None and one.keyword.value == "methods":
            if not isinstance(one.value, cst.List | cst.Tuple | cst.Set):
                raise Stays("its methods are not written out")
            methods = [text_of(each.value) for each in one.value.elements]
            listed = ", ".join(f'"{each.upper()}"' for each in methods if each)
            return f"api_route(PATH, methods=[{listed}])"
    return "get(PATH)"


class _Body(cst.CSTTransformer):
    """Changes what a view says in Flask's words; raises `Stays` for what cannot be."""

    def __init__(
        self, project: Project, judge: Judge, file: File, view: View, found: Moved
    ) -> None:
        super().__init__()
        self._project, self._judge, self._file, self._found = project, judge, file, found
        self._view = view
        self._plain = Plain(
            view.function,
            lambda name: judge.is_plain_name(file, name),
            lambda call: self._full(call.func) in _ASKED,
            lambda node: self._full(node) == "flask.request.method",
        )
        self.kinds: set[str] = set()
        self.reads_request = False
        self._depth = 0

    def _full(self, node: cst.CSTNode) -> str:
        name = get_full_name_for_node(node)
        return self._project.full(self._file, name) if name else ""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._depth += 1
        if self._depth > 1:
            raise Stays("it has a function within it")

    def visit_Lambda(self, node: cst.Lambda) -> None:
        raise Stays("it has a function within it")

    def visit_Global(self, node: cst.Global) -> None:
        raise Stays(f"{node.names[0].name.value} is made anew by it, while the program runs")

    def visit_Yield(self, node: cst.Yield) -> None:
        raise Stays("it streams its answer")

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> Any:  # Any: a node
        full = self._full(original_node.func)
        if full not in _ASKED:
            return updated_node
        self.reads_request = True
        _, what, how = full.rsplit(".", 2)
        if what == "args" and how == "get":
            self._found.trivet.add("first")
            request = cst.Arg(cst.Name("request"), comma=cst.Comma(
                whitespace_after=cst.SimpleWhitespace(" ")))  # fmt: skip
            return updated_node.with_changes(
                func=cst.Name("first"), args=[request, *updated_node.args]
            )
        if len(original_node.args) > 2 or any(one.keyword for one in original_node.args):
            raise Stays(f"request.{what}.{how} is given more than a name and a default")
        target = "query_params" if what == "args" else what
        return updated_node.with_changes(func=cst.parse_expression(f"request.{target}.{how}"))

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> Any:
        if self._full(original_node) == "flask.request.method":
            self.reads_request = True
            return cst.parse_expression("request.method")
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        aborting = _abort(original_node, self._full)
        if aborting is None:
            return updated_node
        if self._judge.has_error_handlers:
            raise Stays("it aborts, and the project has pages of its own for errors")
        self._found.trivet |= {"HTTPException"}
        made = cst.parse_statement(aborting)
        assert isinstance(made, cst.SimpleStatementLine), "it is one line"
        return updated_node.with_changes(body=made.body)

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        value, status = original_node.value, ""
        new = updated_node.value
        if isinstance(value, cst.Tuple) and isinstance(new, cst.Tuple) and len(value.elements) == 2:
            number = value.elements[1].value
            if not isinstance(number, cst.Integer):
                raise Stays("the status of its answer is not written out")
            status = f", status_code={number.value}"
            value, new = value.elements[0].value, new.elements[0].value
        kind, text = self._answer(value, new)
        self.kinds.add(kind)
        self._found.trivet.add(kind)
        return updated_node.with_changes(value=cst.parse_expression(f"{kind}({text}{status})"))

    def _answer(self, value: Any, new: Any) -> tuple[str, str]:
        """Give the class of an answer, and what it is made of."""
        code = cst.Module([]).code_for_node
        if isinstance(value, cst.Call) and self._full(value.func) == "flask.jsonify":
            if not all(self._plain.holds(one.value) and not one.star for one in value.args):
                raise Stays("what it gives jsonify may be more than plain data")
            return "JSONResponse", _jsonified(new, code)
        if value is not None and is_text(value):
            return "HTMLResponse", code(new)
        is_data = isinstance(value, cst.Dict | cst.List | cst.DictComp | cst.ListComp)
        if is_data and self._plain.holds(value):
            return "JSONResponse", code(new)
        raise Stays("what it returns may be more than plain data")


_ASKED = frozenset(
    {"flask.request.args.get", "flask.request.args.getlist", "flask.request.headers.get",
     "flask.request.cookies.get"}
)  # fmt: skip


def _jsonified(call: cst.Call, code: Any) -> str:  # Any: a function of LibCST's
    named = [one for one in call.args if one.keyword is not None]
    plain = [one for one in call.args if one.keyword is None]
    if named and plain:
        raise Stays("jsonify is given values and names at once")
    if named:
        inside = ", ".join(f'"{one.keyword.value}": {code(one.value)}' for one in named)  # type: ignore[union-attr]
        return "{" + inside + "}"
    if len(plain) == 1:
        return str(code(plain[0].value))
    return "[" + ", ".join(code(one.value) for one in plain) + "]" if plain else "None"


def _abort(line: cst.SimpleStatementLine, full: Any) -> str | None:  # Any: a function
    """Give the line that stands for `abort(404)`; None for another line."""
    if len(line.body) != 1 or not isinstance(line.body[0], cst.Expr):
        return None
    call = line.body[0].value
    if not isinstance(call, cst.Call) or full(call.func) != "flask.abort":
        return None
    number = call.args[0].value if call.args else None
    text = text_of(call.args[1].value) if len(call.args) == 2 else None
    if not isinstance(number, cst.Integer) or (len(call.args) > 1 and text is None):
        raise Stays("what it aborts with is not written out")
    return f"raise HTTPException({number.value}" + (f", {_quoted(text)})" if text else ")")


def _check_end(function: cst.FunctionDef) -> None:
    if not _ends(_last(function.body)):
        raise Stays("it may end without an answer")


def _last(body: cst.BaseSuite) -> Any:  # Any: a statement
    return body if isinstance(body, cst.SimpleStatementSuite) else body.body[-1]


def _ends(statement: Any) -> bool:  # Any: a statement
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


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _dedented(code: str) -> str:
    lines = code.splitlines()
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(widths, default=0)
    return "\n".join(f"    {line[least:]}".rstrip() for line in lines)


def _note_names(project: Project, file: File, view: View, found: Moved) -> None:
    """Note the names of the module that a handler needs; raises `Stays` for what cannot be had."""
    parameters = {one.name.value for one in view.function.params.params}
    local = parameters | _local(view.function)
    for name in names_in(view.function.body):
        first = name.split(".")[0]
        full = project.full(file, first)
        if first in local or full.split(".")[0] == "flask":
            continue
        if first in file.changed and first in file.top and _is_rebound(file, first):
            raise Stays(f"{first} is made anew while the program runs")
        if first in file.bound or first in file.top:
            found.names[first] = full
        elif first not in dir(builtins):
            raise Stays(f"{first} is no name of its module")


def _is_rebound(file: File, name: str) -> bool:
    code = file.source.module.code
    return re.search(rf"^\s+global\b.*\b{re.escape(name)}\b", code, re.MULTILINE) is not None


def _local(function: cst.FunctionDef) -> set[str]:
    found: set[str] = set()

    class Look(cst.CSTVisitor):
        def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
            found.update(_bound(node.target))

        def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
            found.update(_bound(node.target))

        def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
            found.update(_bound(node.target))

        def visit_For(self, node: cst.For) -> None:
            found.update(_bound(node.target))

        def visit_CompFor(self, node: cst.CompFor) -> None:
            found.update(_bound(node.target))

        def visit_AsName(self, node: cst.AsName) -> None:
            found.update(_bound(node.name))

    function.body.visit(Look())
    return found


def _bound(target: Any) -> set[str]:  # Any: what can be assigned to
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.Tuple | cst.List):
        return set().union(*(_bound(one.value) for one in target.elements))
    return set()
