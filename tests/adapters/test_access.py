"""Lines of the access log: one an answer, whatever a client sends, and without its secrets."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.adapters.access import AccessLog, LogForm
from trivet.adapters.gate import Line


def logged(path: str, query: str = "", form: LogForm = "text") -> str:
    stream = io.StringIO()
    log = AccessLog(form, stream)
    log.record(("192.0.2.7", 4000), Line("GET", path, path.encode(), query.encode(), 1), 200)
    log.flush()
    return stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "query",
    [
        "token=hunter2", "a=1&access_token=hunter2&b=2", "reset-token=hunter2", "code=hunter2",
        "password=hunter2", "PASSWD=hunter2", "api_key=hunter2", "apikey=hunter2", "key=hunter2",
        "client_secret=hunter2", "X-Amz-Signature=hunter2", "X-Amz-Credential=hunter2",
        "sig=hunter2", "sessionid=hunter2", "otp=hunter2", "jwt=hunter2", "token=hunter2=hunter2",
    ],
)  # fmt: skip
def test_what_a_name_calls_a_secret_is_not_written(query: str, form: LogForm) -> None:
    line = logged("/reset", query, form)

    assert "hunter2" not in line
    assert "***" in line


@pytest.mark.parametrize("query", ["page=2", "keyword=lamp", "postcode=1010", "a&b", "monkey=1"])
def test_other_parameters_are_written_as_they_came(query: str) -> None:
    assert f"GET /search?{query} HTTP/1.1" in logged("/search", query)


def test_a_parameter_beside_a_secret_is_written() -> None:
    assert "/x?a=1&token=***&b=2 " in logged("/x", "a=1&token=hunter2&b=2")


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@given(printable, printable)
def test_nothing_that_the_gate_lets_through_leaves_its_place_in_a_line(
    path: str, query: str
) -> None:
    text = logged("/" + path, query)
    told = json.loads(logged("/" + path, query, "json"))

    assert text.count("\n") == 1
    assert text.count('"') == 2
    assert text.endswith(' HTTP/1.1" 200\n')
    assert set(told) == {"time", "client", "method", "target", "version", "status"}
