"""What comes in: nothing that is not named, and no secret of it goes back with a refusal.

A refusal quotes what it is about, elsewhere. Here that is passwords, also where a neighbour of one
is missing, and what answers hold is found in logs and on screens.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

__all__ = ["Taken"]

_MOST_ERRORS = 20


class Taken(BaseModel):
    """The base of all bodies of accounts; its errors name places and reasons, and quote nothing."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def quote_nothing(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate, and tell of at most 20 errors."""
        try:
            return handler(given)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]
            title = error.title
        raise ValidationError.from_exception_data(
            title,
            [{**one, "input": None} for one in found],  # type: ignore[typeddict-unknown-key]
        )
