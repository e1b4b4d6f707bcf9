"""What a view returns, as a response of Trivet's that is the same on the wire."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import libcst as cst

from trivet.adopt.flask.plain import Plain
from trivet.adopt.flask.shapes import Shape, Shapes
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import text_of

__all__ = ["Answers", "quoted"]

MAKERS = frozenset(
    {"flask.Response", "flask.make_response", "flask.redirect", "flask.jsonify"}
)  # fmt: skip
_BODILESS = frozenset({204})
_WITH_CHARSET = frozenset(
    {"application/ecmascript", "application/javascript", "application/sql", "application/xml",
     "application/xml-dtd", "application/xml-external-parsed-entity"}
)  # fmt: skip
_LINE = re.compile(r"(?! )[ -~]*(?<! )")
_PLACE = re.compile(r"[A-Za-z0-9/_.~?=&:#-]*")  # what Flask does not write in another way
# What a server frames or keeps by itself.
_FRAMED = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its class or function, and what it is given."""

    kind: str
    body: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Name → code."""
    media_type: str | None = None

    def code(self) -> str:
        """Give the call that makes it."""
        if self.kind == "redirected":
            number = "" if self.status in (None, 302) else f", {self.status}"
            return f"redirected({self.body}{number})"
        if self.status in _BODILESS:
            return self._without_body()
        given = [self.body]
        if self.status not in (None, 200):
            given.append(f"status_code={self.status}")
        if self.headers:
            listed = ", ".join(f"{quoted(name)}: {code}" for name, code in self.headers.items())
            given.append(f"headers={{{listed}}}")
        if self.media_type is not None:
            given.append(f"media_type={quoted(self.media_type)}")
        return f"{self.kind}({', '.join(given)})"

    def _without_body(self) -> str:
        """Give what says the type of a body that is not sent, as Flask does."""
        try:
            ast.literal_eval(self.body)
        except (ValueError, SyntaxError):
            raise Stays(f"what it makes for {self.status} is not sent") from None
        kind = "text/html; charset=utf-8" if self.kind == "HTMLResponse" else "application/json"
        empty = replace(self, kind="Response", body='""', media_type=self.media_type or kind)
        return replace(empty, status=None, headers=self.headers).code()[:-1] + (
            f", status_code={self.status})"
        )


class Answers:
    """Turns what one view returns into answers; raises `Stays` for what cannot be followed."""

    def __init__(self, full: Callable[[cst.CSTNode], str], plain: Plain, shapes: Shapes) -> None:
        self._full, self._plain, self._shapes = full, plain, shapes
        self.may_be_infinite = False
        """True where numbers may come that JSON does not have, and Flask writes all the same."""

    def is_made(self, value: cst.BaseExpression) -> bool:
        """Tell whether an expression makes a response of Flask's."""
        return isinstance(value, cst.Call) and self._full(value.func) in MAKERS

    def of(self, value: Any, new: Any) -> Answer:  # Any: nodes, as they were and as they became
        """Give the answer that a returned expression is."""
        if isinstance(value, cst.Tuple) and isinstance(new, cst.Tuple):
            return self._tuple(
                [one.value for one in value.elements], [one.value for one in new.elements]
            )
        if isinstance(value, cst.Call):
            if any(one.star for one in value.args) and self.is_made(value):
                raise Stays("what its answer is made of is not written out")
            made = _OF_CALLS.get(self._full(value.func))
            if made is not None:
                return made(self, value, new)
        if value is not None and self._shapes.of(value) is Shape.TEXT:
            return Answer("HTMLResponse", _code(new))
        is_data = isinstance(value, cst.Dict | cst.List | cst.DictComp | cst.ListComp)
        if is_data and self._plain.holds(value):
            return Answer(self._json, _code(new))
        raise Stays("what it returns may be more than plain data")

    @property
    def _json(self) -> str:
        return "FlaskJSON" if self.may_be_infinite else "JSONResponse"

    def _tuple(self, values: list[Any], news: list[Any]) -> Answer:
        if not 2 <= len(values) <= 3:
            raise Stays("what it returns may be more than plain data")
        answer = self.of(values[0], news[0])
        if answer.kind == "redirected":
            raise Stays("it returns a redirect with more to it")
        if len(values) == 3 or not isinstance(values[1], cst.Dict):
            answer = replace(answer, status=_status(values[1]))
        headers = values[-1] if len(values) == 3 or isinstance(values[1], cst.Dict) else None
        return self._with_headers(answer, headers, news[-1])

    def _with_headers(self, answer: Answer, given: Any, new: Any) -> Answer:
        if given is None or (isinstance(given, cst.Name) and given.value == "None"):
            return answer
        if not isinstance(given, cst.Dict) or not isinstance(new, cst.Dict):
            raise Stays("the headers of its answer are not written out")
        headers = dict(answer.headers)
        for one, made in zip(given.elements, new.elements, strict=True):
            name = text_of(one.key) if isinstance(one, cst.DictElement) else None
            if name is None:
                raise Stays("the headers of its answer are not written out")
            code = self.header(name, one.value, made.value)
            if name.lower() in {each.lower() for each in headers}:
                raise Stays(f"its answer has {name} twice")
            headers[name] = code
        if answer.media_type is not None and "content-type" in map(str.lower, headers):
            raise Stays("its answer is given two types")
        return replace(answer, headers=headers)

    def header(self, name: str, value: Any, new: Any) -> str:
        """Give the code of a header's value, which can hold no line end."""
        if not name.isascii() or name.lower() in _FRAMED or not name.replace("-", "").isalnum():
            raise Stays(f"the header {name} is left to the server")
        text = text_of(value)
        is_place = name.lower() in ("location", "content-location")
        if text is not None and (_PLACE if is_place else _LINE).fullmatch(text):
            return _code(new)
        if isinstance(value, cst.Integer):
            return f'"{value.value}"'
        if self._shapes.of(value) is Shape.NUMBER:
            return f"str({_code(new)})"
        if isinstance(value, cst.Call) and self._full(value.func) == "flask.url_for":
            return _code(new)
        raise Stays(f"nobody can see that the header {name} is one line")

    def _response(self, value: cst.Call, new: cst.Call) -> Answer:
        names = ("response", "status", "headers", "mimetype", "content_type")
        given = _by_name(value, names)
        made = _by_name(new, names)
        body = given.get("response")
        if body is not None and self._shapes.of(body) is not Shape.TEXT:
            raise Stays("the body of its answer may be more than a text")
        answer = Answer("HTMLResponse", _code(made["response"]) if body else '""')
        if "status" in given:
            answer = replace(answer, status=_status(given["status"]))
        kind = _media_type(given)
        if kind not in (None, "text/html; charset=utf-8"):
            answer = replace(answer, kind="Response", media_type=kind)
        return self._with_headers(answer, given.get("headers"), made.get("headers"))

    def _made(self, value: cst.Call, new: cst.Call) -> Answer:
        if any(one.keyword for one in value.args):
            raise Stays("make_response is given names")
        values, news = [one.value for one in value.args], [one.value for one in new.args]
        if len(values) == 1:
            return self.of(values[0], news[0])
        return self._tuple(values, news) if values else Answer("HTMLResponse", '""')

    def _redirect(self, value: cst.Call, new: cst.Call) -> Answer:
        given, made = _by_name(value, ("location", "code")), _by_name(new, ("location", "code"))
        status = _status(given["code"]) if "code" in given else None
        if status not in (None, 301, 302, 303, 305, 307, 308) or "location" not in given:
            raise Stays(f"it redirects with {status}")
        return Answer("redirected", _code(made["location"]), status)

    def _jsonify(self, value: cst.Call, new: cst.Call) -> Answer:
        if not all(self._plain.holds(one.value) for one in value.args):
            raise Stays("what it gives jsonify may be more than plain data")
        return Answer(self._json, _jsonified(new))


_OF_CALLS: dict[str, Callable[[Answers, cst.Call, cst.Call], Answer]] = {
    "flask.Response": Answers._response,
    "flask.make_response": Answers._made,
    "flask.redirect": Answers._redirect,
    "flask.jsonify": Answers._jsonify,
}


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _status(node: Any) -> int:
    if not isinstance(node, cst.Integer) or not 200 <= node.evaluated_value < 600:
        raise Stays("the status of its answer is not written out")
    if node.evaluated_value in (205, 304):
        raise Stays(f"servers change what is sent with {node.value}")
    return node.evaluated_value


def _by_name(call: cst.Call, names: tuple[str, ...]) -> dict[str, cst.BaseExpression]:
    found: dict[str, cst.BaseExpression] = {}
    for place, one in enumerate(call.args):
        name = one.keyword.value if one.keyword else names[place] if place < len(names) else "?"
        if name not in names:
            raise Stays(f"its answer is given {name}=")
        found[name] = one.value
    return found


def _media_type(given: dict[str, cst.BaseExpression]) -> str | None:
    """Give the type that Flask says for a mimetype or a content type; None for its own."""
    if "content_type" in given:
        kind = text_of(given["content_type"])
        if (
            kind is None
            or "mimetype" in given
            or (kind.startswith("text/") and "charset=" not in kind.lower())
        ):
            raise Stays("the type of its answer is not written out")
        return kind
    if "mimetype" not in given:
        return None
    kind = text_of(given["mimetype"])
    if kind is None or ";" in kind or not kind.isprintable() or not kind.isascii():
        raise Stays("the type of its answer is not written out")
    has_charset = kind.startswith("text/") or kind in _WITH_CHARSET or kind.endswith("+xml")
    return f"{kind}; charset=utf-8" if has_charset else kind


def _jsonified(call: cst.Call) -> str:
    named = [one for one in call.args if one.keyword is not None]
    plain = [one for one in call.args if one.keyword is None]
    if named and plain:
        raise Stays("jsonify is given values and names at once")
    if named:
        inside = ", ".join(f'"{one.keyword.value}": {_code(one.value)}' for one in named)  # type: ignore[union-attr]
        return "{" + inside + "}"
    if len(plain) == 1:
        return _code(plain[0].value)
    return "[" + ", ".join(_code(one.value) for one in plain) + "]" if plain else "None"


def quoted(text: str) -> str:
    """Give a text as Python writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
