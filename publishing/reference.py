"""The reference of every public name, from its docstring: pages in `docs/reference/api`.

The modules are the packages of `trivet`, and whatever else `docs/reference/names.md` lists. They
are read and not imported, so that no optional library is needed. Run by `make docs`:

    python -m publishing.reference docs/reference/api
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import griffe

__all__ = ["write_reference"]

REPOSITORY = Path(__file__).parents[1]
NAMES = REPOSITORY / "docs" / "reference" / "names.md"
_MODULE = re.compile(r"^(?:## |\| )`(trivet(?:\.\w+)*)`", re.MULTILINE)
_WIDE = 90  # characters of a signature that stay on one line


def write_reference(folder: Path) -> list[str]:
    """Write a page for each public module into an empty `folder`; gives the modules' names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    loader = griffe.GriffeLoader(search_paths=[REPOSITORY / "src"])
    loader.load("trivet", submodules=True)
    listed = set(_MODULE.findall(NAMES.read_text(encoding="utf-8")))
    packages = {
        module.path
        for module in loader.modules_collection["trivet"].modules.values()
        if module.is_init_module and module.exports
    }
    names = sorted(listed | packages)
    lines = ["# Every name", "", "By the module from which it is imported.", ""]
    for name in names:
        module = loader.modules_collection[name]
        offered = _offered(module)
        (folder / f"{name}.md").write_text(_page(name, module, offered), encoding="utf-8")
        links = ", ".join(f"[`{one}`]({name}.md#{_anchor(one)})" for one in offered)
        lines.append(f"- [`{name}`]({name}.md): {links or 'see there'}")
    (folder / "index.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return names


def _offered(module: griffe.Module) -> dict[str, griffe.Object]:
    """Give what a module offers, by name: what its `__all__` says, wherever it is defined."""
    found: dict[str, griffe.Object] = {}
    for name in sorted(str(one) for one in module.exports or ()):
        thing = _meant(module.members.get(name))
        if thing is not None:
            found[name] = thing
    return found


def _meant(member: griffe.Object | griffe.Alias | None) -> griffe.Object | None:
    """Give what a name stands for, which may be defined elsewhere.

    None for what is another library's, such as SQLAlchemy's `Mapped`, or is made when asked for.
    """
    if not isinstance(member, griffe.Alias):
        return member
    try:
        target = member.final_target
    except (KeyError, griffe.AliasResolutionError, griffe.CyclicAliasError):
        return None
    return target if isinstance(target, griffe.Object) else None


def _page(name: str, module: griffe.Module, offered: dict[str, griffe.Object]) -> str:
    lines = [f"# `{name}`", "", _text(module), ""]
    for one, thing in offered.items():
        lines += [f"## `{one}` {{ #{_anchor(one)} }}", ""]
        lines += _described(one, thing)
    return "\n".join(lines).rstrip() + "\n"


def _described(name: str, thing: griffe.Object) -> Iterator[str]:
    """Give the lines on one name: its form, what it is for, and what it has."""
    if isinstance(thing, griffe.Class):
        bases = ", ".join(str(base) for base in thing.bases)
        yield from _form(f"class {name}({bases})" if bases else f"class {name}")
        yield from (_text(thing), "")
        if isinstance(begin := thing.members.get("__init__"), griffe.Function):
            yield from _form(_signature(name, begin))
        yield from _members(thing)
    elif isinstance(thing, griffe.Function):
        begins = "async def" if "async" in thing.labels else "def"
        yield from _form(f"{begins} {_signature(name, thing)}")
        yield from (_text(thing), "")
    elif isinstance(thing, griffe.Attribute):
        said = f"{name}: {thing.annotation}" if thing.annotation else name
        yield from _form(said)
        yield from (_text(thing), "")


def _members(kind: griffe.Class) -> Iterator[str]:
    """Give what people use of a class: its own, and what it has of classes of ours."""
    for name, member in sorted(kind.all_members.items()):
        if name.startswith("_"):
            continue
        thing = _meant(member)
        if thing is None or not thing.has_docstring:
            continue
        if isinstance(thing, griffe.Function):
            begins = "async " if "async" in thing.labels else ""
            yield f"### {begins}`{_signature(name, thing)}`"
        else:
            annotation = getattr(thing, "annotation", None)
            yield f"### `{name}: {annotation}`" if annotation else f"### `{name}`"
        yield from ("", _text(thing), "")


def _signature(name: str, function: griffe.Function) -> str:
    shown: list[str] = []
    is_named = False
    for one in function.parameters:
        if one.name in ("self", "cls"):
            continue
        kind = one.kind
        if kind is griffe.ParameterKind.keyword_only and not is_named:
            shown.append("*")
            is_named = True
        stars = (
            {
                griffe.ParameterKind.var_positional: "*",
                griffe.ParameterKind.var_keyword: "**",
            }.get(kind, "")
            if kind
            else ""
        )
        is_named = is_named or stars == "*"
        said = f"{stars}{one.name}"
        if one.annotation:
            said += f": {one.annotation}"
        if one.default is not None and not stars:
            said += f" = {one.default}" if one.annotation else f"={one.default}"
        shown.append(said)
    gives = f" -> {function.returns}" if function.returns else ""
    return f"{name}({', '.join(shown)}){gives}"


def _form(line: str) -> Sequence[str]:
    if len(line) > _WIDE and "(" in line:
        head, _, rest = line.partition("(")
        inner, _, tail = rest.rpartition(")")
        parts = _parted(inner)
        line = "\n".join([f"{head}(", *(f"    {part}," for part in parts), f"){tail}"])
    # Not `python`: those blocks are examples, which tests run.
    return ("```py", line, "```", "")


def _parted(inner: str) -> list[str]:
    """Part a list of parameters at its own commas, and not at those inside of brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(inner):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(inner[start:place].strip())
            start = place + 1
    return [*parts, inner[start:].strip()]


def _text(thing: griffe.Object) -> str:
    return thing.docstring.value.strip() if thing.docstring else ""


def _anchor(name: str) -> str:
    return name.lower().replace("_", "-")


if __name__ == "__main__":
    write_reference(Path(sys.argv[1]))
