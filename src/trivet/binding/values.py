"""The lines that read one parameter outside the body: its text, its default, its validation.

The simplest kinds are written out, because most parameters are of them; whatever has several names,
several values or fields of its own is left to `read_parameter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from trivet.binding import params, reading
from trivet.binding.extract import read_parameter
from trivet.binding.plan import param_model
from trivet.binding.received import checked
from trivet.binding.source import Source
from trivet.schema.annotations import is_sequence, is_union
from trivet.schema.field import ABSENT, Field, missing, names_of

__all__ = ["PathValues", "ValueWriter"]

# A path parameter's name → its position and, where its pattern has one, its converter.
PathValues = Mapping[str, tuple[int, Callable[[str], Any] | None]]

# Defaults that nobody can change may be shared between requests; others are copied.
_SHAREABLE = (type(None), bool, int, float, str, bytes)


class ValueWriter:
    """Writes parameters into a function's source; received data become mappings once, when used."""

    def __init__(self, source: Source, path_values: PathValues) -> None:
        self.source = source
        self._path_values = path_values
        self._tables: dict[str, str] = {}

    def parameter(self, one: Field, errors: str) -> str:
        """Write one parameter; give the local that holds it. What fails is added to `errors`."""
        source = self.source
        value = source.fresh(one.name)
        names = names_of(one)
        place = one.field_info.in_  # type: ignore[attr-defined]
        in_pattern = place is not params.ParamTypes.path or names[0][1] in self._path_values
        is_simple = (
            len(names) == 1
            and in_pattern
            and not is_sequence(one.annotation)
            and not one.is_json
            and param_model(one) is None
            and not one.field_info.validate_default
        )
        if not is_simple:
            read = self.source.helper(read_parameter)
            field_name = source.name(one, f"{one.name}_field")
            found = source.fresh("found")
            source.line(f"{value}, {found} = {read}({field_name}, {self._table(place.value)})")
            with source.block(f"if {found}:"):
                source.line(f"{errors} = {found} if {errors} is None else {errors} + {found}")
            return value
        wire = names[0][1]
        source.line(f"{value} = {self._raw(place, wire)}")
        location = (place.value, wire)
        if place is params.ParamTypes.path:
            _, convert = self._path_values[wire]
            if convert is not None or not _is_plain_text(one):
                self._validated(one, value, errors, location)
            return value
        if one.required:
            with source.block(f"if {value} is None:"):
                lost = source.name(missing, "missing")
                source.line(f"{errors} = [*({errors} or ()), {lost}({location!r})]")
            if not _is_plain_text(one):
                with source.block("else:"):
                    self._validated(one, value, errors, location)
            return value
        self._with_default(one, value, errors, location)
        return value

    def _with_default(self, one: Field, value: str, errors: str, location: tuple[str, str]) -> None:
        source = self.source
        has_factory = one.field_info.default_factory is not None
        default = None if has_factory else one.field_info.default
        is_shared = not has_factory and type(default) in _SHAREABLE
        if is_shared and default is None and _is_plain_text(one):
            return  # absent is None already
        if is_shared:
            text = repr(default) if type(default) is not float else source.name(default, "default")
        else:
            text = f"{self.source.helper(_fresh_default)}({source.name(one, one.name + '_field')})"
        plain = _is_plain_text(one)
        if is_shared and default is None:
            with source.block(f"if {value} is not None:"):
                self._validated(one, value, errors, location)
            return
        with source.block(f"if {value} is None:"):
            source.line(f"{value} = {text}")
        if not plain:
            with source.block("else:"):
                self._validated(one, value, errors, location)

    def _validated(self, one: Field, value: str, errors: str, location: tuple[str, str]) -> None:
        source = self.source
        validate = source.name(one.validate_python, f"validate_{one.name}")
        with source.block("try:"):
            source.line(f"{value} = {validate}({value})")
        with source.block(f"except {self.source.helper(ValidationError)} as error:"):
            note = self.source.helper(reading.noted)
            source.line(f"{errors} = {note}({errors}, error, {location!r})")

    def _raw(self, place: params.ParamTypes, wire: str) -> str:
        """Give the expression of a parameter's text, None where it is absent."""
        if place is params.ParamTypes.path:
            index, convert = self._path_values[wire]
            text = f"x.params[{index}]"
            if convert is not None:
                return f"{self.source.name(convert, 'convert')}({text})"
            return text
        if place is params.ParamTypes.header:
            return f"{self.source.helper(reading.header)}(x, {wire.lower().encode('latin-1')!r})"
        if place is params.ParamTypes.query:
            return f"{self._table('query_last')}.get({wire!r})"
        return f"{self._table('cookie')}.get({wire!r})"

    def _table(self, what: str) -> str:
        """Give the local in which received data lie as a mapping, emitted at its first use."""
        if what in self._tables:
            return self._tables[what]
        expression = {
            "query_last": f"{self.source.helper(reading.query_last)}(x.query)",
            "query": f"{self.source.helper(reading.query_of)}(x)",
            "header": f"{self.source.helper(reading.headers_of)}(x)",
            "cookie": f"{self.source.helper(reading.request_of)}(x).cookies",
            "path": f"{self.source.helper(reading.request_of)}(x).path_params",
        }[what]
        local = self.source.fresh({"query_last": "query"}.get(what, what))
        self._tables[what] = local
        self.source.line(f"{local} = {expression}")
        return local


def _fresh_default(one: Field) -> Any:
    value, _ = checked(one, ABSENT, ())
    return value


def _is_plain_text(one: Field) -> bool:
    """Tell whether the received text is the value: `str`, perhaps with None, unconstrained."""
    if one.field_info.metadata:
        return False
    annotation = one.annotation
    return annotation is str or (
        is_union(annotation) and set(annotation.__args__) == {str, type(None)}
    )
