"""`trivet new`: one file, or a small project with tests."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from trivet.cli.trouble import EXIT_FOUND
from trivet.terminal import Pen

__all__ = ["new"]

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_END = ".txt"  # templates are no Python files for the tools that look at this package
# Names that would hide what the project itself imports.
_TAKEN = frozenset({"trivet", "pydantic", "starlette", "uvicorn", "pytest", "tests", "test"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written: paths below `folder`, and their texts."""

    folder: Path
    files: dict[str, str]
    next_steps: tuple[str, ...]


def new(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The project's name and new folder, or a file that ends with .py",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        bool, typer.Option("--file", help="Write one file, NAME.py, instead of a project")
    ] = False,
    folder: Annotated[
        Path, typer.Option("--in", metavar="FOLDER", help="Where to write", show_default="here")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there")] = False,
) -> None:
    """Begin a file or a small project.

    NAME is asked for where it is not given.

    \b
      trivet new hello.py    one file
      trivet new blog        a project: package, tests, pyproject.toml, README.md
    """
    if name is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say what it is called: trivet new blog")
        name = typer.prompt("What is it called (blog for a project, hello.py for one file)")
    is_file = file or name.endswith(".py")
    plan = _plan_file(name, folder) if is_file else _plan_project(name, folder)
    pen, trouble = Pen(), Pen(sys.stderr)
    there = [path for path in plan.files if (plan.folder / path).exists()]
    if there and not force:
        names = ", ".join(str(plan.folder / path) for path in there)
        trouble.write(f"{trouble.paint('Already there:', 'bad')} {names}")
        trouble.write("Take another name, or write over it with --force.")
        raise typer.Exit(EXIT_FOUND)
    for path, text in plan.files.items():
        target = plan.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        pen.write(f"  {pen.paint('wrote', 'good')} {target}")
    pen.write()
    pen.write("Next:")
    for step in plan.next_steps:
        pen.write(f"  {pen.paint(step, 'mark')}")


def _plan_file(name: str, folder: Path) -> _Plan:
    stem = _package_of(name.removesuffix(".py"))
    file = f"{stem}.py"
    text = _fill(_templates() / "file" / f"app.py{_END}", {"title": _title(stem), "file": file})
    return _Plan(folder, {file: text}, (f"trivet dev {folder / file}",))


def _plan_project(name: str, folder: Path) -> _Plan:
    package = _package_of(name)
    values = {
        "name": name,
        "package": package,
        "title": _title(name),
        "trivet": metadata.version("trivet"),
    }
    files: dict[str, str] = {}
    _gather(_templates() / "project", "", values, files)
    steps = (f"cd {folder / name}", "pip install -e '.[dev]'", "trivet dev", "pytest")
    return _Plan(folder / name, files, steps)


def _templates() -> Traversable:
    return resources.files("trivet.cli") / "templates"


def _gather(
    source: Traversable, prefix: str, values: dict[str, str], files: dict[str, str]
) -> None:
    """Fill every template below `source`; a folder called package takes the package's name."""
    for entry in sorted(source.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            name = values["package"] if entry.name == "package" else entry.name
            _gather(entry, f"{prefix}{name}/", values, files)
        elif entry.name.endswith(_END):
            files[f"{prefix}{entry.name.removesuffix(_END)}"] = _fill(entry, values)


def _fill(template: Traversable, values: dict[str, str]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(values)


def _package_of(name: str) -> str:
    """Give the name of the package for a project; a name that cannot be one is a usage error."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name!r} cannot be a name: letters, digits, - and _, a letter first",
            param_hint="NAME",
        )
    package = name.replace("-", "_").lower()
    is_taken = package in _TAKEN or package in sys.stdlib_module_names
    if is_taken or keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise typer.BadParameter(
            f"{name!r} is taken: Python or a package that the project needs is called {package}",
            param_hint="NAME",
        )
    return package


def _title(name: str) -> str:
    words = re.split(r"[-_]+", name)
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
