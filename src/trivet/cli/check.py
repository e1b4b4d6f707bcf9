"""`trivet check`: mistakes that can be found without serving, and what production lacks."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trivet.checks import Finding, Level, collect, has_errors, report
from trivet.cli.findings import checks_of
from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, LoadOptions
from trivet.cli.trouble import EXIT_FOUND
from trivet.terminal import Pen

__all__ = ["check"]

_STYLES = {Level.ERROR: "bad", Level.WARNING: "warn", Level.INFO: "mark"}


def check(
    options: LoadOptions,
    argument: AppArgument = None,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="Look also for what a service on the internet needs")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings count as errors for the exit code")
    ] = False,
    silence: Annotated[
        list[str] | None,
        typer.Option("--silence", metavar="CODE", help="Leave these findings out; may be repeated"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array")] = False,
) -> None:
    """Look for mistakes, and with --deploy for what production lacks.

    Exit code 1 if there are errors. Every finding has a code, which --silence takes.

    \b
      trivet check
      trivet check --deploy --strict --silence deploy.docs
    """
    app = open_app(options, argument)
    findings = collect(checks_of(app, deploy=deploy), silenced=silence or ())
    if as_json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        _tell(findings, Pen())
    is_bad = has_errors(findings)
    if strict:
        is_bad = is_bad or any(finding.level is Level.WARNING for finding in findings)
    if is_bad:
        raise typer.Exit(EXIT_FOUND)


def _tell(findings: list[Finding], pen: Pen) -> None:
    paragraphs = report(findings).split("\n\n")
    for finding, text in zip(findings, paragraphs, strict=False):
        word = finding.level.value
        pen.write(f"{pen.paint(word, _STYLES[finding.level])}{text.removeprefix(word)}\n")
    pen.write(paragraphs[-1])
