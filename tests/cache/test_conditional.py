"""Conditional answers without a cache, and the rules of RFC 9110, 13."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from trivet import App, Depends, Response, StreamingResponse
from trivet.cache import Conditions, conditional
from trivet.cache.answers import directives, kept_for
from trivet.errors import SetupError
from trivet.http.conditional import entity_tag, http_date, tags_in, verdict
from trivet.testing import TestClient

MOMENT = datetime(2026, 11, 25, 10, 0, 0, 500_000, tzinfo=UTC)
signs = [chr(code) for code in (0x21, *range(0x23, 0x7F), *range(0xA0, 0x100))]
opaque = st.text(st.sampled_from(signs))
tags = st.tuples(st.booleans(), opaque)
spaces = st.sampled_from([", ", ",", " ,", ",,", ", ,  "])


def as_text(tag: tuple[bool, str]) -> str:
    return f'{"W/" if tag[0] else ""}"{tag[1]}"'


@given(st.lists(tags), spaces)
def test_lists_of_tags_are_read_whatever_stands_in_them(
    given_tags: list[tuple[bool, str]], between: str
) -> None:
    assert tags_in([between.join(map(as_text, given_tags))]) == given_tags


@given(st.text())
def test_any_text_is_a_list_of_tags_or_none(text: str) -> None:
    tags_in([text])


@given(tags, st.lists(tags, max_size=3), st.booleans())
def test_if_none_match_compares_weakly_and_if_match_strongly(
    own: tuple[bool, str], others: list[tuple[bool, str]], reads: bool
) -> None:
    """RFC 9110, 8.8.3.2, 13.1.1 and 13.1.2, said in another way."""
    line = ", ".join(map(as_text, others))
    none = Headers(raw=[(b"if-none-match", line.encode("latin-1"))])
    match = Headers(raw=[(b"if-match", line.encode("latin-1"))])

    weakly = any(text == own[1] for _, text in others)
    strongly = any(one == own for one in others) and not own[0]

    expected = (304 if reads else 412) if weakly else None
    assert verdict(none, as_text(own), None, reads=reads) == expected
    assert verdict(match, as_text(own), None, reads=reads) == (None if strongly else 412)


@given(st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1)), st.integers(-2, 2))
def test_dates_are_compared_in_whole_seconds(moment: datetime, seconds: int) -> None:
    asked = Headers({"if-modified-since": http_date(moment + timedelta(seconds=seconds))})

    assert verdict(asked, None, http_date(moment)) == (304 if seconds >= 0 else None)
    assert verdict(asked, None, http_date(moment), reads=False) is None


@pytest.mark.parametrize(
    ("headers", "reads", "expected"),
    [
        ({"if-none-match": "*"}, False, None),
        ({"if-match": "*"}, False, 412),
        ({"if-match": '"a"'}, False, 412),
        ({}, False, None),
    ],
)
def test_what_is_not_there_yet_matches_nothing(
    headers: dict[str, str], reads: bool, expected: int | None
) -> None:
    assert verdict(Headers(headers), None, None, reads=reads) == expected


def test_tags_differ_where_parts_do() -> None:
    found = {
        entity_tag("ab"),
        entity_tag("a", "b"),
        entity_tag(b"a", b"b", b""),
        entity_tag(1),
        entity_tag(1, is_weak=True),
    }

    assert len(found) == 5
    assert entity_tag(b"1") == entity_tag(1)


def test_dates_without_a_zone_are_utc() -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=5)))

    assert http_date(MOMENT.replace(tzinfo=None)) == http_date(local)
    assert http_date(local) == "Wed, 25 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["max-age=60, Private"], {"max-age": "60", "private": ""}),
        (['no-cache="set-cookie, x", max-age="5"'], {"no-cache": "set-cookie, x", "max-age": "5"}),
        (["public", "s-maxage = 3"], {"public": "", "s-maxage": "3"}),
        (["max-age=1, max-age=2"], {"max-age": "1"}),
        ([], {}),
    ],
)
def test_cache_control_is_read(lines: list[str], expected: dict[str, str]) -> None:
    assert directives(lines) == expected


@given(st.lists(st.text(), max_size=3))
def test_any_text_is_cache_control(lines: list[str]) -> None:
    directives(lines)


@given(
    st.lists(
        st.sampled_from(
            ["no-store", "private", "no-cache", "public", "max-age=10", "s-maxage=20", "x=y"]
        )
    ),
    st.booleans(),
    st.sampled_from([None, 5.0, 15.0]),
)
def test_nothing_is_kept_longer_than_it_says(
    said: list[str], is_private: bool, ttl: float | None
) -> None:
    headers = [(b"cache-control", ", ".join(said).encode())] if said else []

    life = kept_for(headers, ttl, now=0.0, is_private=is_private)

    if {"no-store", "no-cache"} & {*said} or ("private" in said and not is_private):
        assert life == 0
        return
    ages = [10.0] if "max-age=10" in said else []
    if "s-maxage=20" in said and not is_private:
        ages = [20.0]
    assert life == min([*ages, *([] if ttl is None else [ttl])], default=None)


@pytest.mark.parametrize(
    ("expires", "life"),
    [("Thu, 01 Jan 1970 00:01:40 GMT", 40), ("Thu, 01 Jan 1970 00:00:10 GMT", 0), ("0", 0)],
)
def test_expires_is_heard_where_cache_control_says_nothing(expires: str, life: float) -> None:
    headers = [(b"expires", expires.encode())]

    assert kept_for(headers, 100, now=60, is_private=False) == life
    both = [*headers, (b"cache-control", b"max-age=90")]
    assert kept_for(both, 100, now=60, is_private=False) == 90


def shop() -> TestClient:
    app = App()
    versions = {1: 7}

    @app.get("/{number}")
    async def read(number: int, conditions: Annotated[Conditions, Depends()]) -> Any:
        conditions.check(version=(number, versions[number]), last_modified=MOMENT)
        return {"version": versions[number]}

    @app.put("/{number}")
    async def write(number: int, conditions: Annotated[Conditions, Depends()]) -> Any:
        if number in versions:
            conditions.check(version=(number, versions[number]))
        else:
            conditions.check()
        versions[number] = versions.get(number, 0) + 1
        return {"version": versions[number]}

    return TestClient(app)


def test_a_handler_says_what_is_there_before_it_makes_it() -> None:
    client = shop()
    first = client.get("/1")

    again = client.get("/1", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["last-modified"] == "Wed, 25 Nov 2026 10:00:00 GMT"
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]
    since = {"if-modified-since": first.headers["last-modified"]}
    assert client.get("/1", headers=since).status_code == 304


def test_nobody_overwrites_what_has_changed_meanwhile() -> None:
    client = shop()
    seen = {"if-match": client.get("/1").headers["etag"]}

    assert client.put("/1", headers=seen).json() == {"version": 8}
    assert client.put("/1", headers=seen).status_code == 412
    assert client.put("/1", headers={"if-none-match": "*"}).status_code == 412
    assert client.put("/2", headers={"if-none-match": "*"}).json() == {"version": 1}
    assert client.put("/3", headers={"if-match": "*"}).status_code == 412


def test_finished_answers_get_a_tag_of_their_content() -> None:
    app = App()
    content = {"a": 1}

    @app.get("/")
    @conditional
    async def handler() -> dict[str, int]:
        return content

    @app.get("/stream")
    @conditional
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"a"]))

    @app.get("/own")
    @conditional
    async def own(response: Response) -> None:
        response.headers["etag"] = '"own"'

    @app.get("/missing")
    @conditional
    async def missing() -> Response:
        return Response(status_code=404)

    client = TestClient(app)
    seen = {"if-none-match": client.get("/").headers["etag"]}
    assert client.get("/", headers=seen).status_code == 304
    assert client.head("/", headers=seen).status_code == 304
    content["a"] = 2

    assert client.get("/", headers=seen).json() == {"a": 2}
    assert "etag" not in client.get("/stream").headers
    assert "etag" not in client.get("/missing").headers
    assert client.get("/own").headers["etag"] == '"own"'


def test_tags_of_content_are_for_reading_alone() -> None:
    app = App()

    @app.post("/")
    @conditional
    async def handler() -> None: ...

    with pytest.raises(SetupError, match="conditional stands on a route for POST"):
        app.built()
