"""`trivet openapi diff`: what changed between two documents, what breaks clients first."""

from __future__ import annotations

import dataclasses
import json
import sys
from itertools import groupby
from typing import Annotated, Any

import typer

from trivet.cli.documents import read_document
from trivet.cli.opened import open_app
from trivet.cli.options import LoadOptions
from trivet.cli.trouble import EXIT_FOUND
from trivet.openapi.changes.change import Change
from trivet.openapi.changes.comparing import compare
from trivet.terminal import Pen

__all__ = ["diff"]


def diff(
    options: LoadOptions,
    old: Annotated[str, typer.Argument(metavar="OLD", help="A document, JSON or YAML")],
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="NEW",
            help="Another one; without it, the application's",
            show_default=False,
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="CODE",
            help="Let this breaking change pass, everywhere or in one operation:"
            " response.field-removed, or 'response.field-removed GET /books'; may be given often",
            show_default=False,
        ),
    ] = None,
    breaking: Annotated[bool, typer.Option("--breaking", help="Show these alone")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Say what changed between two documents, and what of it breaks clients.

    \b
      trivet openapi diff released.json new.json
      trivet --app shop.web:app openapi diff released.json
      trivet openapi diff released.json --allow "operation.removed GET /old"

    Exit code 1 where something breaks clients.
    """
    if new is not None and options.app is not None:
        raise typer.BadParameter("NEW and --app are two documents; give one of them")
    before = read_document(old)
    after: Any = open_app(options).openapi() if new is None else read_document(new)
    allowed = set(allow or ())
    changes = compare(json.loads(json.dumps(before)), json.loads(json.dumps(after)))
    bad = [one for one in changes if one.is_breaking and not _is_allowed(one, allowed)]
    shown = bad if breaking else changes
    if as_json:
        rows = [
            {**dataclasses.asdict(one), "is_allowed": _is_allowed(one, allowed)} for one in shown
        ]
        json.dump({"breaking": len(bad), "changes": rows}, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _tell(shown, bad)
    if bad:
        raise typer.Exit(EXIT_FOUND)


def _is_allowed(change: Change, allowed: set[str]) -> bool:
    return change.code in allowed or f"{change.code} {change.where}" in allowed


def _tell(changes: list[Change], bad: list[Change]) -> None:
    pen = Pen()
    order = {True: 0, False: 1}
    ordered = sorted(changes, key=lambda one: order[one in bad])
    for is_bad, group in groupby(ordered, key=lambda one: one in bad):
        pen.write(pen.paint("Breaks clients:" if is_bad else "Breaks nothing:", "strong"))
        for where, several in groupby(group, key=lambda one: one.where):
            pen.write(f"  {pen.paint(where, 'name')}")
            for one in several:
                mark = pen.paint("✗", "bad") if is_bad else pen.paint("·", "good")
                allowed = " (allowed)" if one.is_breaking and not is_bad else ""
                code = pen.paint(f"[{one.code}]", "dim")
                pen.write(f"    {mark} {one.what}{allowed}  {code}")
        pen.write()
    count = len(bad)
    if not changes:
        pen.write("Nothing changed.")
    else:
        said = (
            f"{count} change{'' if count == 1 else 's'} break{'s' if count == 1 else ''} clients."
        )
        pen.write(pen.paint(said, "bad" if count else "good"))
