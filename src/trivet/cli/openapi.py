"""`trivet openapi`: the document as JSON or YAML, written or compared."""

from __future__ import annotations

import difflib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, HeaderOption, LoadOptions, headers_of
from trivet.cli.trouble import EXIT_FOUND
from trivet.cli.yaml_text import to_yaml
from trivet.terminal import Pen

__all__ = ["openapi"]

_MOST_DIFFERENCES = 40  # lines; more are for `git diff` after writing the file


class Form(StrEnum):
    """How the document is written."""

    JSON = "json"
    YAML = "yaml"


def openapi(
    options: LoadOptions,
    argument: AppArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to this file instead of standard output"
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="Without it the file's ending decides, then JSON", show_default=False
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="FILE", help="Compare with this file; exit code 1 if it differs"
        ),
    ] = None,
    header: HeaderOption = None,
) -> None:
    """Write the OpenAPI document.

    \b
      trivet openapi > openapi.json
      trivet openapi --output openapi.yaml
      trivet openapi --check openapi.json    exit code 1 when it is out of date
      trivet openapi --header "API-Version: 2"    what clients get that send it
    """
    app = open_app(options, argument)
    document = app.openapi(sent=headers_of(header)) if header else app.openapi()
    target = check or output
    if form is None and target is not None and target.suffix in (".yaml", ".yml"):
        form = Form.YAML
    text = _write(document, form or Form.JSON)
    if check is not None:
        _compare(check, text)
    elif output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _write(document: dict[str, Any], form: Form) -> str:  # Any: JSON
    if form is Form.YAML:
        return to_yaml(document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _compare(file: Path, text: str) -> None:
    """Say where the file differs; ends with exit code 1 if it does."""
    pen = Pen(sys.stderr)
    if not file.is_file():
        pen.write(f"{pen.paint('Missing:', 'bad')} {file}; write it with --output {file}")
        raise typer.Exit(EXIT_FOUND)
    there = file.read_text(encoding="utf-8")
    if there == text:
        return
    pen.write(f"{pen.paint('Out of date:', 'bad')} {file}; write it with --output {file}")
    lines = list(
        difflib.unified_diff(
            there.splitlines(), text.splitlines(), str(file), "the application", lineterm="", n=1
        )
    )
    for line in lines[:_MOST_DIFFERENCES]:
        style = {"+": "good", "-": "bad"}.get(line[:1], "dim")
        pen.write(pen.paint(line, style))
    if len(lines) > _MOST_DIFFERENCES:
        pen.write(pen.paint(f"… and {len(lines) - _MOST_DIFFERENCES} lines more", "dim"))
    raise typer.Exit(EXIT_FOUND)
