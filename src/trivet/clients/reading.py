"""An OpenAPI document, 3.0 to 3.2 and from anywhere, as the description that clients are made of.

What a client cannot do anything with is left out: callbacks, webhooks, links, examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from trivet.clients.description import (
    Answer,
    AnswerKind,
    Api,
    Body,
    BodyKind,
    Credential,
    Named,
    Operation,
    Parameter,
    Plain,
    Shape,
)
from trivet.clients.naming import Names, pascal, snake
from trivet.clients.schemas import ANY, Schemas, one_of, resolve
from trivet.errors import SetupError

__all__ = ["read"]

# Any in this file: parts of a JSON document.
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
# How errors of Trivet and FastAPI are shown; clients know both by themselves.
_OUR_ERRORS = frozenset({"HTTPValidationError", "ValidationProblem"})
_STREAMS: dict[str, AnswerKind] = {
    "text/event-stream": "events",
    "application/jsonl": "lines",
    "application/x-ndjson": "lines",
    "application/json-seq": "lines",
}


def read(document: Any, taken: tuple[str, ...] = ()) -> Api:
    """Give the description of a document; `taken` are names that its types cannot have.

    Raises `SetupError` for what is no OpenAPI 3 document and for a reference to nothing.
    """
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        raise SetupError(
            "this is no OpenAPI 3 document: it has no `openapi: 3.…`",
            code="clients.document",
            mend="write one with: trivet openapi --output openapi.json",
        )
    schemas = Schemas(document, Names(taken))
    credentials = _credentials(document)
    known = {one.name for one in credentials}
    found = list(_operations(document))
    names = _operation_names([(method, path, one) for method, path, _, one in found])
    operations = tuple(
        _Reader(document, schemas, known, name).operation(method, path, item, one)
        for name, (method, path, item, one) in zip(names, found, strict=True)
    )
    info = document.get("info") or {}
    servers = document.get("servers") or [{}]
    return Api(
        title=str(info.get("title") or "API"),
        version=str(info.get("version") or ""),
        server=str(servers[0].get("url") or ""),
        declarations=schemas.declarations,
        operations=operations,
        credentials=credentials,
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for path, given in (document.get("paths") or {}).items():
        item = resolve(document, given)
        for method in _METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                yield method, path, item, item[method]


def _operation_names(found: list[tuple[str, str, Any]]) -> list[str]:
    """Name operations by their ids: without path and method, where those are written behind.

    FastAPI and Trivet make `read_book_books__number__get`; where two would be `read_book`, both
    keep all of it.
    """
    full, short = [], []
    for method, path, operation in found:
        given = operation.get("operationId")
        name = str(given) if given else f"{method} {path}"
        full.append(snake(name, "call"))
        tail = re.sub(r"\W", "_", path) + f"_{method}"
        is_made = name.endswith(tail) and len(name) > len(tail)
        short.append(snake(name.removesuffix(tail), "call") if is_made else full[-1])
    names = Names()
    return [
        names.take(one if short.count(one) == 1 else whole)
        for one, whole in zip(short, full, strict=True)
    ]


def _credentials(document: Mapping[str, Any]) -> tuple[Credential, ...]:
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    found = []
    for name, given in schemes.items():
        scheme = resolve(document, given)
        kind, way = scheme.get("type"), str(scheme.get("scheme") or "").lower()
        if kind in ("oauth2", "openIdConnect") or (kind, way) == ("http", "bearer"):
            found.append(Credential(name, "bearer"))
        elif (kind, way) == ("http", "basic"):
            found.append(Credential(name, "basic"))
        elif kind == "apiKey":
            place, field = str(scheme.get("in")), str(scheme.get("name"))
            found.append(Credential(name, "key", place, field))
    return tuple(found)


class _Reader:
    """Reads one operation."""

    def __init__(
        self, document: Mapping[str, Any], schemas: Schemas, credentials: set[str], name: str
    ) -> None:
        self._document = document
        self._schemas = schemas
        self._credentials = credentials
        self._name = name
        self._hint = pascal(name)

    def operation(self, method: str, path: str, item: Any, given: Any) -> Operation:
        answers, errors = self._answers(given.get("responses") or {})
        return Operation(
            name=self._name,
            method=method.upper(),
            path=path,
            summary=str(given.get("summary") or ""),
            description=str(given.get("description") or ""),
            is_deprecated=given.get("deprecated") is True,
            parameters=self._parameters(item, given),
            body=self._body(given.get("requestBody")),
            answers=answers,
            errors=errors,
            security=self._security(given),
            returned=self._returned(answers),
        )

    def _returned(self, answers: tuple[Answer, ...]) -> Named | None:
        """Name what comes back where several statuses are good, and differ in it."""
        plain: dict[AnswerKind, Shape] = {
            "text": Plain("string"), "location": Plain("string"), "nothing": Plain("null"),
        }  # fmt: skip
        if len(answers) < 2 or any(one.kind not in (*plain, "json") for one in answers):
            return None
        shapes = tuple(plain.get(one.kind, one.shape) for one in answers)
        joined = one_of(shapes)
        return self._schemas.alias(f"{self._hint}Answer", joined) if len(set(shapes)) > 1 else None

    def _parameters(self, item: Any, given: Any) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for one in [*(item.get("parameters") or ()), *(given.get("parameters") or ())]:
            shown = resolve(self._document, one)
            place, name = shown.get("in"), str(shown.get("name"))
            if place not in _STYLES:
                continue
            style = str(shown.get("style") or _STYLES[place])
            shape = self._shape(shown.get("schema"), f"{self._hint}_{name}")
            if "schema" not in shown and shown.get("content"):
                style, shape = "json", ANY
            found[place, name] = Parameter(
                name=name,
                place=place,
                shape=shape,
                is_required=place == "path" or shown.get("required") is True,
                style=style,
                explode=bool(shown.get("explode", style == "form")),
                description=str(shown.get("description") or ""),
            )
        return tuple(found.values())

    def _body(self, given: Any) -> Body | None:
        shown = resolve(self._document, given)
        content = (shown or {}).get("content") or {}
        if not content:
            return None
        by_kind = {_body_kind(media_type): media_type for media_type in reversed(list(content))}
        order: tuple[BodyKind, ...] = ("json", "multipart", "form", "text", "bytes")
        kind = next(one for one in order if one in by_kind)
        media_type = by_kind[kind]
        in_form = kind in ("form", "multipart")
        schema = (content[media_type] or {}).get("schema")
        if kind == "bytes":
            shape: Shape = Plain("file")
        elif kind == "text":
            shape = Plain("string")
        else:
            shape = self._shape(schema, f"{self._hint}Body", in_form=in_form)
        return Body(kind, media_type, shape, shown.get("required") is True)

    def _answers(self, given: Mapping[str, Any]) -> tuple[tuple[Answer, ...], tuple[Answer, ...]]:
        good: list[Answer] = []
        bad: list[Answer] = []
        shown = {str(status).upper(): one for status, one in given.items()}
        has_good = any(status[0] == "2" for status in shown)
        for status, one in shown.items():
            is_good = status[0] == "2" or (not has_good and status[0] == "3")
            if not is_good and not has_good and status == "DEFAULT" and not good:
                is_good = True
            resolved = resolve(self._document, one) or {}
            answer = self._answer(status, resolved, "" if is_good else status.title())
            (good if is_good else bad).append(answer)
        return tuple(good), tuple(one for one in bad if one.kind == "json")

    def _answer(self, status: str, given: Mapping[str, Any], suffix: str) -> Answer:
        content = given.get("content") or {}
        if not content:
            if status[0] == "3":
                return Answer(status, "location", Plain("string"))
            is_empty = status in ("204", "205")
            return Answer(status, "nothing" if is_empty else "bytes", ANY)
        media_type = min(content, key=_answer_rank)
        kind = _answer_kind(media_type)
        media = content[media_type] or {}
        schema = media.get("schema")
        if kind in ("events", "lines"):
            schema = media.get("itemSchema")
        if kind == "events":
            data = ((schema or {}).get("properties") or {}).get("data") or {}
            schema = data.get("contentSchema", {"type": "string"})
        reference = str((schema or {}).get("$ref") if isinstance(schema, Mapping) else "")
        if suffix and reference.rsplit("/", 1)[-1] in _OUR_ERRORS:
            return Answer(status, "nothing", ANY)
        return Answer(status, kind, self._shape(schema, f"{self._hint}{suffix}Answer"))

    def _security(self, given: Any) -> tuple[tuple[str, ...], ...]:
        asked = given.get("security", self._document.get("security")) or []
        return tuple(
            tuple(one) for one in asked if one and all(name in self._credentials for name in one)
        )

    def _shape(self, schema: Any, hint: str, *, in_form: bool = False) -> Shape:
        return self._schemas.shape(schema, hint, in_form=in_form)


def _plain(media_type: str) -> str:
    return media_type.split(";")[0].strip().lower()


def _is_json(media_type: str) -> bool:
    plain = _plain(media_type)
    return plain == "application/json" or plain.endswith("+json")


def _body_kind(media_type: str) -> BodyKind:
    if _is_json(media_type):
        return "json"
    plain = _plain(media_type)
    known = {"multipart/form-data": "multipart", "application/x-www-form-urlencoded": "form"}
    found = known.get(plain) or ("text" if plain.startswith("text/") else "bytes")
    return cast("BodyKind", found)


def _answer_kind(media_type: str) -> AnswerKind:
    plain = _plain(media_type)
    if plain in _STREAMS:
        return _STREAMS[plain]
    if _is_json(media_type) or plain == "*/*":
        return "json"
    return "text" if plain.startswith("text/") else "download"


def _answer_rank(media_type: str) -> int:
    """Order what an answer may be: events, JSON, lines of it, text, anything else.

    Lines beside JSON are another form of it, for who asks by an Accept header, as lists have them.
    """
    return {"events": 0, "json": 1, "lines": 2, "text": 3}.get(_answer_kind(media_type), 4)
