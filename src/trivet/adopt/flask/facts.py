"""What stands in a Flask project, read from its trees: applications, blueprints, routes, hooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

from trivet.adopt.adoption import Source
from trivet.adopt.project import File, Project, read_project, text_of

__all__ = ["Facts", "Hook", "Maker", "Registered", "View", "option", "read_facts"]

_VERBS = ("get", "post", "put", "patch", "delete")
_HOOKS = frozenset(
    {
        "before_request", "before_app_request", "after_request", "after_app_request",
        "teardown_request", "teardown_app_request", "teardown_appcontext", "errorhandler",
        "app_errorhandler", "context_processor", "app_context_processor", "url_value_preprocessor",
        "app_url_value_preprocessor", "url_defaults", "app_url_defaults", "register_error_handler",
    }
)  # fmt: skip
_AROUND = (cst.If, cst.For, cst.While, cst.Try, cst.TryStar, cst.Match, cst.ClassDef)


@dataclass(frozen=True, slots=True)
class Maker:
    """A line that makes an application or a blueprint, and what it is bound to."""

    file: str
    line: int
    variable: str
    factory: str | None
    """The function in which an application is made; None at the top of a module."""
    prefix: str | None = ""
    """None where nobody can see it."""
    name: str | None = None
    """What it is called in endpoints, or the module that a template's folder is found from."""
    options: tuple[tuple[str, str | None], ...] = ()
    """What else it is given by name, with its text where it is one."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A line that puts a blueprint into an application, or into another blueprint."""

    file: str
    owner: str
    what: str
    """Its full name."""
    prefix: str | None
    is_seen: bool
    """False where a condition, or options that are not written out, stand around it."""


@dataclass(frozen=True, slots=True)
class View:
    """A function with one route or more."""

    file: str
    line: int
    owner: str
    """The variable whose decorator declares it."""
    routes: tuple[cst.Call, ...]
    paths: tuple[str, ...]
    others: tuple[str, ...]
    """Decorators that are no routes."""
    function: cst.FunctionDef
    factory: str | None
    """The function that declares it; None at the top of a module."""
    is_certain: bool
    """False where a condition or a loop stands around it."""


@dataclass(frozen=True, slots=True)
class Hook:
    """What runs around requests."""

    file: str
    line: int
    owner: str
    kind: str
    function: cst.FunctionDef | None
    of: int | None = None
    """The status for which it gives a page, where it is written out."""


@dataclass
class Facts:
    """A project, and what its files declare of Flask's."""

    project: Project
    applications: list[Maker] = field(default_factory=list)
    blueprints: list[Maker] = field(default_factory=list)
    registered: list[Registered] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    added: list[tuple[str, str, cst.Call]] = field(default_factory=list)
    """File, owner and call of each `add_url_rule`."""
    hooks: list[Hook] = field(default_factory=list)
    extensions: dict[str, dict[str, int]] = field(default_factory=dict)
    """File → the extensions that it imports → the first line that does."""
    wsgi: dict[str, int] = field(default_factory=dict)
    """File → the line that puts WSGI middleware around the application."""


def read_facts(sources: Sequence[Source]) -> Facts:
    """Read all files of a project."""
    facts = Facts(read_project(sources))
    for file in facts.project.files.values():
        wrapper = MetadataWrapper(file.source.module, unsafe_skip_copy=True)
        wrapper.visit(_Look(facts, file))
    return facts


class _Look(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, facts: Facts, file: File) -> None:
        super().__init__()
        self._facts = facts
        self._file = file
        self._name = file.source.name
        self._functions: list[cst.FunctionDef] = []
        self._conditions = 0

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)

    def _full(self, node: cst.CSTNode) -> str:
        name = get_full_name_for_node(node)
        return self._facts.project.full(self._file, name) if name else ""

    # -- what may stand around all requests -------------------------------------------------------

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self._note_extension(self._file.imported(node), node)

    def visit_Import(self, node: cst.Import) -> None:
        for one in node.names:
            self._note_extension(str(get_full_name_for_node(one.name)), node)

    def _note_extension(self, module: str, node: cst.CSTNode) -> None:
        first = module.split(".")[0]
        if first.startswith("flask_"):
            known = self._facts.extensions.setdefault(self._name, {})
            known.setdefault(first, self._line(node))

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        if isinstance(node.target, cst.Attribute) and node.target.attr.value == "wsgi_app":
            self._facts.wsgi[self._name] = self._line(node)

    # -- what is made ----------------------------------------------------------------------------

    def visit_Assign(self, node: cst.Assign) -> None:
        if not isinstance(node.value, cst.Call):
            return
        made = self._full(node.value.func)
        variable = get_full_name_for_node(node.targets[0].target)
        if variable is None or made not in ("flask.Flask", "flask.Blueprint"):
            return
        given = option(node.value, "url_prefix")
        is_seen = len([one for one in node.value.args if one.keyword is None and not one.star]) < 3
        is_seen &= not any(one.star for one in node.value.args)
        maker = Maker(
            self._name, self._line(node), variable, self._factory(),
            (text_of(given) if given else "") if is_seen else None,
            _name_of(node.value),
            tuple(
                (one.keyword.value, text_of(one.value)) for one in node.value.args if one.keyword
            ),
        )  # fmt: skip
        is_app = made == "flask.Flask"
        (self._facts.applications if is_app else self._facts.blueprints).append(maker)

    def visit_Call(self, node: cst.Call) -> None:
        if not isinstance(node.func, cst.Attribute):
            return
        method = node.func.attr.value
        owner = get_full_name_for_node(node.func.value) or ""
        if method == "register_blueprint" and node.args:
            given = option(node, "url_prefix")
            prefix = text_of(given) if given is not None else None
            others = [one for one in node.args[1:] if not _is_called(one, "url_prefix")]
            is_seen = not others and not self._conditions and (given is None or prefix is not None)
            what = self._full(node.args[0].value)
            self._facts.registered.append(Registered(self._name, owner, what, prefix, is_seen))
        elif method == "add_url_rule":
            self._facts.added.append((self._name, owner, node))
        elif method in _HOOKS and node.args and not _is_decorating(node, self._functions):
            made = self._facts.project.made_at(self._full(node.args[-1].value))
            function = made[1] if made and isinstance(made[1], cst.FunctionDef) else None
            of = _number(node.args[0].value)
            self._facts.hooks.append(
                Hook(self._name, self._line(node), owner, method, function, of)
            )

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._functions.append(node)
        routes: list[tuple[cst.Call, str, str]] = []
        others: list[str] = []
        for one in node.decorators:
            call = one.decorator if isinstance(one.decorator, cst.Call) else None
            func = call.func if call else one.decorator
            owner = get_full_name_for_node(func.value) if isinstance(func, cst.Attribute) else None
            method = func.attr.value if isinstance(func, cst.Attribute) else ""
            if owner and method in _HOOKS:
                of = _number(call.args[0].value) if call and call.args else None
                self._facts.hooks.append(Hook(self._name, self._line(one), owner, method, node, of))
            elif owner and call and method in ("route", *_VERBS):
                routes.append((call, owner, _path_of(call)))
            else:
                others.append(get_full_name_for_node(func) or "a decorator")
        if routes:
            self._facts.views.append(
                View(
                    self._name,
                    self._line(node.name),
                    routes[0][1],
                    tuple(call for call, _, _ in routes),
                    tuple(path for _, _, path in routes),
                    tuple(others),
                    node,
                    self._factory(outside=node),
                    not self._conditions and len(self._functions) < 3,
                )
            )

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._functions.pop()

    def _factory(self, outside: cst.FunctionDef | None = None) -> str | None:
        around = [one for one in self._functions if one is not outside]
        return around[0].name.value if around else None

    # -- what may not happen, or more than once -------------------------------------------------

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Count what stands around a statement."""
        self._conditions += isinstance(node, _AROUND)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Count it off again."""
        super().on_leave(original_node)
        self._conditions -= isinstance(original_node, _AROUND)


def _path_of(call: cst.Call) -> str:
    if not call.args:
        return "?"
    path = text_of(option(call, "rule") or call.args[0].value)
    return "?" if path is None else path


def option(call: cst.Call, name: str) -> cst.BaseExpression | None:
    """Give what a call is given by a name."""
    return next((one.value for one in call.args if one.keyword and one.keyword.value == name), None)


def _is_called(argument: cst.Arg, name: str) -> bool:
    return argument.keyword is not None and argument.keyword.value == name


def _name_of(call: cst.Call) -> str | None:
    first = option(call, "name") or option(call, "import_name")
    if call.args and not call.args[0].star and not call.args[0].keyword:
        first = call.args[0].value
    return first.value if isinstance(first, cst.Name) else text_of(first)


def _number(node: cst.BaseExpression) -> int | None:
    return node.evaluated_value if isinstance(node, cst.Integer) else None


def _is_decorating(node: cst.Call, functions: Sequence[cst.FunctionDef]) -> bool:
    return any(one.decorator is node for function in functions for one in function.decorators)
