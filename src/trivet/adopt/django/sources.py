"""The files of a Django project that its views need to be read: of many, a few are parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import libcst as cst

from trivet.adopt.adoption import Adoption, Source, other_files
from trivet.adopt.django.project import Site
from trivet.adopt.project import Project, read_project
from trivet.adopt.report import Kind

__all__ = ["read_sources"]

_IMPORT = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import\b", re.MULTILINE)


def read_sources(adoption: Adoption, site: Site) -> tuple[Project, list[str]]:
    """Read URLconfs, views and what views import of the project; gives all texts of it, too.

    A file that cannot be parsed is noted.
    """
    root = adoption.root
    texts = {name: "\n".join(lines) for name, lines in other_files(root, ".py")}
    views = {Path(one.function.file).resolve() for one in site.urls if one.function}
    wanted = {name for name in texts if (root / name).resolve() in views}
    wanted |= {found for name in wanted for found in _imported(name, texts)}
    wanted |= {name for name, text in texts.items() if "urlpatterns" in text}
    sources = (_parsed(adoption, name) for name in sorted(wanted))
    return read_project([one for one in sources if one is not None]), list(texts.values())


def _imported(name: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Give the files of the project from which a file imports names."""
    package = PurePosixPath(name).parent.parts
    for dots, module in _IMPORT.findall(texts[name]):
        above = package[: len(package) - len(dots) + 1] if dots else ()
        parts = [*above, *module.split(".")] if module else list(above)
        for found in ("/".join(parts) + ".py", "/".join([*parts, "__init__.py"])):
            if found in texts:
                yield found


def _parsed(adoption: Adoption, name: str) -> Source | None:
    path = adoption.root / name
    try:
        return Source(path, name, cst.parse_module(path.read_bytes()))
    except (cst.ParserSyntaxError, UnicodeDecodeError, SyntaxError) as error:
        text = str(error).splitlines()[0]
        adoption.note(Kind.STAYS, name, f"cannot be read as Python: {text}")
        return None
