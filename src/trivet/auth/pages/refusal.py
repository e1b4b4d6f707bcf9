"""What the flows of accounts refuse, told in the form that asked for it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from trivet.auth.errors import NotRecent, NotSignedIn, TooManyAttempts
from trivet.auth.pages.texts import wait_for
from trivet.auth.passwords import PasswordRefused
from trivet.errors import HTTPException
from trivet.forms import Form

__all__ = ["Refusal"]

_UNFIT = 422
_FAULT = 500


class Refusal:
    """Takes what is raised within, and puts it into a form: ``with refusal: await …``

    `password` is the field that reasons against a password belong to, `value` that of a
    `ValueError`. Who has to sign in first, or to confirm that it is them, is sent on as ever.
    """

    def __init__(self, form: Form[Any], *, password: str = "", value: str = "") -> None:
        self._form = form
        self._password = password
        self._value = value
        self.status = _UNFIT
        self.headers: dict[str, str] = {}

    @property
    def form(self) -> Form[Any]:
        """The form that says what was refused."""
        return self._form

    def __enter__(self) -> Refusal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, NotSignedIn | NotRecent):
            return False
        if isinstance(error, PasswordRefused):
            for reason in error.reasons:
                self._form.add_error(self._password, reason.text)
            return True
        if isinstance(error, HTTPException) and error.status_code < _FAULT:
            self.status = error.status_code
            self._form.add_error("", self._told(error))
            return True
        if type(error) is ValueError:
            self._form.add_error(self._value, str(error))
            return True
        return False

    def _told(self, error: HTTPException) -> str:
        if isinstance(error, TooManyAttempts):
            seconds = dict(error.headers or {})["Retry-After"]
            self.headers["Retry-After"] = seconds
            return wait_for(int(seconds))
        return str(error.detail)
