"""Which credentials an operation takes: the security schemes of its dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trivet.binding.plan import Call
from trivet.binding.scheme import PartsScheme
from trivet.openapi.models import SecurityRequirement

__all__ = ["security_of"]


def security_of(
    plan: Call, of_parts: Mapping[str, Any], schemes: dict[str, Any]
) -> list[SecurityRequirement]:
    """Give what one must show, as alternatives, and add the schemes that are named to `schemes`.

    `of_parts` are the schemes that stand for a `PartsScheme`, by name. Their OAuth 2 flows get the
    scopes that operations ask for, so that a reader of the document can choose among them.
    """
    asked: dict[str, list[str]] = {}
    is_optional: list[bool] = []
    for call in plan.unique()[1:]:
        scheme = call.scheme
        if isinstance(scheme, PartsScheme):
            is_optional.append(scheme.is_optional)
            found: Mapping[str, Any] = {
                name: schemes.get(name) or _copied(model) for name, model in of_parts.items()
            }
            for flow in (flow for model in found.values() for flow in _flows(model)):
                flow["scopes"].update({one: "" for one in call.scopes if one not in flow["scopes"]})
        elif scheme is not None:
            found = {scheme.scheme_name: scheme.model}
        else:
            continue
        for name, model in found.items():
            schemes[name] = model
            scopes = asked.setdefault(name, [])
            scopes += [scope for scope in call.scopes if scope not in scopes]
    required: list[SecurityRequirement] = [{name: scopes} for name, scopes in asked.items()]
    if required and is_optional and all(is_optional):
        required.append({})
    return required


def _copied(model: Mapping[str, Any]) -> dict[str, Any]:
    """Give a scheme of a part as one that can be added to, whatever the part keeps."""
    if "flows" not in model:
        return dict(model)
    flows = {
        name: {**flow, "scopes": dict(flow.get("scopes") or {})}
        for name, flow in model["flows"].items()
    }
    return {**model, "flows": flows}


def _flows(model: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from model.get("flows", {}).values()
