"""`trivet client python` and `trivet client typescript`: a client, written from the document."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trivet.cli.documents import read_document
from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, LoadOptions
from trivet.cli.trouble import EXIT_FOUND
from trivet.clients.python.writing import TAKEN as TAKEN_IN_PYTHON
from trivet.clients.python.writing import write_python
from trivet.clients.reading import read
from trivet.clients.typescript.writing import TAKEN as TAKEN_IN_TYPESCRIPT
from trivet.clients.typescript.writing import write_typescript
from trivet.terminal import Pen

__all__ = ["python", "typescript"]

Document = Annotated[
    str | None,
    typer.Option(
        "--document",
        metavar="FILE",
        help="Read this OpenAPI document, JSON or YAML, in place of an application's; - reads what"
        " comes in",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE_OR_FOLDER",
        help="Write there instead of standard output; a folder becomes a package",
        show_default=False,
    ),
]
Check = Annotated[
    bool,
    typer.Option(
        "--check", help="Write nothing; exit code 1 where --out is not what would be written"
    ),
]


def python(
    options: LoadOptions,
    argument: AppArgument = None,
    document: Document = None,
    out: Out = None,
    check: Check = False,
) -> None:
    """Write a typed Python client: async and sync, on httpx2 and Pydantic.

    \b
      trivet client python --out shop_client.py
      trivet --app shop.web:app client python --out clients/shop
      trivet client python --document openapi.json --out shop_client.py --check
    """
    _refuse_check_of_nothing(check, out)
    api = read(_document(options, argument, document), TAKEN_IN_PYTHON)
    text = write_python(api, _command("python", options, argument, document, out))
    is_package = out is not None and out.suffix != ".py"
    files = {"__init__.py": text, "py.typed": ""} if is_package else {"": text}
    _deliver(files, out, check)


def typescript(
    options: LoadOptions,
    argument: AppArgument = None,
    document: Document = None,
    out: Out = None,
    check: Check = False,
) -> None:
    """Write a typed TypeScript client: one file on fetch, which needs nothing else.

    \b
      trivet client typescript --out web/src/shop.ts
      trivet client typescript --document openapi.json > shop.ts
    """
    _refuse_check_of_nothing(check, out)
    api = read(_document(options, argument, document), TAKEN_IN_TYPESCRIPT)
    text = write_typescript(api, _command("typescript", options, argument, document, out))
    is_folder = out is not None and out.suffix not in (".ts", ".mts")
    _deliver({"client.ts" if is_folder else "": text}, out, check)


def _refuse_check_of_nothing(check: bool, out: Path | None) -> None:
    if check and out is None:
        raise typer.BadParameter("--check compares with a file; name it with --out")


def _document(options: LoadOptions, argument: str | None, document: str | None) -> Any:  # Any: JSON
    if document is None:
        return open_app(options, argument).openapi()
    if options.target(argument) is not None:
        raise typer.BadParameter("--document and APP are two documents; give one of them")
    return read_document(document)


def _command(
    language: str,
    options: LoadOptions,
    argument: str | None,
    document: str | None,
    out: Path | None,
) -> str:
    """Give the command as its file shows it: what decides over its content, and no folders of
    this machine's own.
    """
    words = ["trivet", "client", language]
    target = options.target(argument)
    if document is not None:
        words += ["--document", _named(document)]
    elif target is not None:
        words += ["--app", _named(target)]
    if options.dropin:
        words += ["--dropin", options.dropin]
    if out is not None:
        words += ["--out", _named(str(out))]
    return shlex.join(words)


def _named(text: str) -> str:
    return Path(text).name if Path(text).is_absolute() else text


def _deliver(files: dict[str, str], out: Path | None, check: bool) -> None:
    """Write files, or compare them; ends with exit code 1 where they differ."""
    if out is None:
        sys.stdout.write(next(iter(files.values())))
        return
    stale = []
    for name, text in files.items():
        path = out / name if name else out
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    if check and stale:
        pen = Pen(sys.stderr)
        for path in stale:
            pen.write(f"{pen.paint('Out of date:', 'bad')} {path}; write it without --check")
        raise typer.Exit(EXIT_FOUND)
