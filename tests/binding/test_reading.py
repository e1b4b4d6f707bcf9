"""Bodies, queries and headers as they come: what is no JSON is refused with place and reason."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from trivet import App, Body, Header, Query
from trivet.testing import TestClient

app = App(openapi_url=None)
lenient = App(openapi_url=None, strict_content_type=False)


@app.post("/object")
async def take_object(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.post("/anything")
async def take_anything(data: Annotated[Any, Body()]) -> dict[str, Any]:
    return {"data": data}


@app.post("/bytes")
async def take_bytes(data: Annotated[bytes, Body()]) -> int:
    return len(data)


@lenient.post("/object")
async def take_object_of_any_type(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.get("/query")
async def show(
    q: str | None = None,
    many: Annotated[list[str] | None, Query()] = None,
    x_many: Annotated[list[str] | None, Header()] = None,
) -> list[Any]:
    return [q, many, x_many]


client = TestClient(app)
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (b"{", 1, "Expecting property name enclosed in double quotes"),
        (b'{"a": }', 6, "Expecting value"),
        (b'{"a":1} x', 8, "Extra data"),
        (b'{"a":"\\ud800"}', 12, "unexpected end of hex escape"),
        (b'{\n"a":\n"\\udc00"}', 13, "lone leading surrogate in hex escape"),
        (b"[" * 300 + b"]" * 300, 201, "recursion limit exceeded"),
        (b'"\x00"', 1, "Invalid control character at"),
    ],
)
@pytest.mark.parametrize("path", ["/object", "/anything"])
def test_text_that_is_no_json_is_refused_with_its_place(
    path: str, text: bytes, place: int, reason: str
) -> None:
    answer = client.post(path, content=text, headers=JSON)

    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert error["type"] == "json_invalid"
    assert error["ctx"] == {"error": reason}
    assert error["loc"] == ["body", place]


@pytest.mark.parametrize(
    "text", [b"\xff\xfe\xff", b'{"a":"\xff"}', b"1" * 5000, b"[" * 100_000, b'{"a":' * 100_000]
)
def test_text_without_end_or_encoding_is_a_bad_request(text: bytes) -> None:
    answer = client.post("/object", content=text, headers=JSON)

    assert answer.status_code == 400
    assert answer.json() == {"detail": "There was an error parsing the body"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_may_come_in_every_unicode_encoding(encoding: str) -> None:
    answer = client.post("/object", content='{"a":"é"}'.encode(encoding), headers=JSON)

    assert answer.json() == {"a": "é"}


def test_the_last_of_equal_keys_counts() -> None:
    assert client.post("/object", content=b'{"a":1,"a":2}', headers=JSON).json() == {"a": 2}


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/geo+json", True),
        ("APPLICATION/JSON", True),
        ("text/plain", False),
        ("text/json", False),
        ("application/jsonx", False),
        ("application/", False),
        ("/", False),
        (None, False),
    ],
)
def test_only_what_says_that_it_is_json_is_read_as_json(
    content_type: str | None, is_json: bool
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    answer = client.post("/object", content=b'{"a":1}', headers=headers)

    assert answer.status_code == (200 if is_json else 422)
    if not is_json:
        (error,) = answer.json()["detail"]
        assert (error["type"], error["loc"]) == ("dict_type", ["body"])
        assert error["input"] == '{"a":1}'


def test_where_it_need_not_say_so_a_body_without_a_type_is_json() -> None:
    client = TestClient(lenient)

    assert client.post("/object", content=b'{"a":1}').json() == {"a": 1}
    assert client.post("/object", content=b"{", headers={}).status_code == 422


def test_a_refusal_quotes_bytes_that_are_no_text() -> None:
    answer = client.post("/object", content=b"\xff\x00", headers={"content-type": "image/png"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["input"] == "\\xff\x00"


def test_bytes_are_taken_as_they_came() -> None:
    answer = client.post("/bytes", content=b"\xff\x00", headers={"content-type": "image/png"})

    assert answer.json() == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [None, None]),
        ("q", ["", None]),
        ("q=", ["", None]),
        ("q=1&q=2", ["2", None]),
        ("q=a+b%20c", ["a b c", None]),
        ("q=%C3%A9", ["é", None]),
        ("q=%ff", ["�", None]),
        ("q=a=b", ["a=b", None]),
        ("&&q=1&&", ["1", None]),
        ("=x&q=1", ["1", None]),
        ("many=1&many=2", [None, ["1", "2"]]),
        ("many=1%262", [None, ["1&2"]]),
    ],
)
def test_queries_are_read_alike_with_and_without_escapes(query: str, expected: list[Any]) -> None:
    assert client.get(f"/query?{query}").json()[:2] == expected


def test_a_header_that_comes_twice_is_two_values() -> None:
    answer = client.get("/query", headers=[("x-many", "a"), ("x-many", "b")])  # type: ignore[arg-type]

    assert answer.json()[2] == ["a", "b"]
