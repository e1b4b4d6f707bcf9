"""`url_for("endpoint", …)` as the path that it gives, written out."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import libcst as cst

from trivet.adopt.flask.rules import MEND, VARIABLE, Rules
from trivet.adopt.flask.shapes import Shape
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import text_of

__all__ = ["linked"]

_SAFE = "!$&'()*+,/:;=@"  # of a path's part, as Flask has it
_KINDS = frozenset({None, "string", "path", "int"})

_Values = dict[str, tuple[cst.BaseExpression, str]]


def linked(
    rules: Rules,
    blueprint: str | None,
    call: cst.Call,
    new: cst.Call,
    shape: Callable[[cst.BaseExpression], Shape | None],
    mark: str,
) -> tuple[str, bool]:
    """Give the code of a link's path, and whether it has values that are escaped.

    Texts in it are put between `mark`, as it may stand in a text itself. Raises `Stays` where
    Flask may give another text.
    """
    endpoint = text_of(call.args[0].value) if call.args and not call.args[0].keyword else None
    values: _Values = {}
    for one, made in zip(call.args[1:], new.args[1:], strict=True):
        if one.keyword is None or one.star:
            raise Stays("what url_for is given is not written out", MEND)
        if one.keyword.value.startswith("_"):
            raise Stays(f"url_for is given {one.keyword.value}=", MEND)
        code = cst.Module([]).code_for_node(made.value)
        values[one.keyword.value] = one.value, code
    if endpoint is None:
        raise Stays("the endpoint of url_for is not written out", MEND)
    if endpoint.startswith("."):
        endpoint = f"{blueprint}{endpoint}" if blueprint else endpoint[1:]
    path = rules.endpoint(endpoint).path
    parts = _parts(path, values, shape)
    query = []
    used = {found["name"] for found in VARIABLE.finditer(path)}
    for name, (value, code) in values.items():
        if name in used:
            continue
        is_none = isinstance(value, cst.Name) and value.value == "None"
        if shape(value) is None and not is_none:
            raise Stays(f"url_for is given {name}, which may be anything", MEND)
        query.append(f"{name}={code}")
    is_escaped = any(one.startswith("escaped(") for one, is_code in parts if is_code)
    return f"link({', '.join(['request', _text(parts, mark), *query])})", is_escaped


def _parts(
    path: str, values: _Values, shape: Callable[[cst.BaseExpression], Shape | None]
) -> list[tuple[str, bool]]:
    """Give the parts of a path: texts, and code."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for found in VARIABLE.finditer(path):
        parts.append((quote(path[end : found.start()], safe=_SAFE), False))
        end = found.end()
        name, kind = found["name"], found["kind"]
        if name not in values:
            raise Stays(f"url_for is not given {name}", MEND)
        if kind not in _KINDS:
            raise Stays(f"url_for fills <{kind}:{name}> in its own way", MEND)
        value, code = values[name]
        text = text_of(value)
        of = shape(value)
        if isinstance(value, cst.Integer):
            parts.append((str(value.evaluated_value), False))
        elif of is Shape.NUMBER:
            parts.append((code, True))
        elif kind == "int" or of is not Shape.TEXT:
            raise Stays(f"url_for is given {name}, which may be anything", MEND)
        elif text is not None:
            parts.append((quote(text, safe=_SAFE), False))
        else:
            parts.append((f"escaped({code})", True))
    parts.append((quote(path[end:], safe=_SAFE), False))
    return [one for one in parts if one[0]]


def _text(parts: list[tuple[str, bool]], mark: str) -> str:
    """Give the code of a text that is made of parts."""
    if not any(is_code for _, is_code in parts):
        return _marked("".join(text for text, _ in parts), mark)
    if any(set("\"'\\\n{}#") & set(text) for text, is_code in parts if is_code):
        listed = [f"str({text})" if is_code else _marked(text, mark) for text, is_code in parts]
        return " + ".join(listed)
    inside = "".join(
        f"{{{text}}}" if is_code else text.replace("{", "{{").replace("}", "}}")
        for text, is_code in parts
    )
    return f"f{_marked(inside, mark)}"


def _marked(text: str, mark: str) -> str:
    if mark in text or "\\" in text:
        raise Stays("its link cannot be written where it stands", MEND)
    return f"{mark}{text}{mark}"
