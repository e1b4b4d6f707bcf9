"""A FastAPI project, file by file: read, rewritten, and told."""

from __future__ import annotations

import re
from pathlib import Path

from libcst.metadata import MetadataWrapper

from trivet.adopt.adoption import Adoption, Source, gather, other_files
from trivet.adopt.fastapi.facts import Facts, Spot, read_facts
from trivet.adopt.fastapi.names import RENAMED
from trivet.adopt.fastapi.rewriting import rewrite, whole_imports
from trivet.adopt.report import Kind

__all__ = ["adopt_fastapi"]

_START = re.compile(r"\bfastapi\s+(run|dev)\b")
_NEEDED = re.compile(r"""^\s*["']?fastapi(\[[\w,-]+\])?\s*([<>=~!;,"'].*)?$""")
_OTHER = (
    "requirements", "pyproject.toml", "Dockerfile", "Procfile", "Makefile", "Pipfile",
    ".yaml", ".yml", ".sh", ".cfg",
)  # fmt: skip


def adopt_fastapi(root: Path, *, own: bool = True) -> Adoption:
    """Read a project that imports FastAPI; gives it as it would be on Trivet.

    With `own` its application is an `App`, with Trivet's defaults; without, it stays `FastAPI`,
    from the drop-in, and answers as before to the last letter. Raises `SetupError` where there is
    no project.
    """
    adoption = Adoption(root)
    sources = list(gather(adoption, "fastapi"))
    read = [(source, MetadataWrapper(source.module, unsafe_skip_copy=True)) for source in sources]
    facts = [read_facts(wrapper) for _, wrapper in read]
    passed_on = frozenset[str]().union(*(one.passed_on for one in facts))
    for (source, wrapper), found in zip(read, facts, strict=True):
        _tell_found(adoption, source, found)
        kept = frozenset(found.kept) | whole_imports(wrapper.module)
        if not own:
            kept |= RENAMED.keys()
        rewritten = rewrite(wrapper, kept, passed_on)
        if adoption.change(source, rewritten.module):
            for line, what in rewritten.lines:
                adoption.note(Kind.REWRITTEN, f"{source.name}:{line}", what)
        if own:
            _tell_kept(adoption, source, found, whole_imports(wrapper.module))
    _tell_decisions(adoption, list(zip(sources, facts, strict=True)), own=own)
    _tell_around(adoption)
    return adoption


def _tell_found(adoption: Adoption, source: Source, found: Facts) -> None:
    groups: list[tuple[list[Spot], str]] = [
        (found.applications, "an application"),
        (found.routers, "a router"),
    ]
    for spots, what in groups:
        for spot in spots:
            adoption.note(Kind.FOUND, f"{source.name}:{spot.line}", what)
    for spot in found.routes:
        adoption.note(Kind.FOUND, f"{source.name}:{spot.line}", spot.what)
    for spot in found.models:
        adoption.note(Kind.FOUND, f"{source.name}:{spot.line}", f"the model {spot.what}")


def _tell_kept(adoption: Adoption, source: Source, found: Facts, whole: frozenset[str]) -> None:
    for name, spot in found.kept.items():
        adoption.note(
            Kind.STAYS,
            f"{source.name}:{spot.line}",
            f"{name} comes from the drop-in: {spot.what}",
        )
    for name in sorted(whole - found.kept.keys()):
        adoption.note(
            Kind.STAYS,
            source.name,
            f"{name} comes from the drop-in: comments stand within its import",
        )


def _tell_decisions(adoption: Adoption, files: list[tuple[Source, Facts]], *, own: bool) -> None:
    for source, found in files:
        for spot in found.strings:
            adoption.note(
                Kind.DECIDE,
                f"{source.name}:{spot.line}",
                f"the text {spot.what!r}, which may mean the module",
                f'"trivet.dropin.{spot.what}", if it does',
            )
        for spot in found.missing:
            adoption.note(
                Kind.DECIDE,
                f"{source.name}:{spot.line}",
                f"{spot.what} is one of FastAPI's private modules, and has no counterpart",
                "this import is left as it is, and needs FastAPI installed",
            )
        for spot in found.strangers:
            adoption.note(
                Kind.DECIDE,
                f"{source.name}:{spot.line}",
                f"{spot.what} imports FastAPI by itself",
                "start with `trivet run --dropin fastapi`, which gives it Trivet's parts",
            )
    made = [source.name for source, found in files if found.applications]
    if not own or not made:
        return
    place = made[0]
    takes = [f"{one.name}:{spot.line}" for one, found in files for spot in found.uploads[:1]]
    if takes:
        adoption.note(
            Kind.DECIDE,
            takes[0],
            "takes files: bodies of more than 16 MiB are answered with 413 from now on",
            "App(max_body_size=None) for none, or another number of bytes",
        )
    for what, mend in _DIFFERENCES:
        adoption.note(Kind.DECIDE, place, what, mend)


_DIFFERENCES = (
    (
        "answers have secure headers, and pages a Content-Security-Policy: scripts of other sites,"
        " and those within a page, are refused by browsers",
        "App(secure_headers=None) leaves them out",
    ),
    (
        "HEAD is answered wherever GET is; an exception that nobody handles is answered with JSON",
        "nothing to do, unless a test asks for 405 or for the text; `--as fastapi` keeps both",
    ),
)


def _tell_around(adoption: Adoption) -> None:
    for name, lines in other_files(adoption.root, *_OTHER):
        for number, line in enumerate(lines, 1):
            start = _START.search(line)
            if start:
                new = _START.sub(rf"trivet {start[1]}", line).strip()
                adoption.note(Kind.DECIDE, f"{name}:{number}", line.strip(), new)
            elif _NEEDED.match(line):
                adoption.note(
                    Kind.DECIDE,
                    f"{name}:{number}",
                    f"{line.strip()} is required",
                    "trivet in its place; FastAPI itself is not imported any more",
                )
