"""Where the application is: from what was typed, or from the folder, to a module and a name.

Finding reads files and imports nothing; `trivet.cli.load` does the importing. The order when
nothing was typed: `[tool.trivet] app` in pyproject.toml, then the usual files.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trivet.errors import SetupError

__all__ = [
    "FACTORY_NAMES",
    "USUAL_FILES",
    "USUAL_NAMES",
    "CannotFindApp",
    "CannotLoad",
    "Place",
    "find",
]

USUAL_FILES = (
    "main.py",
    "app.py",
    "api.py",
    "app/main.py",
    "app/app.py",
    "app/api.py",
    "app/__init__.py",
)
USUAL_NAMES = ("app", "application", "api")
FACTORY_NAMES = ("create_app", "make_app")

# An application, or `create_app()`; dots lead into what a module holds.
_ATTRIBUTE = re.compile(r"(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?P<call>\(\))?")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NOT_IN_NAMES = re.compile(r"\W|^(?=\d)")
_LONGEST_NAME = 255  # bytes of a file's name on every usual file system
_FRAMEWORKS = frozenset({"trivet", "fastapi", "starlette", "flask", "django"})


class CannotLoad(SetupError):
    """The application is not there or does not import; the command line ends with exit code 3."""


class CannotFindApp(CannotLoad):
    """What was typed leads to no file, or nothing was typed and no usual file is there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an application is: `module` is imported with `folder` on the path.

    `attribute` is None where it is to be looked for; `is_factory` says that it is to be called.
    `origin` is what led here: what was typed, or the file that was found. `file` is None where only
    importing tells which file it is.
    """

    module: str
    attribute: str | None
    folder: Path
    origin: str
    is_factory: bool = False
    file: Path | None = None

    @property
    def import_string(self) -> str:
        """Give `module:attribute`, or the module alone where the attribute is not known yet."""
        return f"{self.module}:{self.attribute}" if self.attribute else self.module


def find(target: str | None, folder: Path, *, is_factory: bool = False) -> Place:
    """Give the place that `target` names: `module:attribute`, a module, a file or a folder.

    Without a target the folder is searched. Raises `CannotFindApp` where that leads nowhere.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise CannotFindApp(
            f"there is no folder {str(folder)!r}",
            code="cli.no-folder",
            mend="give an existing folder to --app-dir",
        )
    if target is None:
        return _search(folder, is_factory)
    return _follow(target, folder, is_factory)


def _follow(target: str, folder: Path, is_factory: bool, *, was_configured: bool = False) -> Place:
    path, attribute, calls = _split(target)
    is_factory = is_factory or calls
    # No file has such a name, and the operating system would say so in its own words.
    if "\0" in path or any(len(name.encode()) > _LONGEST_NAME for name in Path(path).parts):
        raise _no_target(target)
    file = folder / path
    if file.is_dir():
        package = file / "__init__.py"
        if package.is_file() and (attribute is not None or _binds_an_app(package)):
            return _in_file(target, package, attribute, is_factory)
        if package.is_file() or not (file.parent / f"{file.name}.py").is_file():
            # A pyproject.toml that leads to a folder is not asked again: it may lead to itself.
            found = _search(file, is_factory, asks_pyproject=not was_configured)
            return replace(found, attribute=attribute or found.attribute, origin=target)
    if path.endswith(".py") or "/" in path or "\\" in path:
        return _in_file(target, file, attribute, is_factory)
    if not _MODULE.fullmatch(path):
        raise _no_target(target)
    return Place(path, attribute, folder, target, is_factory)


def _no_target(target: str) -> CannotFindApp:
    return CannotFindApp(
        f"{target!r} is neither a file nor the name of a module",
        code="cli.not-a-target",
        mend="trivet dev main.py, or trivet dev package.module:app",
    )


def _split(target: str) -> tuple[str, str | None, bool]:
    """Split `main.py:make_app()` into path, attribute and whether it is called."""
    path, colon, name = target.rpartition(":")
    if not colon or "/" in name or "\\" in name or not path:
        return target.rstrip(":"), None, False  # also C:\folder\main.py
    match = _ATTRIBUTE.fullmatch(name)
    if match is None:
        if not name:
            return path, None, False
        raise CannotFindApp(
            f"{name!r} in {target!r} cannot be the name of an application",
            code="cli.not-a-target",
            mend=f"{path}:app, or {path}:create_app() for a factory",
        )
    return path, match["name"], match["call"] is not None


def _in_file(target: str, file: Path, attribute: str | None, is_factory: bool) -> Place:
    """Give the place of a file: the module name that it has from outside its packages."""
    file = file.resolve()
    if not file.is_file():
        raise CannotFindApp(
            f"there is no file {_split(target)[0]!r}" + _from_where(file),
            code="cli.no-file",
            mend=_nearest(file) or "name an existing file, or run from another folder (--app-dir)",
        )
    root, names = file.parent, [file.stem]
    if not file.stem.isidentifier():
        raise CannotFindApp(
            f"{file.name!r} cannot be imported: {file.stem!r} is not a name that Python allows",
            code="cli.not-a-module",
            mend=f"rename it to {re.sub(_NOT_IN_NAMES, '_', file.stem)}.py",
        )
    while (root / "__init__.py").is_file() and root.name.isidentifier():
        names.insert(0, root.name)
        root = root.parent
    if names[-1] == "__init__" and len(names) > 1:
        names.pop()
    return Place(".".join(names), attribute, root, target, is_factory, file)


def _search(folder: Path, is_factory: bool, *, asks_pyproject: bool = True) -> Place:
    """Look for the application where nobody said where it is."""
    configured = _configured(folder) if asks_pyproject else None
    if configured is not None:
        found = _follow(configured, folder, is_factory, was_configured=True)
        return replace(found, origin=f"[tool.trivet] app = {configured!r}")
    for name in USUAL_FILES:
        file = folder / name
        if file.is_file() and _may_hold_an_app(file):
            return _in_file(name, file, None, is_factory)
    raise CannotFindApp(
        f"no application found in {folder}",
        code="cli.no-app",
        mend="name it (trivet dev path/to/file.py or trivet dev package.module:app), or write\n"
        '    [tool.trivet]\n    app = "package.module:app"\n'
        f"  into pyproject.toml. Looked at: pyproject.toml, {', '.join(USUAL_FILES)}",
    )


def _configured(folder: Path) -> str | None:
    """Give `[tool.trivet] app` of the folder's pyproject.toml."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    import tomllib  # only here: most applications are named, and start sooner without it

    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))  # Any: TOML
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotFindApp(
            f"pyproject.toml cannot be read: {error}",
            code="cli.broken-pyproject",
            where=str(file),
            mend="mend the file, or name the application: trivet dev main.py",
        ) from error
    table = content.get("tool", {}).get("trivet", {})
    target = table.get("app") if isinstance(table, dict) else None
    if target is None:
        return None
    if not isinstance(target, str) or not target:
        raise CannotFindApp(
            f"[tool.trivet] app is {target!r}",
            code="cli.broken-pyproject",
            where=str(file),
            mend='app = "package.module:app"',
        )
    return target


def _names_bound(tree: ast.Module) -> set[str]:
    """Give the names that a module binds at its top level, those inside if and try too."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(
                name.id
                for target in targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            )
        waiting += [child for child in ast.walk(node) if isinstance(child, ast.stmt)][1:]
    return found


def _binds_an_app(file: Path) -> bool:
    """Tell whether a file binds one of the usual names; True for a file that does not parse."""
    try:
        names = _names_bound(ast.parse(file.read_bytes()))
    except (SyntaxError, ValueError):
        return True  # loading it shows the mistake at its place
    return not names.isdisjoint((*USUAL_NAMES, *FACTORY_NAMES))


def _may_hold_an_app(file: Path) -> bool:
    """Tell whether a file is worth importing: it binds a usual name, or imports a framework."""
    if _binds_an_app(file):
        return True
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    return not imported.isdisjoint(_FRAMEWORKS)


def _from_where(file: Path) -> str:
    parent = file.parent
    return f" in {parent}" if parent.is_dir() else f": {parent} is no folder"


def _nearest(file: Path) -> str | None:
    """Give a mend that names the file that was probably meant."""
    if not file.parent.is_dir():
        return None
    names = [path.name for path in file.parent.glob("*.py")]
    close = get_close_matches(file.name, names, n=1)
    return f"{close[0]} is there: did you mean that?" if close else None
