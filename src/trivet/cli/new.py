"""`trivet new`: one file, an API with tests, or a full application with accounts and an admin."""

from __future__ import annotations

import keyword
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from trivet.cli.first_run import first_run
from trivet.cli.trouble import EXIT_FOUND
from trivet.terminal import Pen

__all__ = ["new"]

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_END = ".txt"  # templates are no Python files for the tools that look at this package
# Names that would hide what the project itself imports.
_TAKEN = frozenset({"trivet", "pydantic", "starlette", "uvicorn", "pytest", "tests", "test"})
# What a full application stands on: the extras of its pyproject.toml, and a module of each.
_FULL_EXTRAS = {
    "admin": "nh3",
    "db": "aiosqlite",
    "email": "email_validator",
    "jobs": "cronsim",
    "mail": "aiosmtplib",
    "observe": "prometheus_client",
    "postgres": "asyncpg",
}
_PASSWORD = 16  # bytes of the password of the container's database
_FULL_CI = """\
      - run: trivet migrate && trivet migrate --check
      - run: trivet check --deploy
"""


class Kind(StrEnum):
    """How much is begun with."""

    FILE = "file"
    API = "api"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written: paths below `folder`, and their texts."""

    folder: Path
    files: dict[str, str]
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """How much is begun with; at most one is given."""

    file: Annotated[
        bool, typer.Option("--file", help="Write one file, NAME.py, instead of a project")
    ] = False
    api: Annotated[
        bool, typer.Option("--api", help="An API: a package, tests, CI; the default")
    ] = False
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Accounts, admin, jobs, mail, pages, tests, CI, container: it runs"
        ),
    ] = False

    def chosen(self, name: str) -> Kind | None:
        """Give the kind that was asked for, or None; two are a usage error."""
        given = [kind for kind in Kind if getattr(self, kind.value)]
        if name.endswith(".py") and Kind.FILE not in given:
            given.append(Kind.FILE)
        if len(given) > 1:
            both = " and ".join(f"--{kind}" for kind in given)
            raise typer.BadParameter(f"{both} are two kinds of beginning: take one")
        return given[0] if given else None


def new(
    kinds: Kinds,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The project's name and new folder, or a file that ends with .py",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--in", metavar="FOLDER", help="Where to write", show_default="here")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there")] = False,
    setup: Annotated[
        bool,
        typer.Option(
            help="With --full: make migrations, a database of SQLite and a first superuser too"
        ),
    ] = True,
    superuser: Annotated[
        str, typer.Option(metavar="EMAIL", help="With --full: whom the first superuser is")
    ] = "admin@example.org",
) -> None:
    """Begin a file, an API or a full application.

    What is not given is asked for.

    \b
      trivet new hello.py      one file
      trivet new blog          an API: package, tests, CI, pyproject.toml, README.md
      trivet new shop --full   accounts, admin, jobs, pages, container: ready to sign in
    """
    kind = None
    if name is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say what it is called: trivet new blog")
        name = typer.prompt("What is it called (blog for a project, hello.py for one file)")
        kind = kinds.chosen(name) or _asked_kind()
    kind = kind or kinds.chosen(name) or Kind.API
    plan = _plan_file(name, folder) if kind is Kind.FILE else _plan_project(name, folder, kind)
    _write(plan, force=force)
    pen = Pen()
    missing = _missing() if kind is Kind.FULL else []
    if kind is Kind.FULL and setup and not missing:
        first_run(plan.folder, superuser, pen)
    pen.write()
    if missing:
        extras = ",".join(missing)
        pen.write(f'The database is not made yet: pip install "trivet[{extras}]" is missing.')
    pen.write("Next:")
    for step in _steps(plan, kind, is_set_up=setup and not missing):
        pen.write(f"  {pen.paint(step, 'mark')}")


def _asked_kind() -> Kind:
    given = typer.prompt("A file, an api, or a full application", default=Kind.API.value)
    try:
        return Kind(given.strip().lower())
    except ValueError as error:
        raise typer.BadParameter(f"{given!r} is none of file, api and full") from error


def _missing() -> list[str]:
    """Name the extras of a full application that are not installed here."""
    return [extra for extra, module in _FULL_EXTRAS.items() if find_spec(module) is None]


def _write(plan: _Plan, *, force: bool) -> None:
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


def _steps(plan: _Plan, kind: Kind, *, is_set_up: bool) -> Sequence[str]:
    if kind is not Kind.FULL or is_set_up:
        return plan.next_steps
    migrate = (
        "trivet makemigrations",
        "trivet migrate",
        "trivet createsuperuser",
        "trivet deploy compose",
    )
    return (f"cd {plan.folder}", "pip install -e '.[dev]'", *migrate, "trivet dev")


def _plan_file(name: str, folder: Path) -> _Plan:
    stem = _package_of(name.removesuffix(".py"))
    file = f"{stem}.py"
    text = _fill(_templates() / "file" / f"app.py{_END}", {"title": _title(stem), "file": file})
    return _Plan(folder, {file: text}, (f"trivet dev {folder / file}",))


def _plan_project(name: str, folder: Path, kind: Kind) -> _Plan:
    package = _package_of(name)
    is_full = kind is Kind.FULL
    values = {
        "name": name,
        "package": package,
        "title": _title(name),
        "trivet": metadata.version("trivet"),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "extras": ",".join(_FULL_EXTRAS),
        "password": secrets.token_hex(_PASSWORD),
        "ci_steps": _FULL_CI if is_full else "",
    }
    files: dict[str, str] = {}
    _gather(_templates() / ("full" if is_full else "project"), "", values, files)
    _gather(_templates() / "shared", "", values, files)
    steps: tuple[str, ...] = (f"cd {folder / name}", "pip install -e '.[dev]'", "trivet dev")
    if is_full:
        steps = (f"trivet dev {folder / name}", *steps[:2])
    return _Plan(folder / name, files, (*steps, "pytest"))


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
    filled = Template(template.read_text(encoding="utf-8")).substitute(values)
    return filled.rstrip("\n") + "\n"


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
