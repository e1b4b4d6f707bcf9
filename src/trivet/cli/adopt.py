"""`trivet adopt fastapi`, `flask` and `django`: an existing project, read and taken over."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trivet.adopt import Adoption, Kind, adoption_diff, report_of, write
from trivet.adopt.django import adopt_django
from trivet.adopt.fastapi import adopt_fastapi
from trivet.adopt.flask import adopt_flask
from trivet.terminal import Pen

__all__ = ["django", "fastapi", "flask"]

Project = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="The folder of the project, or one file", show_default="."),
]
Write = Annotated[bool, typer.Option("--write", help="Write the files; without it they are shown")]
Force = Annotated[
    bool, typer.Option("--force", help="Write also where git could not bring the old files back")
]
AsJson = Annotated[bool, typer.Option("--json", help="The report as JSON, for scripts")]


class As(StrEnum):
    """What the application becomes."""

    TRIVET = "trivet"
    FASTAPI = "fastapi"


def fastapi(
    path: Project = Path(),
    own: Annotated[
        As,
        typer.Option(
            "--as",
            help="trivet: an App, with Trivet's defaults; fastapi: the drop-in's FastAPI, which"
            " answers as before to the letter",
        ),
    ] = As.TRIVET,
    write_: Write = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Move a FastAPI project to Trivet: its imports and its application.

    Nothing is written without --write. Comments and formatting stay.

    \b
      trivet adopt fastapi .           say what is there, and show the diff
      trivet adopt fastapi . --write   write it, where git could undo it
    """
    _deliver(adopt_fastapi(path, own=own is As.TRIVET), write_, force, as_json)


def flask(
    path: Project = Path(), write_: Write = False, force: Force = False, as_json: AsJson = False
) -> None:
    """Serve a Flask project inside Trivet, and move the routes that answer the same.

    It writes one new file, trivet_app.py; no file of the project changes.

    \b
      trivet adopt flask . --write
      trivet dev trivet_app.py
    """
    _deliver(adopt_flask(path), write_, force, as_json)


def django(
    path: Project = Path(),
    settings: Annotated[
        str | None,
        typer.Option(metavar="MODULE", help="The settings, where manage.py does not name them"),
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="FILE", help="The Python in which the project runs")
    ] = None,
    write_: Write = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Serve a Django project inside Trivet, with its tables as models.

    It starts the project to ask it, and writes two new files: trivet_app.py and trivet_models.py.

    \b
      trivet adopt django . --write
      trivet dev trivet_app.py
    """
    _deliver(adopt_django(path, settings=settings, python=python), write_, force, as_json)


def _deliver(adoption: Adoption, writes: bool, force: bool, as_json: bool) -> None:
    pen = Pen()
    if as_json:
        notes = [note.as_dict() for note in adoption.notes]
        sys.stdout.write(json.dumps({"notes": notes, "diff": adoption_diff(adoption)}) + "\n")
    else:
        pen.write(report_of(adoption.notes).rstrip("\n"))
    if writes:
        paths = write(adoption, force=force)
        Pen(sys.stderr).write(f"{len(paths)} files written." if paths else "Nothing to write.")
        return
    if as_json:
        return
    diff = adoption_diff(adoption)
    if diff:
        pen.write()
        sys.stdout.write(diff)
        pen.write()
        pen.write(f"Nothing is written. {len(adoption.changed)} files change with --write.")
    elif any(note.kind is Kind.REWRITTEN for note in adoption.notes):
        pen.write("Nothing to change.")
