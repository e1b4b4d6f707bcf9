"""A project as its own imports know it: what each name in a file is, followed from file to file.

Nothing is imported, and nothing is known of any framework: files are read by their trees alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trivet.adopt.adoption import Source

__all__ = ["File", "Project", "names_in", "read_project", "text_of"]

_CHANGES = frozenset({"append", "extend", "insert", "update", "setdefault", "add", "__setitem__"})


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

    def imported(self, node: cst.ImportFrom) -> str:
        """Give the full name of the module from which an import takes names."""
        module = (get_full_name_for_node(node.module) if node.module else None) or ""
        if node.relative:
            package = self.module.split(".")
            is_package = self.source.name.endswith("__init__.py")
            up = len(node.relative) - (1 if is_package else 0)
            package = package[: len(package) - up] if up else package
            module = ".".join([*package, module] if module else package)
        return module


@dataclass
class Project:
    """The files of a project, by what they are called in the report."""

    files: dict[str, File] = field(default_factory=dict)

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
        file.source.module.visit(_Names(project, file))
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


class _Names(cst.CSTVisitor):
    """Notes what a file imports, and which names it changes."""

    def __init__(self, project: Project, file: File) -> None:
        super().__init__()
        self._project = project
        self._file = file

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if isinstance(node.names, cst.ImportStar):
            return
        module = self._file.imported(node)
        for one in node.names:
            name = str(get_full_name_for_node(one.name))
            local = get_full_name_for_node(one.asname.name) if one.asname else name
            self._file.bound[str(local)] = f"{module}.{name}"

    def visit_Import(self, node: cst.Import) -> None:
        for one in node.names:
            name = str(get_full_name_for_node(one.name))
            if one.asname:
                self._file.bound[str(get_full_name_for_node(one.asname.name))] = name
            else:
                self._file.bound[name.split(".")[0]] = name.split(".")[0]

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._changes(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._changes(node.target, is_whole=True)

    def visit_Del(self, node: cst.Del) -> None:
        self._changes(node.target, is_whole=True)

    def visit_Global(self, node: cst.Global) -> None:
        self._file.changed |= {one.name.value for one in node.names}

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in _CHANGES:
            self._changes(node.func.value, is_whole=True)

    def _changes(self, target: cst.CSTNode, *, is_whole: bool = False) -> None:
        if isinstance(target, cst.Subscript | cst.Attribute):
            target, is_whole = target.value, True
        name = get_full_name_for_node(target)
        if not is_whole or name is None:
            return
        made = self._project.made_at(self._project.full(self._file, name))
        (made[0] if made else self._file).changed.add(name.split(".")[-1])
