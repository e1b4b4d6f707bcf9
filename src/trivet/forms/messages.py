"""What is wrong with a value, in sentences for the people who typed it.

A table from Pydantic's type of an error to a plain sentence; nothing else decides what people read.
A message is a sentence with places for values, so that it can be translated before they are put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trivet.texts import LazyText, lazy, nlazy

__all__ = ["SENTENCES", "Message", "Translate", "message_of"]

Translate = Callable[[str], str]

_TEXT = lazy("Enter a text.")
_NUMBER = lazy("Enter a number.")
_WHOLE = lazy("Enter a whole number.")
_DATE = lazy("Enter a date, such as 2026-03-31.")
_TIME = lazy("Enter a time, such as 14:30.")
_MOMENT = lazy("Enter a date and a time, such as 2026-03-31 14:30.")
_SPAN = lazy("Enter a length of time, such as 01:30:00.")
_URL = lazy("Enter a web address, such as https://example.com.")
_UUID = lazy("Enter a UUID.")
_CHOOSE = lazy("Choose one of the list.")
_FILL_IN = lazy("Fill this in.")
_UNFIT = lazy("This cannot be taken; check it.")
_LIST = lazy("Enter a list.")
_AT_LEAST = lazy("Give at least {min_length}.")
_AT_MOST = lazy("Give at most {max_length}.")

# Where a sentence depends on a number, with the name of what it is counted by; a catalogue has as
# many forms of it as its language.
_COUNTED: dict[str, tuple[str, LazyText]] = {
    "string_too_short": (
        "min_length",
        nlazy("Use at least {min_length} character.", "Use at least {min_length} characters."),
    ),
    "string_too_long": (
        "max_length",
        nlazy("Use at most {max_length} character.", "Use at most {max_length} characters."),
    ),
    "too_short": ("min_length", _AT_LEAST),
    "too_long": ("max_length", _AT_MOST),
    "bytes_too_short": (
        "min_length",
        nlazy("Give at least {min_length} byte.", "Give at least {min_length} bytes."),
    ),
    "bytes_too_long": (
        "max_length",
        nlazy("Give at most {max_length} byte.", "Give at most {max_length} bytes."),
    ),
    "decimal_max_digits": (
        "max_digits",
        nlazy("Use at most {max_digits} digit.", "Use at most {max_digits} digits."),
    ),
    "decimal_max_places": (
        "decimal_places",
        nlazy(
            "Use at most {decimal_places} digit behind the point.",
            "Use at most {decimal_places} digits behind the point.",
        ),
    ),
    "decimal_whole_digits": (
        "whole_digits",
        nlazy(
            "Use at most {whole_digits} digit before the point.",
            "Use at most {whole_digits} digits before the point.",
        ),
    ),
}

SENTENCES: dict[str, str] = {
    # nothing there, or not what was asked for
    "missing": _FILL_IN,
    "missing_argument": _FILL_IN,
    "missing_keyword_only_argument": _FILL_IN,
    "missing_positional_only_argument": _FILL_IN,
    "missing_sentinel_error": _UNFIT,
    "none_required": lazy("Leave this empty."),
    "ellipsis_error": _UNFIT,
    "extra_forbidden": lazy("This is not asked for."),
    "unexpected_keyword_argument": lazy("This is not asked for."),
    "unexpected_positional_argument": lazy("This is not asked for."),
    "multiple_argument_values": lazy("Give this once."),
    "frozen_field": lazy("This cannot be changed."),
    "frozen_instance": lazy("This cannot be changed."),
    # numbers
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": lazy("Enter a smaller number."),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "fraction_type": _NUMBER,
    "fraction_parsing": _NUMBER,
    "complex_type": _NUMBER,
    "complex_str_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": lazy("Enter more than {gt}."),
    "greater_than_equal": lazy("Enter {ge} or more."),
    "less_than": lazy("Enter less than {lt}."),
    "less_than_equal": lazy("Enter {le} or less."),
    "multiple_of": lazy("Enter a multiple of {multiple_of}."),
    # texts and choices
    "string_type": _TEXT,
    "string_unicode": lazy("Use letters and signs that can be read."),
    "string_sub_type": _TEXT,
    "string_pattern_mismatch": lazy("This does not have the form that is asked for."),
    "string_not_ascii": lazy("Use plain letters, digits and signs only (ASCII)."),
    "bytes_type": _TEXT,
    "bytes_invalid_encoding": _UNFIT,
    "enum": _CHOOSE,
    "literal_error": _CHOOSE,
    "union_tag_invalid": _CHOOSE,
    "union_tag_not_found": _CHOOSE,
    "bool_type": lazy("Say yes or no."),
    "bool_parsing": lazy("Say yes or no."),
    # dates and times
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": lazy("Enter a date in the past."),
    "date_future": lazy("Enter a date in the future."),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_past": lazy("Enter a moment in the past."),
    "datetime_future": lazy("Enter a moment in the future."),
    "timezone_naive": lazy("Enter the time without a time zone."),
    "timezone_aware": lazy("Enter the time with its time zone."),
    "timezone_offset": lazy("Enter the time in the time zone that is asked for."),
    "time_delta_type": _SPAN,
    "time_delta_parsing": _SPAN,
    # addresses and names of the web
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_too_long": lazy("Enter a shorter address."),
    "url_scheme": lazy("Enter an address that begins with {expected_schemes}."),
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": lazy("Enter a UUID of version {expected_version}."),
    # what holds other values
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "deque_type": _LIST,
    "iterable_type": _LIST,
    "iteration_error": _LIST,
    "set_item_not_hashable": _LIST,
    "dict_type": _UNFIT,
    "frozen_dict_type": _UNFIT,
    "ordered_dict_type": _UNFIT,
    "counter_type": _UNFIT,
    "mapping_type": _UNFIT,
    "model_type": _FILL_IN,
    "model_attributes_type": _FILL_IN,
    "dataclass_type": _FILL_IN,
    "dataclass_exact_type": _FILL_IN,
    "named_tuple_type": _FILL_IN,
    "arguments_type": _UNFIT,
    "invalid_key": _UNFIT,
    "no_such_attribute": _UNFIT,
    "get_attribute_error": _UNFIT,
    "recursion_loop": _UNFIT,
    "recursion_depth_exceeded": _UNFIT,
    "default_factory_not_called": _FILL_IN,
    "needs_python_object": _UNFIT,
    "is_instance_of": _UNFIT,
    "is_subclass_of": _UNFIT,
    "callable_type": _UNFIT,
    "json_invalid": lazy("Enter JSON."),
    "json_type": lazy("Enter JSON."),
    # the validator's own words
    "value_error": "{error}",
    "assertion_error": "{error}",
    # what forms ask for themselves
    "email": lazy("Enter an e-mail address, such as ann@example.com."),
    "not_ticked": lazy("Tick this box."),
    "not_chosen": lazy("Choose one."),
    "no_file": lazy("Choose a file."),
    "file_too_large": lazy("Choose a file of at most {most}."),
    "file_type": lazy("Choose a file of one of these types: {types}."),
    "not_offered": _CHOOSE,
    "control_characters": lazy("This holds signs that cannot be kept; write it again."),
    **{kind: sentence for kind, (_, sentence) in _COUNTED.items()},
}


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, with values for its places."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Any: what an error of Pydantic's tells beside itself."""

    def told(self, translate: Translate | None = None) -> str:
        """Give the sentence, translated first."""
        text = self.text if translate is None else translate(self.text)
        return text.format_map(_Shown(self.values)) if self.values else text


class _Shown(dict[str, Any]):
    """A translation may name a place that there is not: it is shown as it stands."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def message_of(kind: str, values: Mapping[str, Any] | None = None, otherwise: str = "") -> Message:
    """Give the message for an error of Pydantic's; `otherwise` is for types of the user's own."""
    values = values or {}
    if kind == "value_error" and "reason" in values:
        return Message(SENTENCES["email"])  # Pydantic's e-mail address has this type, and a reason
    if kind in _COUNTED:
        name, sentence = _COUNTED[kind]
        count = values.get(name)
        return Message(sentence.with_values(num=count if isinstance(count, int) else 0), values)
    text = SENTENCES.get(kind)
    if text is None:
        return Message(otherwise or _UNFIT)
    if text == "{error}":
        return Message(str(values.get("error", "")) or otherwise or _UNFIT)
    return Message(text, values)
