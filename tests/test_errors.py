"""Errors name what was found, where, and the mend; and fit where FastAPI's are expected."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.exceptions import HTTPException as StarletteHTTPException

from trivet import errors
from trivet.errors import (
    DeclarationError,
    EndpointContext,
    HTTPException,
    MissingExtraError,
    RequestValidationError,
    SetupError,
    TrivetError,
    ValidationException,
    place_of,
)


def test_a_setup_error_says_what_where_and_the_mend() -> None:
    error = SetupError("found x", code="setup.x", where="app.py:3", mend="write y")

    assert str(error) == "found x\n  at app.py:3\n  instead: write y\n  [setup.x]"
    assert str(SetupError("only this")) == "only this"


def test_declaration_errors_are_what_programs_for_fastapi_catch() -> None:
    assert issubclass(DeclarationError, AssertionError)
    assert issubclass(SetupError, RuntimeError)
    assert issubclass(HTTPException, StarletteHTTPException)


def test_a_missing_extra_is_an_import_error_with_a_command_to_paste() -> None:
    error = MissingExtraError("jinja2", "templates", what="Templates")

    assert isinstance(error, ImportError)
    assert 'pip install "trivet[templates]"' in str(error)


def test_an_http_exception_has_its_phrase_where_no_detail_is_given() -> None:
    assert HTTPException(404).detail == "Not Found"
    assert HTTPException(404, {"a": 1}).detail == {"a": 1}


def test_validation_errors_list_what_did_not_fit_and_where_the_function_is() -> None:
    context = EndpointContext(function="f", path="GET /x", file="app.py", line=3)
    error = RequestValidationError([{"type": "a"}, {"type": "b"}], body=b"x", endpoint_ctx=context)

    assert error.body == b"x"
    assert list(error.errors()) == [{"type": "a"}, {"type": "b"}]
    assert str(error).splitlines()[0] == "2 validation errors:"
    assert str(error).endswith('File "app.py", line 3, in f\n    GET /x')
    assert str(ValidationException([{}])).startswith("1 validation error:")


def test_the_place_of_a_wrapped_function_is_its_own() -> None:
    @contextmanager  # whose wrapper is in another file
    def wrapped() -> Iterator[None]:
        yield

    assert Path(place_of(wrapped)["file"]).name == "test_errors.py"


def test_the_place_of_a_function_is_its_file_and_line() -> None:
    place = place_of(test_the_place_of_a_function_is_its_file_and_line)

    assert Path(place["file"]).name == "test_errors.py"
    assert place["function"] == "test_the_place_of_a_function_is_its_file_and_line"
    assert place["line"] > 1
    assert place_of(len) == {}


def test_every_exception_has_a_root_that_can_be_caught() -> None:
    roots = (TrivetError, ValidationException, StarletteHTTPException, errors.WebSocketException)
    own = [one for _, one in inspect.getmembers(errors, inspect.isclass)]

    for error in own:
        is_error = issubclass(error, Exception) and not issubclass(error, Warning)
        if error.__module__ == errors.__name__ and is_error:
            assert issubclass(error, roots), error
