"""What stands in a Flask project, read from its trees: applications, blueprints, routes, hooks.

Nothing is imported. A name is what the project's own imports say it is, followed from file to file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

from trivet.adopt.project import Source

__all__ = [
    "File", "Hook", "Maker", "Project", "Registered", "View", "names_in", "option", "read_project",
    "text_of",
]  # fmt: skip

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
_CHANGES = frozenset({"append", "extend", "insert", "update", "setdefault", "add", "__setitem__"})


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
class File:
    """One file: its module's name, what its names are, and what is at its top."""

    source: Source
    module: str
    bound: dict[str, str] = field(default_factory=dict)
    """Local names of imports → full names, such as ``flask.request``."""
    top: dict[str, cst.CSTNode] = field(default_factory=dict)
    """Names of the module → the statement that makes them."""
    changed: set[str] = field(default_factory=set)
    """Names that are changed after they were made, by whatever statement."""
    extensions: dict[str, int] = field(default_factory=dict)
    wraps_wsgi: int | None = None


@dataclass
class Project:
    """All files, and what they declare."""

    files: dict[str, File] = field(default_factory=dict)
    applications: list[Maker] = field(default_factory=list)
    blueprints: list[Maker] = field(default_factory=list)
    registered: list[Registered] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    added: list[tuple[str, str, cst.Call]] = field(default_factory=list)
    """File, owner and call of each `add_url_rule`."""
    hooks: list[Hook] = field(default_factory=list)

    def full(self, file: File, name: str) -> str:
        """Give the full name of what a name in a file is: ``flask.g``, ``shop.db.get_db``."""
        first, _, rest = name.partition(".")
        found = file.bound.get(first, f"{file.module}.{first}" if first in file.top else first)
        return f"{found}.{rest}" if rest else found

    def made_at(self, full: str) -> tuple[File, cst.CSTNode] | None:
        """Give the file and the statement that make a full name, where one of the project does."""
        module, _, name = full.rpartition(".")
        file = next((one for one in self.files.values() if one.module == module), None)
        if file is None:
            return None
        if name in file.top:
            return file, file.top[name]
        onward = file.bound.get(name)
        return self.made_at(onward) if onward not in (None, full) else None


def text_of(node: cst.BaseExpression | None) -> str | None:
    """Give a text that is written out, or None."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def names_in(node: cst.CSTNode) -> Iterator[str]:
    """Give all names that are read in a piece of code, with their attributes."""
    found: list[str] = []

    class Look(cst.CSTVisitor):
        def visit_Attribute(self, node: cst.Attribute) -> bool:
            name = get_full_name_for_node(node)
            if name is not None and isinstance(_root(node), cst.Name):
                found.append(name)
                return False
            node.value.visit(self)
            return False

        def visit_Name(self, node: cst.Name) -> None:
            found.append(node.value)

        def visit_Arg(self, node: cst.Arg) -> bool:
            node.value.visit(self)  # its keyword is no name of anything
            return False

        def visit_Annotation(self, node: cst.Annotation) -> bool:
            return False

    node.visit(Look())
    yield from found


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def read_project(sources: Sequence[Source]) -> Project:
    """Read all files of a project."""
    project = Project()
    for source in sources:
        file = File(source, _module_name(source.name))
        project.files[source.name] = file
        for statement in source.module.body:
            _note_top(file, statement)
    for file in project.files.values():
        wrapper = MetadataWrapper(file.source.module, unsafe_skip_copy=True)
        wrapper.visit(_Look(project, file))
    return project


def _module_name(name: str) -> str:
    parts = list(PurePosixPath(name).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _note_top(file: File, statement: cst.CSTNode) -> None:
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        file.top[statement.name.value] = statement
    elif isinstance(statement, cst.SimpleStatementLine):
        for one in statement.body:
            if isinstance(one, cst.Assign):
                for target in one.targets:
                    if isinstance(target.target, cst.Name):
                        _note_assigned(file, target.target.value, one)
            elif isinstance(one, cst.AnnAssign) and isinstance(one.target, cst.Name):
                _note_assigned(file, one.target.value, one)


def _note_assigned(file: File, name: str, node: cst.CSTNode) -> None:
    if name in file.top:
        file.changed.add(name)
    file.top[name] = node


class _Look(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, project: Project, file: File) -> None:
        super().__init__()
        self._project = project
        self._file = file
        self._functions: list[cst.FunctionDef] = []
        self._conditions = 0

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)

    def _full(self, node: cst.CSTNode) -> str:
        name = get_full_name_for_node(node)
        return self._project.full(self._file, name) if name else ""

    # -- imports and changes ---------------------------------------------------------------------

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        module = (get_full_name_for_node(node.module) if node.module else None) or ""
        if node.relative:
            package = self._file.module.split(".")
            is_package = self._file.source.name.endswith("__init__.py")
            up = len(node.relative) - (1 if is_package else 0)
            package = package[: len(package) - up] if up else package
            module = ".".join([*package, module] if module else package)
        self._extension(module, node)
        if isinstance(node.names, cst.ImportStar):
            return
        for one in node.names:
            name = str(get_full_name_for_node(one.name))
            local = get_full_name_for_node(one.asname.name) if one.asname else name
            self._file.bound[str(local)] = f"{module}.{name}"

    def visit_Import(self, node: cst.Import) -> None:
        for one in node.names:
            name = str(get_full_name_for_node(one.name))
            self._extension(name, node)
            if one.asname:
                self._file.bound[str(get_full_name_for_node(one.asname.name))] = name
            else:
                self._file.bound[name.split(".")[0]] = name.split(".")[0]

    def _extension(self, module: str, node: cst.CSTNode) -> None:
        first = module.split(".")[0]
        if first.startswith("flask_"):
            self._file.extensions.setdefault(first, self._line(node))

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._changes(node.target)
        if isinstance(node.target, cst.Attribute) and node.target.attr.value == "wsgi_app":
            self._file.wraps_wsgi = self._line(node)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._changes(node.target, is_whole=True)

    def visit_Del(self, node: cst.Del) -> None:
        self._changes(node.target, is_whole=True)

    def visit_Global(self, node: cst.Global) -> None:
        self._file.changed |= {one.name.value for one in node.names}

    def _changes(self, target: cst.CSTNode, *, is_whole: bool = False) -> None:
        if isinstance(target, cst.Subscript | cst.Attribute):
            target, is_whole = target.value, True
        name = get_full_name_for_node(target)
        if not is_whole or name is None:
            return
        made = self._project.made_at(self._full(target))
        (made[0] if made else self._file).changed.add(name.split(".")[-1])

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
            self._file.source.name, self._line(node), variable, self._factory(),
            (text_of(given) if given else "") if is_seen else None,
            _name_of(node.value),
            tuple(
                (one.keyword.value, text_of(one.value)) for one in node.value.args if one.keyword
            ),
        )  # fmt: skip
        is_app = made == "flask.Flask"
        (self._project.applications if is_app else self._project.blueprints).append(maker)

    def visit_Call(self, node: cst.Call) -> None:
        if not isinstance(node.func, cst.Attribute):
            return
        method = node.func.attr.value
        if method in _CHANGES:
            self._changes(node.func.value, is_whole=True)
        owner = get_full_name_for_node(node.func.value) or ""
        if method == "register_blueprint" and node.args:
            given = option(node, "url_prefix")
            prefix = text_of(given) if given is not None else None
            others = [one for one in node.args[1:] if not _is_called(one, "url_prefix")]
            is_seen = not others and not self._conditions and (given is None or prefix is not None)
            what = self._full(node.args[0].value)
            self._project.registered.append(
                Registered(self._file.source.name, owner, what, prefix, is_seen)
            )
        elif method == "add_url_rule":
            self._project.added.append((self._file.source.name, owner, node))
        elif method in _HOOKS and node.args and not _is_decorating(node, self._functions):
            made = self._project.made_at(self._full(node.args[-1].value))
            function = made[1] if made and isinstance(made[1], cst.FunctionDef) else None
            of = _number(node.args[0].value)
            self._project.hooks.append(
                Hook(self._file.source.name, self._line(node), owner, method, function, of)
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
                self._project.hooks.append(
                    Hook(self._file.source.name, self._line(one), owner, method, node, of)
                )
            elif owner and call and method in ("route", *_VERBS):
                routes.append((call, owner, _path_of(call)))
            else:
                others.append(get_full_name_for_node(func) or "a decorator")
        if routes:
            self._project.views.append(
                View(
                    self._file.source.name,
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
