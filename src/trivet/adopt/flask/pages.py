"""Which templates say the same without Flask's request, session and context processors.

A template is read as text, by the names in its code, with what it extends, includes and imports.
What is not sure to be there in both stays: a name that Flask adds, and one that Trivet does.
"""

from __future__ import annotations

import re
from pathlib import Path

from trivet.adopt.flask.facts import Facts
from trivet.adopt.flask.stays import Stays

__all__ = ["MEND", "check_page", "folder_of"]

MEND = "`trivet.templates`, whose templates are Jinja2's too"

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_FILTER = re.compile(r"\|\s*([\w.]+)")
_TAG = re.compile(r"\{%[-+]?\s*(\w+)")
_OTHERS = re.compile(
    r"\{%[-+]?\s*(?:extends|include|import|from)\s+(?:\"([^\"\\]*)\"|'([^'\\]*)')"
    r"(?:\s+(?:(?:import|as)\s+[\w\s,]+|with(?:out)?\s+context|ignore\s+missing))*\s*[-+]?%\}"
)
_NAMES_OTHERS = frozenset({"extends", "include", "import", "from"})
_TAGS = _NAMES_OTHERS | {
    "autoescape", "block", "call", "elif", "else", "endautoescape", "endblock", "endcall",
    "endfilter", "endfor", "endif", "endmacro", "endset", "endwith", "filter", "for", "if", "macro",
    "set", "with",
}  # fmt: skip
_ADDED = frozenset(
    {"url_for", "get_flashed_messages", "session", "g", "request", "config",  # by Flask
     "csp_nonce", "static", "gettext", "ngettext", "pgettext", "npgettext", "_"}  # by Trivet
)  # fmt: skip
_FILTERS = frozenset(
    {"abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e",
     "escape", "filesizeformat", "first", "float", "forceescape", "format", "groupby", "indent",
     "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "pprint",
     "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice",
     "sort", "string", "striptags", "sum", "title", "trim", "truncate", "unique", "upper",
     "urlencode", "urlize", "wordcount", "wordwrap", "xmlattr"}
)  # fmt: skip
_CHANGED = re.compile(
    r"\b(\w*jinja\w*|template_filter|template_global|template_test|context_processor"
    r"|app_context_processor|app_template_\w+|add_(app_)?template_\w+|before_render_template)\b"
)


def folder_of(facts: Facts) -> Path:
    """Give the application's folder of templates; raises `Stays` where it cannot be told."""
    application = facts.applications[0]
    options = dict(application.options)
    folder = options.get("template_folder", "templates")
    is_usual = application.name == "__name__" and "root_path" not in options
    if folder is None or not is_usual:
        raise Stays("nobody can see where its templates are", MEND)
    return facts.project.files[application.file].source.path.parent / folder


def check_page(facts: Facts, name: str) -> None:
    """Raise `Stays` where a template may say something else without Flask."""
    for file in facts.project.files.values():
        found = _CHANGED.search(file.source.module.code)
        if found is not None:
            raise Stays(f"{file.source.name} changes templates, by {found[0]}", MEND)
    folder = folder_of(facts)
    _check(folder, name, set())


def _check(folder: Path, name: str, seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    path = folder / name
    try:
        text = path.read_text(encoding="utf-8") if ".." not in name.split("/") else None
    except (OSError, UnicodeDecodeError, ValueError):
        text = None
    if text is None:
        raise Stays(f"there is no template {name} in its folder", MEND)
    text = _COMMENT.sub(" ", text)
    pieces = [found[0] for found in _CODE.finditer(text)]
    if any(mark in _CODE.sub(" ", text) for mark in ("{{", "{%", "{#")):
        raise Stays(f"the template {name} cannot be followed", MEND)
    others = 0
    for piece in pieces:
        tag = _TAG.match(piece)
        others += tag is not None and tag[1] in _NAMES_OTHERS
        if tag is not None and tag[1] not in _TAGS:
            raise Stays(f"the template {name} has {{% {tag[1]} %}}", MEND)
        code = _TEXT.sub("''", piece)
        for word in _NAME.findall(code):
            if word in _ADDED:
                raise Stays(f"the template {name} uses {word}", MEND)
        for word in _FILTER.findall(code):
            if word not in _FILTERS:
                raise Stays(f"the template {name} uses the filter {word}", MEND)
    named = [found[1] or found[2] for found in _OTHERS.finditer(text)]
    if len(named) != others:
        raise Stays(f"the template {name} takes another whose name is not written out", MEND)
    for one in named:
        _check(folder, one, seen)
