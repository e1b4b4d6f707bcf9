"""A user's file in which an application is made: read as a tree, changed as text.

Only whole lines are put in, at places that the tree gives, so that nothing else of the file
changes: no comment, no order, no quote. What would not parse afterwards is never written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["AppFile", "find_app_file"]

_LONGEST = 100  # letters of a line; beyond that an import is written over several
_ROOT = "trivet"
_SKIPPED = frozenset({".venv", "venv", "migrations", "node_modules", "site-packages", "tests"})


@dataclass(frozen=True)
class AppFile:
    """One file, and the statements in it that make the application."""

    path: Path
    text: str
    tree: ast.Module
    body: list[ast.stmt]
    """The module's, or that of the function that makes it."""
    made: ast.stmt
    name: str
    """What the application is called there."""

    def variable_of(self, part: str) -> str | None:
        """Give the name of an object of the class `part`; empty where it is used without one."""
        for statement in self.body:
            for call in _calls(statement):
                if _called(call) == part:
                    return _bound(statement) or ""
        return None

    def title(self) -> str:
        """Give the title that the application is made with, or the name of its folder."""
        value = getattr(self.made, "value", None)
        for keyword in value.keywords if isinstance(value, ast.Call) else ():
            if keyword.arg == "title" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
        return self.path.parent.name.replace("_", " ").capitalize()

    def elsewhere(self, part: str) -> str | None:
        """Give the place beside this file where an object of the class `part` is made, or None."""
        for path in sorted(self.path.parent.rglob("*.py")):
            is_other = path != self.path and not _SKIPPED & set(path.parts)
            text = path.read_text(encoding="utf-8", errors="replace") if is_other else ""
            found = re.search(rf"\buse\(\s*{part}\(|=\s*{part}\(", text)
            if found:
                return f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
        return None

    def with_parts(self, imports: dict[str, set[str]], lines: list[str]) -> str:
        """Give the text with lines behind the last part that is used, and what they import."""
        text = self.text.splitlines()
        last = max(_end(one) for one in self.body if one is self.made or self._uses(one))
        indent = " " * self.made.col_offset
        text[last:last] = [f"{indent}{line}" for line in lines]
        # Imports stand above: what is put in there does not move what has been put in below.
        for module in sorted(imports, reverse=True):
            _import(text, self.tree, module, imports[module])
        done = "\n".join(text) + "\n"
        ast.parse(done)
        return done

    def _uses(self, statement: ast.stmt) -> bool:
        value = getattr(statement, "value", None)
        function = value.func if isinstance(value, ast.Call) else None
        return (
            isinstance(function, ast.Attribute)
            and function.attr in ("use", "add_hook")
            and isinstance(function.value, ast.Name)
            and function.value.id == self.name
        )


def find_app_file(path: Path, folder: Path, attribute: str | None) -> AppFile | None:
    """Give the file where the application is made: this one, or the one that it imports it from.

    `folder` is where modules are looked for; None where no `… = App(…)` is found.
    """
    seen: set[Path] = set()
    name = attribute
    while path.is_file() and path not in seen:
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        for body in _bodies(tree):
            for statement in body:
                bound = _bound(statement)
                value = getattr(statement, "value", None)
                is_app = isinstance(value, ast.Call) and _called(value) == "App"
                if bound and is_app and (body is not tree.body or name in (None, bound)):
                    return AppFile(path, text, tree, body, statement, bound)
        origin = _imported_from(tree, name)
        if origin is None:
            return None
        module, name = origin
        path = _file_of(module, folder)
    return None


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Give the module's statements first, then those of each function on its top level."""
    yield tree.body
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.body


def _bound(statement: ast.stmt) -> str | None:
    """Give the name to which a statement binds one value."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Give the calls in a statement, and in those that are nested in it."""
    return (node for node in ast.walk(statement) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str | None:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _imported_from(tree: ast.Module, name: str | None) -> tuple[str, str] | None:
    """Give the module and the name there by which an application is imported."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for alias in statement.names:
                if (alias.asname or alias.name) == (name or "app"):
                    return statement.module, alias.name
    return None


def _file_of(module: str, folder: Path) -> Path:
    path = folder.joinpath(*module.split("."))
    package = path / "__init__.py"
    return package if package.is_file() else path.with_suffix(".py")


def _import(text: list[str], tree: ast.Module, module: str, names: set[str]) -> None:
    """Put an import into the lines, or more names into the one that is there."""
    froms = [one for one in tree.body if isinstance(one, ast.ImportFrom) and not one.level]
    for one in froms:
        if one.module == module and not any(alias.asname for alias in one.names):
            there = {alias.name for alias in one.names}
            lines = text[one.lineno - 1 : _end(one)]
            if names <= there:
                return
            if not any("#" in line for line in lines):
                text[one.lineno - 1 : _end(one)] = _written(module, there | names)
                return
    ours = [one for one in froms if (one.module or "").partition(".")[0] == _ROOT]
    before = [one for one in ours if (one.module or "") <= module]
    if before:
        at = _end(before[-1])
    elif ours:
        at = ours[0].lineno - 1
    else:
        at = _behind_imports(tree)
    text[at:at] = _written(module, names)


def _behind_imports(tree: ast.Module) -> int:
    """Give the line behind the last import, or behind the text of the module."""
    place = 0
    for statement in tree.body:
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        is_text = statement is tree.body[0] and isinstance(statement, ast.Expr)
        if is_import or is_text:
            place = _end(statement)
    return place


def _written(module: str, names: set[str]) -> list[str]:
    # As isort has them: constants, classes, functions.
    ordered = sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= _LONGEST:
        return [line]
    return [f"from {module} import (", *[f"    {name}," for name in ordered], ")"]
