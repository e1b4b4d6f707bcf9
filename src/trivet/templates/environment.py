"""Jinja2's environment as Trivet wants it: everything escaped, nothing undefined.

Escaping does not look at names: a `.txt` and a text that came from nowhere are escaped too, and who
wants plain text says `{% autoescape false %}` in the template.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of
from trivet.errors import DeclarationError, place_of
from trivet.schema.encode import jsonable_encoder, to_json
from trivet.templates.faults import Unknown
from trivet.templates.present import request_now
from trivet.templates.texts import Trans, showing, text_functions

__all__ = ["made_environment"]

_ORIGINAL = "trivet/"


def made_environment(
    folders: Sequence[Path],
    functions: Mapping[str, Callable[..., Any]],
    filters: Mapping[str, Callable[..., Any]],
    *,
    reloads: bool,
    awaits: bool,
    originals: Sequence[Path] = (),
) -> Environment:
    """Make the environment over `folders`, the first that has a template winning.

    `originals` are the folders of parts: what is in them is there as ``trivet/…`` too.
    A function called `gettext` translates: without one, texts stay as they are, lazy ones too.
    """
    gettext = functions.get("gettext")
    environment = Environment(
        loader=_Folders(folders, originals),
        autoescape=True,
        undefined=Unknown,
        auto_reload=reloads,
        cache_size=-1,  # a folder has as many templates as it has; compiled ones are kept
        trim_blocks=True,
        lstrip_blocks=True,
        enable_async=awaits,
        extensions=[Trans],
        # Asked for each value that is shown, 0.1 µs: only where there may be lazy texts.
        finalize=None if gettext is None else showing(gettext),
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    environment.policies["json.dumps_function"] = _json
    environment.policies["json.dumps_kwargs"] = {}
    for name, function in functions.items():
        environment.globals[name] = _callable(name, function, awaits)
    environment.globals.update(text_functions(functions))
    for name, function in filters.items():
        environment.filters[name] = _callable(name, function, awaits)
    return environment


class _Folders(FileSystemLoader):
    """Folders of templates; ``trivet/`` before a name means the one of a part, whoever replaces it.

    So a page can extend the one whose place it takes.
    """

    def __init__(self, folders: Sequence[Path], originals: Sequence[Path]) -> None:
        super().__init__(folders)
        self._originals = FileSystemLoader(originals)

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Give a template's text and file; raises Jinja2's `TemplateNotFound`."""
        try:
            return super().get_source(environment, template)
        except TemplateNotFound:
            if not template.startswith(_ORIGINAL):
                raise
        return self._originals.get_source(environment, template.removeprefix(_ORIGINAL))


def _json(value: Any, indent: int | None = None) -> str:
    """Give any value that answers can have as JSON; Jinja2 makes it safe for HTML."""
    if indent is None:
        return to_json(value).decode()
    return json.dumps(jsonable_encoder(value), indent=indent)


def _callable(name: str, function: Callable[..., Any], awaits: bool) -> Callable[..., Any]:
    """Give a function as templates call it: with the request, where it wants that."""
    if not awaits and kind_of(function) in (Kind.ASYNC, Kind.ASYNC_GENERATOR):
        place = place_of(function)
        raise DeclarationError(
            f"Templates cannot wait for {name!r}, which is an async function",
            code="templates.awaits",
            where=f"{place['file']}:{place['line']}" if "file" in place else None,
            mend="Templates(…, awaits=True), or wait for the value in the handler",
        )
    if next(iter(inspect.signature(function).parameters), None) != "request":
        return function

    def with_request(*args: Any, **kwargs: Any) -> Any:
        return function(request_now(), *args, **kwargs)

    return update_wrapper(with_request, function)
