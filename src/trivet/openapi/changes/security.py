"""What one must show, compared: each way that was enough must be enough still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivet.openapi.changes.change import Comparison, resolved

__all__ = ["compare_schemes", "compare_security"]

# Any in this file: parts of a JSON document.
_TELLING = ("type", "in", "name", "scheme", "openIdConnectUrl")


def compare_security(comparison: Comparison, where: str, old: Any, new: Any) -> None:
    """Compare what an operation asks for."""
    before = _alternatives(comparison.old, old)
    after = _alternatives(comparison.new, new)
    for one in before:
        if not any(_is_enough(one, other) for other in after):
            asked = " or ".join(map(_shown, after))
            said = f"{_shown(one)} was enough and is not: it takes {asked} now"
            comparison.note("security.narrowed", where, said, breaks=True)
    for other in after:
        if not any(_is_enough(other, one) for one in before):
            comparison.note("security.widened", where, f"{_shown(other)} is enough now")


def compare_schemes(comparison: Comparison) -> None:
    """Compare how credentials of one name are sent."""
    before, after = _schemes(comparison.old), _schemes(comparison.new)
    for name in before:
        if name not in after:
            continue  # told at the operations that asked for it
        old, new = before[name], after[name]
        for field in _TELLING:
            if old.get(field) != new.get(field):
                said = f"{field} was {old.get(field)!r} and is {new.get(field)!r} now"
                comparison.note("security.scheme-changed", f"security {name}", said, breaks=True)


def _schemes(document: Mapping[str, Any]) -> dict[str, Any]:
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    return {name: resolved(document, one) or {} for name, one in schemes.items()}


def _alternatives(document: Mapping[str, Any], operation: Any) -> list[dict[str, set[str]]]:
    asked = operation.get("security", document.get("security"))
    found = [{name: set(scopes) for name, scopes in one.items()} for one in asked or ()]
    return found or [{}]


def _is_enough(shown: dict[str, set[str]], asked: dict[str, set[str]]) -> bool:
    """Tell whether who shows the one is let in where the other is asked for."""
    return all(name in shown and scopes <= shown[name] for name, scopes in asked.items())


def _shown(alternative: dict[str, set[str]]) -> str:
    if not alternative:
        return "nothing"
    return " and ".join(
        f"{name} ({', '.join(sorted(scopes))})" if scopes else name
        for name, scopes in sorted(alternative.items())
    )
