"""Prompts and resources: typed functions, with dependencies, validation and permissions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, unquote

from trivet.ai.arguments import Argument, Asked, Place, arguments_of, asked_of
from trivet.ai.private import Guard, PrivateRoute, guards_in
from trivet.errors import SetupError, place_of

__all__ = ["Message", "PromptFunction", "ResourceFunction", "prompt_of", "resource_of"]

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TEMPLATE = re.compile(r"[a-z][a-z0-9+.-]*://\S+")


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class _Function:
    name: str
    title: str
    description: str
    private: PrivateRoute
    guard: Guard | None
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class PromptFunction(_Function):
    """A prompt: its arguments are texts, which its parameters make values of."""

    def asked(self, given: Mapping[str, str]) -> Asked:
        """Make a request of arguments; raises `ArgumentError`."""
        return asked_of(self.private.route, self.arguments, given)


@dataclass(frozen=True)
class ResourceFunction(_Function):
    """A resource, or many of them under one template."""

    address: str
    media_type: str | None
    pattern: re.Pattern[str]

    @property
    def is_template(self) -> bool:
        """Whether its address has places that are filled in."""
        return bool(self.pattern.groupindex)

    def asked(self, address: str) -> Asked | None:
        """Make a request of an address; None for one of somebody else's."""
        found = self.pattern.fullmatch(address)
        if found is None:
            return None
        values = {name: unquote(text) for name, text in found.groupdict().items()}
        if any(not value or "/" in value for value in values.values()):
            return None
        path = "/" + "/".join(quote(one, safe="") for one in values.values())
        return Asked(path, b"", None, ())


def prompt_of(function: Callable[..., Any], name: str | None) -> PromptFunction:
    """Describe a function as a prompt; raises `SetupError`."""
    where = _where(function)
    private = PrivateRoute(function)
    arguments = arguments_of(private.route, where)
    for one in arguments:
        if one.place is not Place.QUERY:
            raise SetupError(
                f"the argument {one.name!r} of a prompt is a {one.field.annotation!r}, and clients"
                " send texts",
                code="ai.prompt-argument",
                where=where,
                mend=f"{one.name}: str",
            )
    return PromptFunction(**_texts(function, name, private), arguments=arguments)


def resource_of(
    address: str, function: Callable[..., Any], name: str | None, media_type: str | None
) -> ResourceFunction:
    """Describe a function as a resource; raises `SetupError`."""
    where = _where(function)
    places = _PLACE.findall(address)
    if not _TEMPLATE.fullmatch(address) or len(set(places)) != len(places):
        raise SetupError(
            f"{address!r} is no address of a resource",
            code="ai.resource-address",
            where=where,
            mend='@mcp.resource("notes://{id}")',
        )
    private = PrivateRoute(function, "/" + "/".join("{" + one + "}" for one in places))
    arguments = arguments_of(private.route, where)
    for one in arguments:
        if one.is_required and one.place is not Place.PATH:
            raise SetupError(
                f"nothing gives the parameter {one.name!r}: it has no place in {address!r}",
                code="ai.resource-parameter",
                where=where,
                mend=f'@mcp.resource("{address}/{{{one.name}}}"), or give it a default',
            )
    parts = _PLACE.split(address)
    pattern = "".join(
        f"(?P<{part}>[^/?#]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return ResourceFunction(
        **_texts(function, name, private),
        arguments=arguments,
        address=address,
        media_type=media_type,
        pattern=re.compile(pattern),
    )


def _texts(
    function: Callable[..., Any], name: str | None, private: PrivateRoute
) -> dict[str, Any]:  # Any: what `_Function` takes
    own = name or private.route.name
    guards = guards_in(private.route.plan)
    return {
        "name": own,
        "title": own.replace("_", " ").capitalize(),
        "description": inspect.cleandoc(function.__doc__ or ""),
        "private": private,
        "guard": Guard(guards) if guards else None,
    }


def _where(function: Callable[..., Any]) -> str | None:
    place = place_of(function)
    return f"{place['file']}:{place['line']}" if "file" in place else None
