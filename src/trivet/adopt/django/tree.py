"""The shape of a project's addresses: a router for each `include()`, with what has moved in it."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.adopt.django.addresses import Hole, Unclear, parts_of
from trivet.adopt.django.project import Step, Url
from trivet.adopt.django.views import Handler

__all__ = ["Branch", "Tree", "can_be_router", "own_includes"]

_TAKEN = frozenset(
    {"app", "database", "database_url", "django_app", "header", "i18n", "json", "mail", "mail_url",
     "media", "os", "quote", "settings", "site", "as_django", "trivet_models"}
) | frozenset(dir(builtins))  # fmt: skip
_SLUG = "[-a-zA-Z0-9_]+"
_UUID = "[0-9a-f]{8}-"


@dataclass
class Branch:
    """A router: its variable, its prefix, and what it is of."""

    variable: str
    prefix: str
    of: str
    routes: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)


@dataclass
class Tree:
    """All routers of a project, and the converters that their paths need."""

    root: Branch = field(default_factory=lambda: Branch("moved", "", ""))
    patterns: dict[str, str] = field(default_factory=dict)
    """Patterns → the names of their converters."""
    _known: dict[tuple[int, ...], Branch] = field(default_factory=dict)
    _imported: dict[str, str] = field(default_factory=dict)
    _names: set[str] = field(default_factory=lambda: {"moved", *_TAKEN})

    def branch_of(self, steps: Sequence[Step]) -> tuple[Branch, str]:
        """Give the router of what is included by these steps, and the path that is left over."""
        branch, rest = self.root, ""
        for depth, step in enumerate(steps, 1):
            rest += self.path(parts_of(step, is_last=False))
            if rest and not rest.endswith("/"):
                continue  # what follows goes on in the middle of a word: no router begins there
            key = tuple(one.number for one in steps[:depth])
            if key not in self._known:
                made = Branch(self._name(step), f"/{rest[:-1]}" if rest else "", _of(step))
                self._known[key] = made
                branch.branches.append(made)
            branch, rest = self._known[key], ""
        return branch, rest

    def reserve(self, name: str, full: str) -> bool:
        """Keep a name for what is imported; tells whether nothing else has it."""
        if self._imported.get(name, "" if name in self._names else full) != full:
            return False
        self._imported[name] = full
        self._names.add(name)
        return True

    def add(self, url: Url, handler: Handler) -> None:
        """Add a route; raises `Unclear`."""
        branch, rest = self.branch_of(url.steps[:-1])
        path = "/" + rest + self.path(parts_of(url.steps[-1], is_last=True))
        head = handler.head.replace("NAME", self._handler_name(url, handler), 1)
        name = f", name={_quoted(url.name)}" if url.name else ""
        branch.routes.append(
            f"@{branch.variable}.get({_quoted(path)}{name})\n{head}\n{handler.body}"
        )

    def path(self, parts: Sequence[str | Hole]) -> str:
        """Give parts of an address as Trivet writes them."""
        return "".join(one if isinstance(one, str) else self._hole(one) for one in parts)

    def code(self) -> str:
        """Give all routers with their routes, in the order in which Django asks them."""
        made = self._declared(self.root)
        return f"{made}{self._routes(self.root)}{self._included(self.root)}"

    def _hole(self, hole: Hole) -> str:
        if hole.kind:
            return f"{{{hole.name}}}" if hole.kind == "str" else f"{{{hole.name}:{hole.kind}}}"
        known = {_SLUG: "django_slug"}
        name = known.get(hole.pattern) or (
            "django_uuid" if hole.pattern.startswith(_UUID) else f"pattern_{len(self.patterns) + 1}"
        )
        return f"{{{hole.name}:{self.patterns.setdefault(hole.pattern, name)}}}"

    def _name(self, step: Step) -> str:
        words = step.module.split(".")
        named = words[-2] if len(words) > 1 and words[-1] == "urls" else words[-1]
        text = step.namespace or named or step.text
        found = re.sub(r"\W+", "_", text).strip("_").lower() or "included"
        if not found.isidentifier() or keyword.iskeyword(found):
            found = f"urls_{found}"
        return self._free(found)

    def _handler_name(self, url: Url, handler: Handler) -> str:
        name = handler.name
        if name in self._names:
            space = url.name.rpartition(":")[0] or handler.name
            name = re.sub(r"\W+", "_", f"{space}_{handler.name}")
        return self._free(name)

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._names:
            number += 1
            found = f"{name}_{number}"
        self._names.add(found)
        return found

    def _declared(self, branch: Branch) -> str:
        prefix = f"prefix={_quoted(branch.prefix)}" if branch.prefix else ""
        comment = f"  # {branch.of}" if branch.of else ""
        inside = "".join(self._declared(one) for one in branch.branches)
        return f"{branch.variable} = Router({prefix}){comment}\n{inside}"

    def _routes(self, branch: Branch) -> str:
        own = "".join(f"\n\n{one}\n" for one in branch.routes)
        return own + "".join(self._routes(one) for one in branch.branches)

    def _included(self, branch: Branch) -> str:
        lines = "".join(
            f"{self._included(one)}{branch.variable}.include_router({one.variable})\n"
            for one in branch.branches
        )
        return lines if branch is not self.root else f"\n\n{lines}" if lines else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _of(step: Step) -> str:
    what = f'include("{step.module}")' if step.module else "include([…])"
    return f'{what}, namespace "{step.namespace}"' if step.namespace else what


def own_includes(urls: Sequence[Url], own: frozenset[str]) -> list[Sequence[Step]]:
    """Give the ways to the URLconfs of the project itself, in their order."""
    found: dict[tuple[int, ...], Sequence[Step]] = {}
    for url in urls:
        for depth in range(1, len(url.steps)):
            steps = url.steps[:depth]
            if all(one.module in own for one in steps):
                found.setdefault(tuple(one.number for one in steps), steps)
    return list(found.values())


def can_be_router(steps: Sequence[Step]) -> bool:
    """Tell whether the address of an `include()` can be written."""
    try:
        for step in steps:
            parts_of(step, is_last=False)
    except Unclear:
        return False
    return True
