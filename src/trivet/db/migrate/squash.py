"""Several migrations as one file, which does what they did, in their order.

The file has the name of the last one in the table of versions: a database that had all of them is
where it was. One that had a part of them is told so, because the file also says what is in it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from trivet.db.migrate.folder import Folder, slug
from trivet.errors import SetupError

__all__ = ["squash", "squashed_into"]

_OWN = {"revision", "down_revision", "branch_labels", "depends_on", "squashed"}
_WAYS = ("upgrade", "downgrade")


@dataclass(frozen=True)
class _Part:
    """One migration's file, taken apart."""

    stem: str
    imports: list[str]
    rest: dict[str, str]
    """What stands in it besides, by name; its two functions have names of their own."""


def squash(folder: Folder, first: str, last: str, name: str) -> Path:
    """Write the migrations from `first` to `last` as one, and delete them; raises `SetupError`."""
    scripts = _between(folder, folder.find(first), folder.find(last))
    parts = [_taken_apart(Path(script.path)) for script in scripts]
    stems = [part.stem for part in parts]
    path = folder.path / f"{stems[-1].split('_')[0]}_{slug(name) or 'squashed'}.py"
    if path.exists() and path.stem not in stems:
        raise _refused(
            f"{path} is there already", f"trivet squashmigrations {first} {last} another-name"
        )
    gone = [one for script in scripts for one in (*_squashed(script), script.revision)]
    text = "\n".join(
        [
            f'"""Do what {stems[0]} to {stems[-1]} did."""',
            "",
            *_imports(parts),
            "",
            f"revision = {_quoted(gone[-1])}",
            f"down_revision = {_quoted(scripts[0].down_revision)}",
            f"squashed = {_quoted(tuple(gone[:-1]))}",
            *[f"\n\n{one}" for one in _rest(parts)],
            *_calls("upgrade", stems),
            *_calls("downgrade", stems[::-1]),
            "",
        ]
    )
    ast.parse(text)
    whole = path.with_suffix(".partial")
    whole.write_text(text, encoding="utf-8")
    for script in scripts:
        Path(script.path).unlink()
    whole.replace(path)
    return path


def squashed_into(folder: Folder, revision: str) -> Script | None:
    """Give the migration that does what `revision` did, which is no file any more; or None."""
    return next((script for script in folder.all() if revision in _squashed(script)), None)


def _squashed(script: Script) -> tuple[str, ...]:
    found: tuple[str, ...] = tuple(getattr(script.module, "squashed", ()))
    return found


def _between(folder: Folder, first: Script, last: Script) -> list[Script]:
    """Give the migrations from the first to the last, which follow one another without a fork."""
    known = {script.revision: script for script in folder.all()}
    found = [last]
    while found[0] is not first:
        before = found[0].down_revision
        if not isinstance(before, str):
            where = "a merge of branches" if before else "the first one"
            raise _refused(
                f"{_stem(first)} is not before {_stem(last)}: {_stem(found[0])} is {where}",
                "trivet migrations, which lists them in their order",
            )
        found.insert(0, known[before])
    for script in found:
        if (script is not last and len(script.nextrev) > 1) or script.dependencies:
            raise _refused(
                f"{_stem(script)} is more than the next one's start: another branch needs it",
                "squash what comes before the fork, or behind it",
            )
    if len(found) < 2:
        raise _refused(
            f"{_stem(first)} is one migration already", "trivet squashmigrations FIRST LAST"
        )
    return found


def _taken_apart(path: Path) -> _Part:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    imports: list[str] = []
    rest: dict[str, str] = {}
    for node in ast.parse(text).body:
        start = min([node.lineno, *[one.lineno for one in getattr(node, "decorator_list", ())]])
        written = "\n".join(lines[start - 1 : node.end_lineno])
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(ast.unparse(node))
            continue
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        name = _name_of(node)
        if is_docstring or name in _OWN:
            continue
        if name in _WAYS:
            own = f"{name}_{slug(path.stem)}"
            rest[own] = written.replace(f"def {name}(", f"def {own}(", 1)
        else:
            rest[name or written] = written
    return _Part(path.stem, imports, rest)


def _name_of(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return node.name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _imports(parts: list[_Part]) -> list[str]:
    """Give the lines of all files, each once, those of the future first."""
    found = dict.fromkeys(line for part in parts for line in part.imports)
    future = [line for line in found if line.startswith("from __future__")]
    plain = [line for line in found if line.startswith("import ")]
    others = [line for line in found if line not in future and line not in plain]
    head = [*future, ""] if future else []
    return [*head, *sorted(plain), *sorted(others)]


def _rest(parts: list[_Part]) -> list[str]:
    """Give what stands in the files; a name that means two things cannot be in one file."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        for name, text in part.rest.items():
            if name in found and found[name][1] != text:
                raise _refused(
                    f"{found[name][0]} and {part.stem} both have {name!r}, and mean another thing",
                    "give one of them another name",
                )
            found.setdefault(name, (part.stem, text))
    return [text for _, text in found.values()]


def _calls(name: str, stems: list[str]) -> list[str]:
    calls = [f"    {name}_{slug(stem)}()" for stem in stems]
    return ["\n", f"def {name}() -> None:", *calls]


def _quoted(value: object) -> str:
    return repr(value).replace("'", '"')


def _stem(script: Script) -> str:
    return Path(script.path).stem


def _refused(what: str, mend: str) -> SetupError:
    return SetupError(f"these cannot be one: {what}", code="db.migration-squash", mend=mend)
