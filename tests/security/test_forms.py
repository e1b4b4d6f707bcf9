from __future__ import annotations

from inspect import Parameter, signature
from typing import Any, get_type_hints

import pytest

from trivet.binding import params
from trivet.security import OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict

FORMS = [OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict]
FIELDS = ["grant_type", "username", "password", "scope", "client_id", "client_secret"]


@pytest.mark.parametrize("form", FORMS)
def test_scopes_are_split(form: Any) -> None:
    made = form(grant_type="password", username="u", password="p", scope=" a:read  b ")

    assert made.scopes == ["a:read", "b"]
    assert (made.grant_type, made.username, made.password) == ("password", "u", "p")
    assert (made.client_id, made.client_secret) == (None, None)


@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_one_of_a_form(form: Any) -> None:
    hints = get_type_hints(form.__init__, include_extras=True)

    marks = [hints[name].__metadata__[0] for name in FIELDS]

    assert list(signature(form).parameters) == FIELDS
    assert all(isinstance(mark, params.Form) for mark in marks)


def test_only_the_strict_form_requires_its_grant_type() -> None:
    required = [signature(form).parameters["grant_type"].default for form in FORMS]

    assert required == [None, Parameter.empty]
