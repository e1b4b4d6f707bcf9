"""What a view says in Flask's words, said in Trivet's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.flask.answers import Answers, quoted
from trivet.adopt.flask.facts import Facts, View
from trivet.adopt.flask.judging import ASKED, SENT, Judge
from trivet.adopt.flask.links import linked
from trivet.adopt.flask.made import check_made, made_names
from trivet.adopt.flask.pages import MEND, check_page
from trivet.adopt.flask.plain import Plain
from trivet.adopt.flask.rules import Rules
from trivet.adopt.flask.shapes import Shapes
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import File, names_in, text_of

__all__ = ["Body", "Place", "with_our_names"]

# Trivet's, while names that are left of Flask's are looked for: both have one of this name.
_OURS = "ResponseOfTrivet"

_MAPS = ("args", "headers", "cookies", "form", "values")
_PLAIN = {f"flask.request.{one}.{how}" for one in _MAPS for how in ("get", "getlist")} | {
    "flask.request.method", "flask.request.json", "flask.request.get_json", "flask.request.is_json",
    "flask.request.path", "flask.request.full_path", "flask.request.url", "flask.request.base_url",
    "flask.request.host", "flask.request.remote_addr", "flask.request.is_secure",
    "flask.url_for", "flask.render_template",
}  # fmt: skip
_JSON = frozenset({"flask.request.json", "flask.request.get_json", "float"})


@dataclass(frozen=True, slots=True)
class Place:
    """A view and where it stands."""

    facts: Facts
    judge: Judge
    rules: Rules
    file: File
    view: View
    blueprint: str | None


class Body(cst.CSTTransformer):
    """Changes what one view says; raises `Stays` for what cannot be."""

    def __init__(self, place: Place, types: dict[str, str]) -> None:
        super().__init__()
        self._place = place
        function = place.view.function
        self._shapes = Shapes(function, types, self._full, self._constant)
        plain = Plain(
            function,
            lambda name: place.judge.is_plain_name(place.file, name),
            lambda node: self._full(node) in _PLAIN,
        )
        self._answers = Answers(self._full, plain, self._shapes)
        used = {place.facts.project.full(place.file, name) for name in names_in(function.body)}
        self._answers.may_be_infinite = any(one.startswith(tuple(_JSON)) for one in used)
        self._made = made_names(function, self._answers.is_made)
        self.kinds: set[str] = set()
        self.needs: set[str] = set()
        """Names of `trivet`, and of the written file's own functions."""
        self._depth = self._tried = 0
        self._texts: list[str] = []
        """The quotes of the formatted texts that stand around a node."""

    def _full(self, node: cst.CSTNode) -> str:
        root = node
        while isinstance(root, cst.Attribute):
            root = root.value
        name = get_full_name_for_node(node) if isinstance(root, cst.Name) else None
        return self._place.facts.project.full(self._place.file, name) if name else ""

    def _constant(self, name: str) -> cst.BaseExpression | None:
        return self._place.judge.constant(self._place.file, name)

    # -- what no handler can do --------------------------------------------------------------------

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._depth += 1
        if self._depth > 1:
            raise Stays("it has a function within it")
        check_made(node, self._made, self._answers.is_made)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        raise Stays("it has a class within it")

    def visit_Lambda(self, node: cst.Lambda) -> None:
        raise Stays("it has a function within it")

    def visit_Global(self, node: cst.Global) -> None:
        raise Stays(f"{node.names[0].name.value} is made anew by it, while the program runs")

    def visit_Yield(self, node: cst.Yield) -> None:
        raise Stays("it streams its answer")

    def visit_Raise(self, node: cst.Raise) -> None:
        if self._place.judge.has_error_handlers:
            raise Stays("it raises, and the project has pages of its own for errors")

    def visit_Try(self, node: cst.Try) -> None:
        self._tried += 1

    def leave_Try(self, original_node: cst.Try, updated_node: cst.Try) -> cst.Try:
        self._tried -= 1
        return updated_node

    # -- what is read ------------------------------------------------------------------------------

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> Any:  # Any: a node
        full = self._full(original_node.func)
        if full == "flask.url_for":
            return self._linked(original_node, updated_node)
        if full == "flask.render_template":
            return self._rendered(original_node, updated_node)
        return updated_node

    def visit_Subscript(self, node: cst.Subscript) -> None:
        if self._full(node.value).startswith("flask.request."):
            self._may_refuse()

    def _may_refuse(self) -> None:
        if self._place.judge.has_error_handlers:
            raise Stays(
                "it may refuse what is sent, and the project has pages of its own for errors"
            )

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> Any:
        full = self._full(original_node)
        if full == "flask.request.method":
            self.needs.add("Request")
            return cst.parse_expression("request.method")
        what = full.removeprefix("flask.request.")
        if what == full or what not in ASKED | SENT:
            return updated_node
        if what in SENT:
            self._may_refuse()
            self.needs.add("Sent")
            return updated_node.with_changes(value=cst.Name("sent"))
        self.needs.add("Asked")
        return updated_node.with_changes(value=cst.Name("asked"))

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        self._texts.append(node.end)

    def leave_FormattedString(
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.FormattedString:
        self._texts.pop()
        return updated_node

    def _linked(self, call: cst.Call, new: cst.Call) -> cst.BaseExpression:
        place = self._place
        if len(self._texts) > 1:
            raise Stays("its link stands in a text within a text")
        mark = "'" if self._texts == ['"'] else '"'
        code, is_escaped = linked(place.rules, place.blueprint, call, new, self._shapes.of, mark)
        self.needs |= {"Request", "link"} | ({"escaped"} if is_escaped else set())
        return cst.parse_expression(code)

    def _rendered(self, call: cst.Call, new: cst.Call) -> cst.Call:
        name = text_of(call.args[0].value) if call.args and not call.args[0].keyword else None
        if name is None or any(one.keyword is None for one in call.args[1:]):
            raise Stays("what it renders is not written out", MEND)
        check_page(self._place.facts, name)
        self.needs.add("rendered")
        return new.with_changes(func=cst.Name("rendered"))

    # -- what is answered --------------------------------------------------------------------------

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> Any:
        call = original_node.value
        if not isinstance(call, cst.Call) or self._full(call.func) != "flask.abort":
            return updated_node
        if self._place.judge.has_error_handlers:
            raise Stays("it aborts, and the project has pages of its own for errors")
        if self._tried:
            raise Stays("it aborts where it may catch it")
        self.needs |= {"HTTPException"}
        return cst.Raise(cst.parse_expression(_aborting(call)))

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        target = original_node.targets[0].target
        if isinstance(target, cst.Name) and target.value in self._made:
            answer = self._answers.of(original_node.value, updated_node.value)
            return updated_node.with_changes(value=self._code(answer.code()))
        if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Attribute):
            owner = target.value.value
            if isinstance(owner, cst.Name) and owner.value in self._made:
                index = target.slice[0].slice
                name = text_of(index.value) if isinstance(index, cst.Index) else None
                code = self._answers.header(name or "?", original_node.value, updated_node.value)
                return updated_node.with_changes(value=cst.parse_expression(code))
        return updated_node

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        value, new = original_node.value, updated_node.value
        if isinstance(value, cst.Name) and value.value in self._made:
            self.kinds.add("Response")
            return updated_node
        answer = self._answers.of(value, new)
        code = answer.code()
        self.kinds.add("Response" if answer.kind == "redirected" else code.split("(", 1)[0])
        return updated_node.with_changes(value=self._code(code))

    def _code(self, code: str) -> cst.BaseExpression:
        name, rest = code.split("(", 1)
        self.needs.add(name)
        return cst.parse_expression(f"{_OURS if name == 'Response' else name}({rest}")


def with_our_names(code: str) -> str:
    """Give a handler's code in which each name is what the written file calls it."""
    return code.replace(f"{_OURS}(", "Response(")


def _aborting(call: cst.Call) -> str:
    """Give what is raised for `abort(404)`."""
    number = call.args[0].value if call.args else None
    text = text_of(call.args[1].value) if len(call.args) == 2 else None
    if not isinstance(number, cst.Integer) or (len(call.args) > 1 and text is None):
        raise Stays("what it aborts with is not written out")
    if not 400 <= number.evaluated_value < 600:
        raise Stays(f"it aborts with {number.value}")
    return f"HTTPException({number.value}" + (f", {quoted(text)})" if text else ")")
