"""What a client is written from: an API as frozen data, in no language.

Types are shapes. `Named` points at a declaration by its name, so that a shape may hold itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "ABSENT",
    "Alias",
    "Answer",
    "AnswerKind",
    "Api",
    "Body",
    "BodyKind",
    "Choice",
    "Credential",
    "Declaration",
    "Enumeration",
    "ListOf",
    "MapOf",
    "Member",
    "Named",
    "OneOf",
    "Operation",
    "Parameter",
    "Plain",
    "Record",
    "Shape",
    "TupleOf",
]

PlainKind = Literal[
    "any", "null", "string", "integer", "number", "boolean",
    "date", "date-time", "time", "duration", "uuid", "decimal", "file",
]  # fmt: skip
AnswerKind = Literal[
    "json", "text", "bytes", "nothing", "location", "events", "lines", "download"
]  # the last three are streams
BodyKind = Literal["json", "form", "multipart", "text", "bytes"]

# Stands for "no default": None is one.
ABSENT: Any = type("_Absent", (), {"__repr__": lambda _: "ABSENT"})()


@dataclass(frozen=True)
class Plain:
    """A value without parts."""

    kind: PlainKind


@dataclass(frozen=True)
class ListOf:
    """A list."""

    item: Shape


@dataclass(frozen=True)
class TupleOf:
    """A list of a fixed length, each item of its own shape."""

    items: tuple[Shape, ...]


@dataclass(frozen=True)
class MapOf:
    """An object with any keys."""

    value: Shape


@dataclass(frozen=True)
class Choice:
    """One of these values: texts, numbers, truths or null."""

    values: tuple[str | int | float | bool | None, ...]


@dataclass(frozen=True)
class OneOf:
    """One of these shapes; `discriminator` is the property that says which."""

    members: tuple[Shape, ...]
    discriminator: str | None = None


@dataclass(frozen=True)
class Named:
    """What is declared under this name."""

    name: str


Shape = Plain | ListOf | TupleOf | MapOf | Choice | OneOf | Named


@dataclass(frozen=True)
class Member:
    """A property of a record, by its name on the wire."""

    name: str
    shape: Shape
    is_required: bool
    default: Any = ABSENT  # JSON
    description: str = ""


@dataclass(frozen=True)
class Record:
    """An object with named properties; `is_open` where it may have more."""

    name: str
    description: str
    members: tuple[Member, ...]
    is_open: bool = False


@dataclass(frozen=True)
class Enumeration:
    """Texts, or whole numbers, that have a name together."""

    name: str
    description: str
    values: tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True)
class Alias:
    """A name for another shape."""

    name: str
    description: str
    shape: Shape


Declaration = Record | Enumeration | Alias


@dataclass(frozen=True)
class Parameter:
    """A value outside the body; `style` and `explode` as OpenAPI means them, defaults filled in."""

    name: str
    place: Literal["path", "query", "header", "cookie"]
    shape: Shape
    is_required: bool
    style: str
    explode: bool
    description: str = ""


@dataclass(frozen=True)
class Body:
    """What a request carries."""

    kind: BodyKind
    media_type: str
    shape: Shape
    is_required: bool


@dataclass(frozen=True)
class Answer:
    """What comes back with a status: `200`, `2XX` or `default`."""

    status: str
    kind: AnswerKind
    shape: Shape


@dataclass(frozen=True)
class Credential:
    """A way to say who asks; `place` and `field` are those of an API key."""

    name: str
    kind: Literal["bearer", "basic", "key"]
    place: str = ""
    field: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    `name` is unique among them; `security` are alternatives, each the names of credentials;
    `returned` names what comes back where that is not the same for every good status.
    """

    name: str
    method: str
    path: str
    summary: str
    description: str
    is_deprecated: bool
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    errors: tuple[Answer, ...]
    security: tuple[tuple[str, ...], ...]
    returned: Named | None = None


@dataclass(frozen=True)
class Api:
    """A whole document."""

    title: str
    version: str
    server: str
    declarations: tuple[Declaration, ...]
    operations: tuple[Operation, ...]
    credentials: tuple[Credential, ...]
