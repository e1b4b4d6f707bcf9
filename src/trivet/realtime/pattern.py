"""Names of channels: a pattern with parameters, and the names that it stands for.

`rooms/{room_id}` stands for `rooms/7`. Parameters are read by the types that functions give them,
and a name has one form: `rooms/007` is refused where `room_id` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.routing import compile_path

from trivet.errors import SetupError
from trivet.realtime.errors import NoSuchChannel
from trivet.schema.field import Field

__all__ = ["LONGEST", "Pattern"]

LONGEST = 200  # bytes of a name
_FORM = re.compile(r"[\w.:-]+(/([\w.:-]+|\{\w+(:\w+)?\}))*")
_PLAIN = re.compile(r"[^\x00-\x20\x7f/\\*>]+")  # of a parameter's text, as all back ends take it


class Pattern:
    """The form of a channel's names; `fields` say what its parameters are, by their names."""

    def __init__(self, text: str, where: str | None) -> None:
        if not _FORM.fullmatch(text):
            raise SetupError(
                f"{text!r} is no pattern of a channel: it is made of names and {{parameters}}"
                " between slashes, and begins with a name",
                code="realtime.pattern",
                where=where,
                mend='realtime.channel("rooms/{room_id}", …)',
            )
        self.text = text
        self._regex, self.format, self._convertors = compile_path(f"/{text}")
        self.names = tuple(self._convertors)
        self._fields: Mapping[str, Field] = {}

    def give_types(self, fields: Mapping[str, Field]) -> None:
        """Read the parameters as these fields say."""
        self._fields = fields

    def match(self, name: str) -> tuple[str, ...] | None:
        """Give the parameters of a name as texts, or None where the pattern is another one's."""
        found = self._regex.fullmatch(f"/{name}")
        return None if found is None else found.groups()

    def read(self, name: str, texts: tuple[str, ...]) -> dict[str, Any]:
        """Give the parameters of a name as values; raises `NoSuchChannel` for what is none."""
        if len(name.encode()) > LONGEST:
            raise NoSuchChannel(f"a channel's name has at most {LONGEST} bytes")
        values: dict[str, Any] = {}
        for parameter, text in zip(self.names, texts, strict=True):
            try:
                values[parameter] = self._value(parameter, self._convertors[parameter], text)
            except ValueError as error:  # Pydantic's too
                raise NoSuchChannel(
                    f"{name!r} is no channel: {parameter} {_reason(error)}"
                ) from error
        try:
            right = self.name(values)
        except ValueError as error:
            raise NoSuchChannel(f"{name!r} is no channel: {error}") from error
        if right != name:
            raise NoSuchChannel(f"the channel {name!r} is called {right!r}")
        return values

    def _value(self, parameter: str, convertor: Any, text: str) -> Any:
        field = self._fields.get(parameter)
        value = convertor.convert(text)
        return value if field is None else field.validate_python(value)

    def name(self, values: Mapping[str, Any]) -> str:
        """Give the name with these parameters; raises `TypeError` and `ValueError` as a call."""
        if values.keys() != set(self.names):
            wanted = ", ".join(f"{name}=…" for name in self.names)
            raise TypeError(f"the channel {self.text!r} is given ({wanted}), not {dict(values)!r}")
        texts: dict[str, str] = {}
        for parameter, value in values.items():
            field = self._fields.get(parameter)
            if field is not None:
                value = field.serialize(field.validate_python(value))
            text = self._convertors[parameter].to_string(value)
            texts[parameter] = text
            if not _PLAIN.fullmatch(text):
                raise ValueError(f"{parameter}={value!r} cannot stand in a channel's name")
        return self.format.format(**texts)[1:]


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return f"is wrong: {error.errors()[0]['msg']}"
    return "is wrong"
