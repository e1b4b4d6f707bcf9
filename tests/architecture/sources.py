"""Reading Python sources for the house rules: which imports, which functions, how long."""

from __future__ import annotations

import ast
import functools
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_NOT_CODE = frozenset(
    {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT,
        tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One imported module and where it stands; `is_late` inside a function."""

    module: str
    line: int
    is_late: bool
    is_relative: bool = False


@dataclass(frozen=True)
class Source:
    """One file of the package: its path from the package's root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def home(self) -> str:
        """Give the name on the shelves that this file belongs to."""
        return Path(self.path).with_suffix("").parts[0]


@functools.cache  # read once by a process: many rules look at the same files
def read(root: Path) -> list[Source]:
    """Read every Python file below the package's root, in the order of their paths."""
    return [
        Source(path.relative_to(root).as_posix(), text, ast.parse(text, str(path)))
        for path in sorted(root.rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
    ]


def imports(tree: ast.AST, is_late: bool = False) -> Iterator[Import]:
    """Give every import, type-only and in-function ones and `import_module("…")` too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, is_late)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", node.lineno, is_late, is_relative=node.level > 0)
        elif isinstance(node, ast.Call) and (module := _imported_by_call(node)):
            yield Import(module, node.lineno, is_late)
        is_function = isinstance(node, FunctionNode | ast.Lambda)
        yield from imports(node, is_late or is_function)


def _imported_by_call(node: ast.Call) -> str | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else None
    if isinstance(node.func, ast.Name):
        name = node.func.id
    if name in {"import_module", "__import__"} and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return None


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """Give every function with its dotted name, methods and nested functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FunctionNode | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, prefix)


def code_lines(source: Source) -> set[int]:
    """Give the numbers of the lines that hold code: no blank lines, comments or docstrings."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _NOT_CODE:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Module | ast.ClassDef | FunctionNode) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and _is_text(first.value):
                found -= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return found


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def parameters(node: FunctionNode) -> list[str]:
    """Give the names of a function's parameters without self and cls, `*args` and `**options`."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [argument.arg for argument in named if argument.arg not in {"self", "cls"}]
