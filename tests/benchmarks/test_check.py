"""Only the one right answer is accepted before a peer is measured."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.case import LoadCase
from benchmarks.cases import LOAD_CASES
from benchmarks.check import Reply, WrongAnswer, compare, events
from benchmarks.load import LoadFailed, checked
from benchmarks.peers import APPS
from benchmarks.socket_client import take_frame

GET = next(case for case in LOAD_CASES if case.name == "get")
TOKENS = next(case for case in LOAD_CASES if case.name == "tokens")
BODY = json.dumps(GET.answer).encode()
RIGHT = Reply(
    200,
    {"content-type": "application/json; charset=utf-8", "content-length": str(len(BODY))},
    BODY,
)


def test_the_right_answer_is_accepted() -> None:
    compare(GET, RIGHT)


@pytest.mark.parametrize(
    "reply",
    [
        replace(RIGHT, status=201),
        replace(RIGHT, headers={**RIGHT.headers, "content-type": "text/html"}),
        replace(RIGHT, headers={**RIGHT.headers, "content-length": "1"}),
        replace(RIGHT, body=BODY.replace(b"Hello", b"Hallo")),
        replace(RIGHT, body=b"x" * len(BODY)),
    ],
    ids=["status", "type", "length", "value", "no JSON"],
)
def test_anything_else_is_refused(reply: Reply) -> None:
    with pytest.raises(WrongAnswer):
        compare(GET, reply)


def test_a_stream_with_an_event_missing_is_refused() -> None:
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in TOKENS.answer]
    headers = {"content-type": "text/event-stream"}

    compare(TOKENS, Reply(200, headers, b"".join(lines)))
    with pytest.raises(WrongAnswer):
        compare(TOKENS, Reply(200, headers, b"".join(lines[:-1])))


def _page(case: LoadCase, page: str) -> Reply:
    headers = {"content-type": "text/html", "content-length": str(len(page.encode()))}
    return Reply(case.status, headers, page.encode())


FORM = next(case for case in LOAD_CASES if case.name == "form-refused")
PAGE = """<form method="post"><input type="hidden" name="csrf" value="x"><ul><li>1<li>2<li>3</ul>
<label for="a">Name</label><input name="name" id="a" required aria-invalid="true">
<label for="b">E</label><input type="email" name="email" id="b" value="ann at example.org" required
 aria-invalid="true">
<label for="c">Seats</label><input type="number" name="seats" id="c" value="11" required
 aria-invalid="true">
<label for="d">Meal</label><select name="meal" id="d"><option value="meat">meat</option>
<option value="fish" selected>fish</option><option value="plants">plants</option></select>
<label for="e">Note</label><textarea name="note" id="e">
&lt;b&gt;by&lt;/b&gt; the "window" &amp; the 'door'</textarea></form>"""


def test_a_page_is_right_by_its_form_whatever_its_mark_up() -> None:
    compare(FORM, _page(FORM, PAGE))


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('value="11"', 'value="10"'),
        ('aria-invalid="true"', ""),
        ('value="x"', 'value=""'),
        ("<li>", "<p>"),
        ('for="e"', ""),
        ("&lt;b&gt;by&lt;/b&gt;", "<b>by</b>"),
        ('method="post"', ""),
        ("fish</option>", "fish</option><option>tofu</option>"),
    ],
)
def test_a_page_with_another_form_is_refused(there: str, instead: str) -> None:
    with pytest.raises(WrongAnswer):
        compare(FORM, _page(FORM, PAGE.replace(there, instead)))


def test_comments_and_other_fields_are_not_events() -> None:
    assert events(b': ping\n\nid: 3\r\ndata: {"a": 1}\r\n\r\ndata:2\n\n') == [{"a": 1}, 2]


def test_a_load_with_any_failed_request_does_not_count() -> None:
    output = (
        'RESULT {"requests": 9, "seconds": 1, "bytes": 9, "p50_ms": 1, "p99_ms": 2, '
        '"errors": 0, "bad_statuses": 1}'
    )

    with pytest.raises(LoadFailed, match="1 answers that were not 2xx"):
        checked(output)


@pytest.mark.parametrize("cut", range(7))
def test_a_frame_cut_short_waits_for_the_rest(cut: int) -> None:
    frame = b"\x81\x05hello"

    assert take_frame(frame[:cut]) is None
    assert take_frame(frame + b"\x89\x00") == (0x1, b"hello", b"\x89\x00")


@pytest.mark.parametrize("name", ["app", "routes", "hello"])
def test_trivet_and_fastapi_run_the_same_program(name: str) -> None:
    """The two files differ in nothing but docstring, imports and the name of the application."""

    def program(framework: str) -> str:
        tree = ast.parse(Path(APPS / f"{framework}_{name}.py").read_text())
        body = [node for node in tree.body[1:] if not isinstance(node, ast.ImportFrom)]
        return re.sub(r"\b(FastAPI|App)\(\)", "Application()", ast.unparse(body))

    assert program("trivet") == program("fastapi")
