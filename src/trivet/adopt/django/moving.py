"""Which views of a project are answered by the written file, and why the others stay.

The first pattern that takes an address has it, as Django has it: a view is not moved past one that
stays and may take the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from trivet.adopt.django.addresses import Address, Unclear, address_of, are_apart, outline
from trivet.adopt.django.kinds import Unknown
from trivet.adopt.django.project import Function, Site, Url
from trivet.adopt.django.tree import Tree, can_be_router, own_includes
from trivet.adopt.django.views import Handler, Home, handler_of
from trivet.adopt.project import File, Project

__all__ = ["Views", "moved_views"]


@dataclass
class Views:
    """What has moved, and what is said of each address."""

    tree: Tree = field(default_factory=Tree)
    own: set[str] = field(default_factory=set)
    """Names of the written file's own that its handlers need."""
    names: dict[str, str] = field(default_factory=dict)
    """Names of the project's modules → full names."""
    stays: dict[int, str] = field(default_factory=dict)
    """Numbers of addresses → why they stay; those that are not here have moved."""

    @property
    def has_moved(self) -> bool:
        """True where the file answers something."""
        return bool(self.own)


def moved_views(site: Site, project: Project, texts: Sequence[str], reason: str | None) -> Views:
    """Move what can be; nothing where there is a `reason` for all to stay.

    `texts` are all files of the project: a constant that one of them may change is none.
    """
    found = Views()
    home = Home(project, texts)
    modules = frozenset(file.module for file in project.files.values())
    for steps in own_includes(site.urls, modules):
        if can_be_router(steps):
            found.tree.branch_of(steps)
    passed: list[tuple[Url, Address, bool]] = []
    for number, url in enumerate(site.urls):
        try:
            if reason is not None:
                raise Unknown("")
            handler = _handler(site, home, url, passed, found)
            found.tree.add(url, handler)
        except (Unclear, Unknown) as error:
            found.stays[number] = str(error)
        else:
            found.own |= handler.own
            found.names |= handler.names
        passed.append((url, outline(url), number not in found.stays))
    return found


def _handler(
    site: Site,
    home: Home,
    url: Url,
    passed: Sequence[tuple[Url, Address, bool]],
    found: Views,
) -> Handler:
    """Give the handler of an address; raises `Unclear` and `Unknown`."""
    if url.function is None:
        raise Unknown(_what_it_is(url))
    if any(step.is_given_more for step in url.steps):
        raise Unknown("it is given more than what is in its address")
    address = address_of(url)
    static = str(site.settings.get("STATIC_URL") or "").strip("/")
    if static and address.head.startswith(f"{static}/"):
        raise Unknown("its address is below that of static files")
    for other, theirs, is_moved in passed:
        is_beside = is_moved and _above(other) == _above(url)
        if not is_beside and not are_apart(address, theirs):
            raise Unknown(f"/{other.path} is asked before it, and may take its addresses")
    file, function = _source(home.project, url.function)
    handler = handler_of(home, file, function, address.holes)
    for local, full in handler.names.items():
        if not full.startswith(f"{url.function.module}.") and file.module != url.function.module:
            raise Unknown(f"{file.source.name} is imported by another name than its path")
        if not found.tree.reserve(local, full):
            raise Unknown(f"{local} means something else in the file that is written")
    return handler


def _what_it_is(url: Url) -> str:
    """Say why a view is no bare function."""
    file = Path(url.file)
    if url.view == "the admin" or not file.is_file():
        return ""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    line = lines[url.line - 1].strip() if 0 < url.line <= len(lines) else ""
    if line.startswith("@"):
        return f"the decorator {line.removeprefix('@')} stands around it"
    return "it is a class" if line.startswith("class ") else "it is no bare function of a module"


def _above(url: Url) -> list[int]:
    return [step.number for step in url.steps[:-1]]


def _source(project: Project, function: Function) -> tuple[File, cst.FunctionDef]:
    path = Path(function.file).resolve()
    for file in project.files.values():
        if file.source.path.resolve() != path:
            continue
        node = file.top.get(function.name)
        lines = file.source.module.code.splitlines()
        line = lines[function.line - 1] if 0 < function.line <= len(lines) else ""
        is_there = line.startswith((f"def {function.name}(", f"async def {function.name}(", "@"))
        if isinstance(node, cst.FunctionDef) and is_there:
            return file, node
    raise Unknown("its code is not at the top of a module of the project")
