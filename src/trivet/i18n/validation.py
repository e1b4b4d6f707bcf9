"""What Pydantic finds, in sentences that are translated: a table from its types to ours.

English is not ours to say: it stays Pydantic's own, as programs know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivet.i18n.locale import Locale
from trivet.texts import LazyText, lazy, nlazy

__all__ = ["SENTENCES", "said"]

# Placeholders are the names in the error's own `ctx`; `num` is the value of the name in `_COUNTS`.
SENTENCES: Mapping[str, LazyText] = {
    "missing": lazy("This field is required."),
    "extra_forbidden": lazy("This field is not allowed here."),
    "json_invalid": lazy("This is not valid JSON."),
    "json_type": lazy("This must be JSON text."),
    "model_type": lazy("This must be an object with fields."),
    "model_attributes_type": lazy("This must be an object with fields."),
    "dataclass_type": lazy("This must be an object with fields."),
    "dict_type": lazy("This must be an object with fields."),
    "mapping_type": lazy("This must be an object with fields."),
    "list_type": lazy("This must be a list."),
    "tuple_type": lazy("This must be a list."),
    "set_type": lazy("This must be a list."),
    "frozen_set_type": lazy("This must be a list."),
    "deque_type": lazy("This must be a list."),
    "iterable_type": lazy("This must be a list."),
    "none_required": lazy("This must be empty."),
    "invalid_key": lazy("Names must be texts."),
    "greater_than": lazy("Must be greater than %(gt)s."),
    "greater_than_equal": lazy("Must be %(ge)s or more."),
    "less_than": lazy("Must be less than %(lt)s."),
    "less_than_equal": lazy("Must be %(le)s or less."),
    "multiple_of": lazy("Must be a multiple of %(multiple_of)s."),
    "finite_number": lazy("Must be a finite number."),
    "too_short": nlazy("Must have at least %(num)s item.", "Must have at least %(num)s items."),
    "too_long": nlazy("May have at most %(num)s item.", "May have at most %(num)s items."),
    "string_type": lazy("Must be a text."),
    "string_unicode": lazy("Must be a text in UTF-8."),
    "string_too_short": nlazy(
        "Must have at least %(num)s character.", "Must have at least %(num)s characters."
    ),
    "string_too_long": nlazy(
        "May have at most %(num)s character.", "May have at most %(num)s characters."
    ),
    "string_pattern_mismatch": lazy("Does not have the expected form (%(pattern)s)."),
    "string_not_ascii": lazy("May have ASCII characters only."),
    "enum": lazy("Must be one of: %(expected)s."),
    "literal_error": lazy("Must be one of: %(expected)s."),
    "bool_type": lazy("Must be true or false."),
    "bool_parsing": lazy("Must be true or false."),
    "int_type": lazy("Must be a whole number."),
    "int_parsing": lazy("Must be a whole number."),
    "int_parsing_size": lazy("This number is too large."),
    "int_from_float": lazy("Must be a whole number."),
    "float_type": lazy("Must be a number."),
    "float_parsing": lazy("Must be a number."),
    "decimal_type": lazy("Must be a decimal number."),
    "decimal_parsing": lazy("Must be a decimal number."),
    "decimal_max_digits": nlazy(
        "May have at most %(num)s digit in all.", "May have at most %(num)s digits in all."
    ),
    "decimal_max_places": nlazy(
        "May have at most %(num)s decimal place.", "May have at most %(num)s decimal places."
    ),
    "decimal_whole_digits": nlazy(
        "May have at most %(num)s digit before the decimal point.",
        "May have at most %(num)s digits before the decimal point.",
    ),
    "bytes_type": lazy("Must be bytes."),
    "bytes_too_short": nlazy(
        "Must have at least %(num)s byte.", "Must have at least %(num)s bytes."
    ),
    "bytes_too_long": nlazy("May have at most %(num)s byte.", "May have at most %(num)s bytes."),
    "bytes_invalid_encoding": lazy("These bytes are not encoded as expected."),
    "date_type": lazy("Must be a date."),
    "date_parsing": lazy("Must be a date in the form YYYY-MM-DD."),
    "date_from_datetime_parsing": lazy("Must be a date in the form YYYY-MM-DD."),
    "date_from_datetime_inexact": lazy("Must be a date without a time of day."),
    "date_past": lazy("Must be in the past."),
    "date_future": lazy("Must be in the future."),
    "datetime_past": lazy("Must be in the past."),
    "datetime_future": lazy("Must be in the future."),
    "time_type": lazy("Must be a time of day."),
    "time_parsing": lazy("Must be a time of day in the form HH:MM."),
    "datetime_type": lazy("Must be a date and a time of day."),
    "datetime_parsing": lazy("Must be a date and a time of day."),
    "datetime_object_invalid": lazy("Must be a date and a time of day."),
    "datetime_from_date_parsing": lazy("Must be a date and a time of day."),
    "timezone_naive": lazy("Must be without a time zone."),
    "timezone_aware": lazy("Must have a time zone."),
    "timezone_offset": lazy("Does not have the expected time zone."),
    "time_delta_type": lazy("Must be a duration."),
    "time_delta_parsing": lazy("Must be a duration."),
    "url_type": lazy("Must be a web address."),
    "url_parsing": lazy("Must be a web address."),
    "url_syntax_violation": lazy("Must be a web address."),
    "url_too_long": nlazy(
        "May have at most %(num)s character.", "May have at most %(num)s characters."
    ),
    "url_scheme": lazy("The address must begin with %(expected_schemes)s."),
    "uuid_type": lazy("Must be a UUID."),
    "uuid_parsing": lazy("Must be a UUID."),
    "uuid_version": lazy("Must be a UUID of version %(expected_version)s."),
    "union_tag_invalid": lazy("Must be one of: %(expected_tags)s."),
    "union_tag_not_found": lazy("The field %(discriminator)s is required."),
    "is_instance_of": lazy("Must be of another kind."),
}

# Error type → the name in `ctx` that decides about the plural.
_COUNTS = {
    "bytes_too_long": "max_length",
    "bytes_too_short": "min_length",
    "decimal_max_digits": "max_digits",
    "decimal_max_places": "decimal_places",
    "decimal_whole_digits": "whole_digits",
    "string_too_long": "max_length",
    "string_too_short": "min_length",
    "too_long": "max_length",
    "too_short": "min_length",
    "url_too_long": "max_length",
}

# Their sentence is the text of an exception that the application's own validator raised.
_OWN = frozenset({"assertion_error", "value_error"})


def said(error: Mapping[str, Any], locale: Locale) -> str:  # Any: an error as Pydantic writes it
    """Give the sentence of one error in a locale; its own where there is none."""
    kind, own = str(error.get("type", "")), error.get("msg", "")
    values = error.get("ctx") or {}
    if kind in _OWN:
        return _raised(values.get("error"), own, locale)
    sentence = SENTENCES.get(kind)
    if sentence is None:
        return locale.gettext(own)
    counted = _COUNTS.get(kind)
    if counted is not None:
        count = values.get(counted)
        if not isinstance(count, int):
            return str(own)
        return locale.gettext(sentence.with_values(num=count))
    named = _named(values)
    try:
        _ = sentence.message % named
    except KeyError:  # an error without the values that its type has would show placeholders
        return str(own)
    return locale.gettext(sentence.with_values(**named))


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values with lists of choices in no language: Pydantic's last comma is an "or"."""
    return {
        name: value.replace("' or '", "', '") if isinstance(value, str) else value
        for name, value in values.items()
    }


def _raised(error: object, own: str, locale: Locale) -> str:
    """Translate what an application's validator said: ``raise ValueError(lazy("…"))``."""
    text = error.args[0] if isinstance(error, Exception) and error.args else error
    if not isinstance(text, str):
        return str(own)
    return locale.gettext(text)
