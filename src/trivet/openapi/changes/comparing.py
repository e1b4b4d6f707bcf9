"""Two documents compared: paths, operations, parameters, bodies, answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trivet.errors import SetupError
from trivet.openapi.changes.change import Change, Comparison, Direction, resolved
from trivet.openapi.changes.security import compare_schemes, compare_security
from trivet.openapi.changes.values import Place, SchemaComparison

__all__ = ["compare"]

# Any in this file: parts of a JSON document.
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def compare(old: Any, new: Any) -> list[Change]:
    """Give what changed from one document to the other: what breaks clients first.

    Raises `SetupError` for what is no OpenAPI 3 document. A document and itself have no changes.
    """
    for name, document in (("old", old), ("new", new)):
        is_one = isinstance(document, Mapping) and str(document.get("openapi", "")).startswith("3.")
        if not is_one:
            raise SetupError(
                f"the {name} one is no OpenAPI 3 document: it has no `openapi: 3.…`",
                code="openapi.no-document",
                mend="compare documents that `trivet openapi --output FILE` writes",
            )
    comparison = Comparison(old, new)
    compare_schemes(comparison)
    _items(comparison, old.get("paths"), new.get("paths"), Direction.REQUEST, "")
    _items(comparison, old.get("webhooks"), new.get("webhooks"), Direction.RESPONSE, "webhook ")
    _servers(comparison)
    return sorted(comparison.found, key=lambda one: not one.is_breaking)


def _servers(comparison: Comparison) -> None:
    before, after = ([one.get("url") for one in document.get("servers") or ()]
                     for document in (comparison.old, comparison.new))  # fmt: skip
    for url in before:
        if url not in after:
            comparison.note("server.removed", "servers", f"{url} is gone")
    for url in after:
        if url not in before:
            comparison.note("server.added", "servers", f"{url} is new")


# -- operations ----------------------------------------------------------------------------------


def _items(comparison: Comparison, old: Any, new: Any, direction: Direction, kind: str) -> None:
    """Compare what hangs on paths; `direction` is that of their requests."""
    before = {_same_path(path): (path, one) for path, one in (old or {}).items()}
    after = {_same_path(path): (path, one) for path, one in (new or {}).items()}
    for key, (path, item) in before.items():
        for method, _ in _operations(comparison.old, item) if key not in after else ():
            # A webhook that is no longer sent is missed as an answer is.
            where = f"{kind}{method.upper()} {path}"
            comparison.note("operation.removed", where, "it is gone", breaks=True)
    for key, (path, item) in after.items():
        if key not in before:
            for method, _ in _operations(comparison.new, item):
                where = f"{kind}{method.upper()} {path}"
                comparison.note("operation.added", where, "it is new")
            continue
        _Item(comparison, direction, kind, before[key][0], path).compare(before[key][1], item)


def _same_path(path: str) -> str:
    """Give a path without the names of its parameters, which are not sent."""
    return path if path.startswith("{$") else re.sub(r"\{[^{}]*\}", "{}", path)


def _operations(document: Mapping[str, Any], item: Any) -> Iterator[tuple[str, Any]]:
    found = resolved(document, item)
    for method in _METHODS:
        if isinstance(found, Mapping) and isinstance(found.get(method), Mapping):
            yield method, found[method]


class _Item:
    """Compares the operations of one path."""

    def __init__(
        self, comparison: Comparison, direction: Direction, kind: str, old_path: str, path: str
    ) -> None:
        self._comparison = comparison
        self._direction = direction
        self._kind = kind
        self._names = re.findall(r"\{([^{}]*)\}", old_path), re.findall(r"\{([^{}]*)\}", path)
        self._path = path

    def compare(self, old: Any, new: Any) -> None:
        """Note what changed."""
        before = dict(_operations(self._comparison.old, old))
        after = dict(_operations(self._comparison.new, new))
        for method in [*before, *(one for one in after if one not in before)]:
            where = f"{self._kind}{method.upper()} {self._path}"
            if method not in after:
                self._comparison.note("operation.removed", where, "it is gone", breaks=True)
            elif method not in before:
                self._comparison.note("operation.added", where, "it is new")
            else:
                one = {**before[method], "parameters": _parameters(old, before[method])}
                other = {**after[method], "parameters": _parameters(new, after[method])}
                self._operation(one, other, where)

    def _operation(self, old: Any, new: Any, where: str) -> None:
        comparison, direction = self._comparison, self._direction
        if old.get("operationId") != new.get("operationId"):
            said = f"its id was {old.get('operationId')} and is {new.get('operationId')} now"
            comparison.note("operation.id", where, f"{said}: clients made from it name it anew")
        if new.get("deprecated") is True and old.get("deprecated") is not True:
            comparison.note("operation.deprecated", where, "it is deprecated now")
        compare_security(comparison, where, old, new)
        self._compare_parameters(old["parameters"], new["parameters"], where)
        _bodies(comparison, old.get("requestBody"), new.get("requestBody"), where, direction)
        _answers(comparison, old.get("responses"), new.get("responses"), where, direction.reverse)
        before, after = old.get("callbacks") or {}, new.get("callbacks") or {}
        for name in [*before, *(one for one in after if one not in before)]:
            one = resolved(comparison.old, before.get(name))
            other = resolved(comparison.new, after.get(name))
            _items(comparison, one, other, direction.reverse, f"{where} callback {name} ")

    def _compare_parameters(self, old: Any, new: Any, where: str) -> None:
        comparison = self._comparison
        before = self._keyed(comparison.old, old, self._names[0])
        after = self._keyed(comparison.new, new, self._names[1])
        for key, one in before.items():
            name = f"the {key[0]} parameter `{one.get('name')}`"
            other = after.get(key)
            if other is None:
                comparison.note("parameter.removed", where, f"{name} is gone", breaks=True)
                continue
            if one.get("name") != other.get("name") and key[0] == "path":
                said = f"{name} is called `{other.get('name')}` now"
                comparison.note("parameter.renamed", where, said)
            self._parameter(one, other, name, where)
        for key, other in after.items():
            if key not in before:
                must = other.get("required") is True
                said = f"the {key[0]} parameter `{other.get('name')}` is new"
                said += " and required" if must else ""
                code = "parameter.added-required" if must else "parameter.added"
                comparison.note(code, where, said, breaks=must)

    def _keyed(
        self, document: Mapping[str, Any], given: Any, names: list[str]
    ) -> dict[tuple[str, str], Any]:
        """Give parameters by place and name: those of the path by their position in it."""
        found = {}
        for one in given:
            shown = resolved(document, one)
            if not isinstance(shown, Mapping):
                continue
            place, name = str(shown.get("in")), str(shown.get("name"))
            if place == "path" and name in names:
                key = str(names.index(name))
            else:
                key = name.lower() if place == "header" else name
            found[place, key] = shown
        return found

    def _parameter(self, old: Any, new: Any, name: str, where: str) -> None:
        comparison = self._comparison
        before, after = (one.get("required") is True for one in (old, new))
        if before != after:
            said = f"{name} is {'required' if after else 'optional'} now"
            code = f"parameter.{'required' if after else 'optional'}"
            comparison.note(code, where, said, breaks=after)
        for field in ("style", "explode"):
            if old.get(field) != new.get(field):
                said = f"{name}: {field} was {old.get(field)} and is {new.get(field)} now"
                comparison.note("parameter.style", where, said, breaks=True)
        if new.get("deprecated") is True and old.get("deprecated") is not True:
            comparison.note("parameter.deprecated", where, f"{name} is deprecated now")
        schemas = SchemaComparison(comparison, where, self._direction)
        schemas.compare(_schema(old), _schema(new), Place(name))


def _parameters(item: Any, operation: Any) -> list[Any]:
    shared = item.get("parameters") if isinstance(item, Mapping) else None
    return [*(shared or ()), *(operation.get("parameters") or ())]


def _schema(parameter: Any) -> Any:
    if "schema" in parameter:
        return parameter["schema"]
    return next((one.get("schema") for one in (parameter.get("content") or {}).values()), {})


# -- bodies and answers --------------------------------------------------------------------------


def _bodies(comparison: Comparison, old: Any, new: Any, where: str, direction: Direction) -> None:
    is_sent = direction is Direction.REQUEST
    before = resolved(comparison.old, old)
    after = resolved(comparison.new, new)
    if not before and not after:
        return
    if not before:
        must = after.get("required") is True
        said = f"it takes a body{', which is required,' if must else ''} now"
        comparison.note("request.body-added", where, said, breaks=must and is_sent)
        return
    if not after:
        comparison.note("request.body-removed", where, "it takes no body any more", breaks=True)
        return
    was, must = before.get("required") is True, after.get("required") is True
    if was != must:
        said = f"its body is {'required' if must else 'optional'} now"
        code = f"request.body-{'required' if must else 'optional'}"
        comparison.note(code, where, said, breaks=must is is_sent)
    _content(comparison, before, after, where, direction, "the body", "request")


def _answers(comparison: Comparison, old: Any, new: Any, where: str, direction: Direction) -> None:
    before = {str(status): one for status, one in (old or {}).items()}
    after = {str(status): one for status, one in (new or {}).items()}
    for status in [*before, *(one for one in after if one not in before)]:
        if status not in after:
            # Nobody misses an error; who waits for 201 does not know what 200 means.
            is_error = status[0] in "45"
            said = f"it no longer answers with {status}"
            comparison.note("response.status-removed", where, said, breaks=not is_error)
        elif status not in before:
            comparison.note("response.status-added", where, f"it may answer with {status} now")
        else:
            one = resolved(comparison.old, before[status]) or {}
            other = resolved(comparison.new, after[status]) or {}
            _headers(comparison, one, other, where, status)
            place = f"the {status} answer"
            _content(comparison, one, other, where, direction, place, "response")


def _headers(comparison: Comparison, old: Any, new: Any, where: str, status: str) -> None:
    before = {name.lower(): name for name in old.get("headers") or {}}
    after = {name.lower(): name for name in new.get("headers") or {}}
    for key, name in before.items():
        if key not in after:
            said = f"the {status} answer's header `{name}` is gone"
            comparison.note("response.header-removed", where, said, breaks=True)
    for key, name in after.items():
        if key not in before:
            said = f"the {status} answer's header `{name}` is new"
            comparison.note("response.header-added", where, said)


def _content(
    comparison: Comparison,
    old: Any,
    new: Any,
    where: str,
    direction: Direction,
    place: str,
    side: str,
) -> None:
    before, after = old.get("content") or {}, new.get("content") or {}
    for media_type in before:
        if media_type not in after:
            said = f"{place} can no longer be {media_type}"
            comparison.note(f"{side}.media-type-removed", where, said, breaks=True)
    for media_type, other in after.items():
        if media_type not in before:
            said = f"{place} may be {media_type} now"
            comparison.note(f"{side}.media-type-added", where, said)
            continue
        one = before[media_type] or {}
        other = other or {}
        for word in ("schema", "itemSchema"):
            if word in one or word in other:
                shown = f"each item of {place}" if word == "itemSchema" else place
                schemas = SchemaComparison(comparison, where, direction)
                schemas.compare(one.get(word, {}), other.get(word, {}), Place(shown))
