"""Server-sent events: every event is the bytes that the standard's parser reads back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trivet.http.sse import ServerSentEvent, format_sse_event


def parsed(text: str) -> dict[str, str]:
    """Read one event as the standard says (WHATWG HTML, 9.2.6); comments are left out."""
    lines = re.split("\r\n|\r|\n", text)
    assert lines[-2:] == ["", ""]
    found: dict[str, str] = {}
    for line in lines[:-2]:
        assert line, "an empty line would end the event early"
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in found:
            found["data"] += "\n" + value
        elif name:
            found[name] = value
    return found


LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8)


@given(
    data=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    event=st.none() | LINE,
    id=st.none() | LINE,
    retry=st.none() | st.integers(0, 10**6),
    comment=st.none() | st.text("ab\r\n", max_size=6),
)
def test_events_are_read_back_as_they_were(
    data: str | None, event: str | None, id: str | None, retry: int | None, comment: str | None
) -> None:
    text = format_sse_event(data_str=data, event=event, id=id, retry=retry, comment=comment)

    expected = {"event": event, "id": id, "retry": None if retry is None else str(retry)}
    expected["data"] = None if data is None else re.sub("\r\n|\r", "\n", data)
    found = parsed(text.decode())
    assert found == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "a\nb"},
        {"event": "a\rb"},
        {"id": "a\nb"},
        {"id": "a\0b"},
        {"retry": -1},
        {"data": 1, "raw_data": "x"},
    ],
)
def test_what_would_break_the_stream_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServerSentEvent(**wrong)  # type: ignore[arg-type]
