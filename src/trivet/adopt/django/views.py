"""A view of Django's as a handler of Trivet's, where its code shows that the answers are the same.

The view stays in its file, and other methods than GET and HEAD stay with it. What is written is a
copy of it, whose answers are of the written file's own classes; `Http404` hands the request on to
Django, which answers it with its own page.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import libcst as cst

from trivet.adopt.django.addresses import Hole
from trivet.adopt.django.kinds import JSON, Facts, Kinds, Unknown, Valuer, code_of, dotted
from trivet.adopt.project import File, Project, text_of

__all__ = ["Handler", "Home", "handler_of"]

_OUTSIDE: Kinds = frozenset({"str"})
_JSON = "django.http.JsonResponse"
_TEXT = "django.http.HttpResponse"
_NOT_FOUND = "django.http.Http404"
_REDIRECTS = {
    "django.http.HttpResponseRedirect": 302,
    "django.http.HttpResponsePermanentRedirect": 301,
    "django.shortcuts.redirect": 302,
}
_OTHERS = {
    "django.http.response.": "django.http.",
    "django.http.request.": "django.http.",
}
_PLACE = re.compile(r"(/|https?://)[!-~]*")  # what Django and browsers take as it is
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=utf-8)?", re.IGNORECASE)
_KEPT = "/#%[]=:;$&()+,!?*@'~"  # signs that Django leaves in an address
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_UNREAD = frozenset({"cookie"})

# What may make a collection of a module another one: what is not sure is taken for it.
_CHANGING = (
    r"\bglobal\b.*\bNAME\b|\bdel\s.*\bNAME\b|\bNAME\s*(\[[^\]]*\]\s*)+[-+|*/]?=[^=]"
    r"|\bNAME\s*(\[[^\]]*\]\s*)*\.\s*(append|extend|insert|update|setdefault|add|pop|popitem"
    r"|clear|remove|sort|reverse|__\w+__)\b|\.NAME\s*[-+|*/]?=[^=]|\bNAME\s*[-+|*/]="
    r"|=\s*NAME\s*$|,\s*NAME\s*[,)]"
    r"|\b(?!(?:JsonResponse|len|sorted|list|dict|str|sum|min|max)\()\w+\(\s*NAME\s*[,)]"
)
_OWN = frozenset(
    {"header", "DjangoJSON", "DjangoText", "DjangoRedirect", "Http404", "Request", "Response"}
)


@dataclass
class Handler:
    """A handler without its decorator, and what its file needs for it."""

    name: str
    head: str
    """``def NAME(…) -> …:``, with NAME for its name."""
    body: str
    own: set[str] = field(default_factory=set)
    """Names of the written file's own."""
    names: dict[str, str] = field(default_factory=dict)
    """Names of the project's module → full names, to be imported."""


@dataclass(frozen=True, slots=True)
class Home:
    """The project of a view: the files that were parsed, and the texts of all."""

    project: Project
    texts: Sequence[str]


def handler_of(home: Home, file: File, function: cst.FunctionDef, holes: Sequence[Hole]) -> Handler:
    """Give a view as a handler; raises `Unknown` with the reason where it stays Django's."""
    request = _check_shape(function, holes)
    reader = _Reader(home, file, request, {one.name for one in holes})
    kinds = {"int": frozenset({"int"}), "str": _OUTSIDE, "UUID": frozenset({"uuid"})}
    reader.run(function, Facts({one.name: kinds[one.python] for one in holes}))
    body = function.body.visit(_Rewrite(reader))
    assert isinstance(body, cst.BaseSuite), "a body stays one"
    found = Handler(function.name.value, "", _text(body), reader.own, reader.names)
    parameters = [f"{one.name}: {one.python}" for one in holes]
    if reader.reads_request:
        parameters.insert(0, "request: Request")
        found.own.add("Request")
    if any(one.python == "UUID" for one in holes):
        found.own.add("UUID")
    kind = reader.kinds.pop() if len(reader.kinds) == 1 else "Response"
    found.own.add(kind)
    word = "async def" if function.asynchronous else "def"
    found.head = f"{word} NAME({', '.join(parameters)}) -> {kind}:"
    return found


def _check_shape(function: cst.FunctionDef, holes: Sequence[Hole]) -> str:
    """Give the name of a view's request; raises `Unknown`."""
    if function.decorators:
        what = code_of(function.decorators[0].decorator)
        raise Unknown(f"the decorator {what} stands around it")
    given = function.params
    others = (*given.kwonly_params, *given.posonly_params, given.star_kwarg)
    if any(others) or isinstance(given.star_arg, cst.Param):
        raise Unknown("its parameters are of more than one kind")
    if any(one.default for one in given.params):
        raise Unknown("its parameters have defaults")
    names = [one.name.value for one in given.params]
    if not names or sorted(names[1:]) != sorted(one.name for one in holes):
        raise Unknown("its parameters are not those of its address")
    for name in {"request", *_OWN} & set(names[1:]):
        raise Unknown(f"a part of its address is called {name}")
    return names[0]


class _Reader:
    """Reads a body from its first line to its last, and notes what its calls become."""

    def __init__(self, home: Home, file: File, request: str, taken: set[str]) -> None:
        self._project, self._texts = home.project, home.texts
        self._file, self._request = file, request
        self._taken = taken
        self.own: set[str] = set()
        self.names: dict[str, str] = {}
        self.kinds: set[str] = set()
        self.reads_request = False
        self.replaced: dict[cst.CSTNode, str] = {}
        """Nodes → the code that stands for them."""
        self._valuer = Valuer(self._asked, self._constant, self._is_builtin)

    def run(self, function: cst.FunctionDef, facts: Facts) -> None:
        """Read a function; raises `Unknown`."""
        if self._block(function.body, facts) is not None:
            raise Unknown("it may end without an answer")

    # -- statements ------------------------------------------------------------------------------

    def _block(self, body: cst.BaseSuite, facts: Facts) -> Facts | None:
        """Give what is known after a block; None where it ends the function."""
        for statement in body.body:
            found = self._statement(statement, facts)
            if found is None:
                return None
            facts = found
        return facts

    def _statement(self, node: cst.CSTNode, facts: Facts) -> Facts | None:
        if isinstance(node, cst.SimpleStatementLine):
            for one in node.body:
                found = self._small(one, facts)
                if found is None:
                    return None
                facts = found
            return facts
        if isinstance(node, cst.BaseSmallStatement):
            return self._small(node, facts)
        if not isinstance(node, cst.If):
            word = code_of(node).split()[0].rstrip(":")
            raise Unknown(f"it has a `{word}`, which is not followed")
        self._valuer.kinds(node.test, facts)
        first = self._block(node.body, self._valuer.after(node.test, facts, is_true=True))
        other: Facts | None = self._valuer.after(node.test, facts, is_true=False)
        if isinstance(node.orelse, cst.If):
            other = self._statement(node.orelse, other or facts)
        elif node.orelse is not None:
            other = self._block(node.orelse.body, other or facts)
        if first is None or other is None:
            return first or other
        return first.joined(other)

    def _small(self, node: cst.CSTNode, facts: Facts) -> Facts | None:
        if isinstance(node, cst.Return):
            self._answer(node, facts)
            return None
        if isinstance(node, cst.Raise):
            self._raised(node, facts)
            return None
        if isinstance(node, cst.Assign) and len(node.targets) == 1:
            return self._bound(node.targets[0].target, node.value, facts)
        if isinstance(node, cst.AnnAssign) and node.value is not None:
            return self._bound(node.target, node.value, facts)
        is_text = isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString)
        if is_text or isinstance(node, cst.Pass):
            return facts
        raise Unknown(f"it has `{code_of(node).splitlines()[0]}`, which is not followed")

    def _bound(self, target: cst.CSTNode, value: cst.BaseExpression, facts: Facts) -> Facts:
        taken = {self._request, "request", *_OWN, *self._file.bound, *self._file.top}
        is_free = isinstance(target, cst.Name) and not hasattr(builtins, target.value)
        if not is_free or not isinstance(target, cst.Name) or target.value in taken:
            raise Unknown(f"it changes {code_of(target)}")
        return facts.with_name(target.value, self._valuer.kinds(value, facts))

    def _raised(self, node: cst.Raise, facts: Facts) -> None:
        error = node.exc
        call = error if isinstance(error, cst.Call) else None
        name = self._full(call.func if call else error)
        if name != _NOT_FOUND or node.cause is not None:
            raise Unknown(f"it raises {code_of(error) if error else 'what it caught'}")
        for one in call.args if call else ():
            if one.keyword or one.star or not self._valuer.kinds(one.value, facts) <= _OUTSIDE:
                raise Unknown("what it raises is not followed")
        self.replaced[call.func if call else error] = "Http404"  # type: ignore[index]
        self.own.add("Http404")

    # -- answers ---------------------------------------------------------------------------------

    def _answer(self, node: cst.Return, facts: Facts) -> None:
        call = node.value
        name = self._full(call.func) if isinstance(call, cst.Call) else ""
        if not isinstance(call, cst.Call) or name not in (_JSON, _TEXT, *_REDIRECTS):
            what = code_of(call).splitlines()[0] if call is not None else "nothing"
            raise Unknown(f"it returns {what}, which is not followed")
        if any(one.star for one in call.args):
            raise Unknown("what its answer is made of is not written out")
        given = {one.keyword.value: one.value for one in call.args if one.keyword is not None}
        plain = [one.value for one in call.args if one.keyword is None]
        if name == _JSON:
            kind, parts = self._json(plain, given, facts)
        elif name == _TEXT:
            kind, parts = self._plain(plain, given, facts)
        else:
            kind, parts = self._redirect(name, plain, given)
        self.kinds.add(kind)
        self.own.add(kind)
        self.replaced[call] = "\0".join([kind, *parts])

    def _json(self, plain: list[Any], given: dict[str, Any], facts: Facts) -> tuple[str, list[str]]:
        value = plain[0] if len(plain) == 1 else given.pop("data", None)
        if value is None or len(plain) > 1:
            raise Unknown("what it gives JsonResponse is not followed")
        safe = given.pop("safe", None)
        kinds = self._valuer.kinds(value, facts)
        is_free = isinstance(safe, cst.Name) and safe.value == "False"
        if not kinds <= (JSON if is_free else {"dict"}):
            raise Unknown("what it gives JsonResponse may be more than plain data")
        return "DjangoJSON", ["", *self._status(given)]

    def _plain(
        self, plain: list[Any], given: dict[str, Any], facts: Facts
    ) -> tuple[str, list[str]]:
        value = plain[0] if plain else given.pop("content", None)
        if len(plain) > 1:
            given |= dict(zip(("content_type", "status"), plain[1:], strict=False))
        if value is not None and not self._valuer.kinds(value, facts) <= _OUTSIDE:
            raise Unknown("what it gives HttpResponse may be more than a text")
        written = given.pop("content_type", None)
        kind = "text/html; charset=utf-8" if written is None else text_of(written)
        if kind is None or not _TYPE.fullmatch(kind):
            raise Unknown("the type of its answer is not written out")
        parts = [] if written is None else [f'content_type="{kind}"']
        return "DjangoText", [("" if value is not None else '""'), *self._status(given), *parts]

    def _redirect(
        self, name: str, plain: list[Any], given: dict[str, Any]
    ) -> tuple[str, list[str]]:
        status = _REDIRECTS[name]
        permanent = given.pop("permanent", None) if name.endswith(".redirect") else None
        if permanent is not None:
            word = code_of(permanent)
            if word not in ("True", "False"):
                raise Unknown("whether it is permanent is not written out")
            status = 301 if word == "True" else 302
        place = text_of(plain[0]) if len(plain) == 1 and not given else None
        if place is None or not _PLACE.fullmatch(place):
            raise Unknown("the place that it redirects to is not written out as an address")
        target = quote(place, safe=_KEPT).replace("\\", "\\\\").replace('"', '\\"')
        return "DjangoRedirect", [f'"{target}"', str(status)]

    def _status(self, given: dict[str, Any]) -> list[str]:
        status = given.pop("status", None)
        if given:
            raise Unknown(f"its answer has {next(iter(given))}=")
        if status is None:
            return []
        number = int(status.value) if isinstance(status, cst.Integer) else 0
        if not 200 <= number <= 599 or number in (204, 205, 304):
            raise Unknown("the status of its answer is not written out, or it has no body")
        return [f"status={number}"]

    # -- names -----------------------------------------------------------------------------------

    def _full(self, node: cst.CSTNode | None) -> str:
        name = dotted(node)
        if not name or name.split(".")[0] in self._taken:
            return ""
        if name.split(".")[0] in self._file.top:
            return ""
        full = self._project.full(self._file, name)
        for old, new in _OTHERS.items():
            full = full.replace(old, new, 1) if full.startswith(old) else full
        return full

    def _asked(self, node: cst.BaseExpression, kinds: Any) -> Kinds | None:  # Any: a function
        """Give what a question to the request is answered with; None for what is none."""
        name = dotted(node.func if isinstance(node, cst.Call) else node)
        if name.split(".")[0] != self._request:
            return None
        what = name.removeprefix(f"{self._request}.")
        if what == "method" and not isinstance(node, cst.Call):
            self.replaced[node] = "request.method"
            self.reads_request = True
            return _OUTSIDE
        is_read = isinstance(node, cst.Call) and what in ("GET.get", "headers.get")
        if not is_read or not isinstance(node, cst.Call):
            shown = name if what else code_of(node)
            raise Unknown(f"it needs {shown}")
        if not 1 <= len(node.args) <= 2 or any(one.keyword or one.star for one in node.args):
            raise Unknown(f"{code_of(node)} is given more than a name and a default")
        asked = text_of(node.args[0].value)
        if what == "headers.get":
            if asked is None or not _HEADER.fullmatch(asked) or asked.lower() in _UNREAD:
                raise Unknown(f"{code_of(node)}: which header it reads is not followed")
            self.own.add("header")
        elif kinds(node.args[0].value) != _OUTSIDE:
            raise Unknown(f"{code_of(node)} may raise")
        self.reads_request = True
        self.replaced[node.func] = "header" if what == "headers.get" else "request.query_params.get"
        default = kinds(node.args[1].value) if len(node.args) == 2 else frozenset({"none"})
        return _OUTSIDE | default

    def _constant(self, name: str) -> cst.BaseExpression | None:
        """Give what a name of the module is, where it is written out once and never changed."""
        full = self._project.full(self._file, name)
        made = self._project.made_at(full)
        if made is None or name in self._taken or name == self._request:
            return None
        home, node = made
        there = full.rpartition(".")[2]
        value = node.value if isinstance(node, cst.Assign | cst.AnnAssign) else None
        if value is None or not _is_written_out(value) or self._is_changed(home, there):
            return None
        self.names[name] = full
        return value

    def _is_changed(self, home: File, name: str) -> bool:
        """Tell whether a name may be something else than what its module makes it."""
        changing = re.compile(_CHANGING.replace("NAME", re.escape(name)))
        return name in home.changed or any(changing.search(text) for text in self._texts)

    def _is_builtin(self, name: str) -> bool:
        is_own = name in self._file.bound or name in self._file.top or name in self._taken
        return hasattr(builtins, name) and not is_own


class _Rewrite(cst.CSTTransformer):
    """Writes what the reader has noted in the place of what stands there."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__()
        self._replaced = reader.replaced

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:  # Any: nodes
        updated_node = super().on_leave(original_node, updated_node)
        text = self._replaced.get(original_node)
        if not text:
            return updated_node
        if "\0" not in text and text[0] != "\0":
            if text == "header":
                return cst.parse_expression("header")
            return cst.parse_expression(text)
        kind, content, *rest = text.split("\0")
        if not content:
            content = code_of(_content_of(updated_node))
        return cst.parse_expression(f"{kind}({', '.join([content, *rest])})")

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> Any:  # Any: a node
        if self._replaced.get(original_node.func) != "header":
            return updated_node
        request = cst.Arg(
            cst.Name("request"), comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        )
        return updated_node.with_changes(args=[request, *updated_node.args])


def _is_written_out(node: cst.BaseExpression) -> bool:
    try:
        ast.literal_eval(code_of(node))
    except (ValueError, SyntaxError, TypeError, MemoryError):
        return False
    return True


def _content_of(call: cst.Call) -> cst.BaseExpression:
    for one in call.args:
        if one.keyword is None or one.keyword.value in ("data", "content"):
            return one.value
    raise AssertionError("an answer that has its content from its call has it there")


def _text(body: cst.BaseSuite) -> str:
    """Give the lines of a body, indented as those of a function at the top of a file."""
    code = cst.Module([]).code_for_node(body)
    if isinstance(body, cst.SimpleStatementSuite):
        return f"    {code.strip()}"
    lines = code.splitlines()
    least = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(f"    {line[least:]}".rstrip() for line in lines).lstrip("\n")
