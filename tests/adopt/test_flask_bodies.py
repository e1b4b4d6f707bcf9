"""Forms and JSON of Flask, moved: right, wrong, missing and too large, answered as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adopt.flask_pair import Pair, pair, why_stays
from trivet.adopt import Kind

SITE = """
from flask import Request
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_200_000

@app.post("/form")
def form():
    name = request.form["name"]
    other = request.form.get("other", "none")
    return f"{name} {other} {request.form.getlist('many')} {sorted(request.form)}"

@app.post("/number")
def number():
    return {"number": request.form.get("name", 7, type=int), "is": "other" in request.form}

@app.route("/enter", methods=["GET", "POST"])
def enter():
    if request.method == "POST":
        return redirect(url_for("entered", name=request.form["name"]))
    return "enter"

@app.get("/entered/<name>")
def entered(name): return name

@app.post("/file")
def file():
    given = request.files["name"]
    return f"{given.filename} {given.read()!r}"

@app.post("/json")
def as_json():
    data = request.get_json()
    return {"got": data, "is": request.is_json}

@app.put("/title")
def title():
    return jsonify(title=request.json["title"])

@app.put("/silent")
def silent():
    return jsonify([request.get_json(silent=True), request.get_json(force=True, silent=True)])

@app.post("/lazy")
def lazy():
    if request.args.get("read"):
        return {"got": request.json}
    return "unread"
"""
POSTS = ("/form", "/number", "/enter", "/file", "/json", "/lazy", "/lazy?read=1")
PUTS = ("/title", "/silent")
TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=latin-1",
    "multipart/form-data; boundary=x", "multipart/form-data", "application/json", "text/plain",
    "application/json; charset=utf-8", "application/vnd.own+json", "APPLICATION/JSON", "nonsense",
)  # fmt: skip
PART = b'--x\r\nContent-Disposition: form-data; name="name"%s\r\n\r\n%s\r\n--x--\r\n'
BODIES = (
    b"name=a%20b&many=1&many=2&other=%ff", b"name=&other", b"other=1", b"", b"{", b"null", b"[1, 2",
    b'{"title": "\xc3\xa9", "a": NaN, "b": 1e999, "c": null}', b'{"title": [1, {"b": 2, "a": 1}]}',
    b'"text"', b"\xff", PART % (b"", b"hi"), PART % (b'; filename="a.txt"', b"hi"), PART[:20],
    PART % (b"", b"a" * 600_000), b"name=" + b"b" * 600_000, b"x" * 1_300_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("bodies"), SITE) as made:
        yield made


def test_all_routes_of_the_site_are_moved(site: Pair) -> None:
    assert [name for name, kind in site.kinds.items() if kind is Kind.STAYS] == []


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("number", range(len(BODIES)))
def test_every_body_of_every_type_is_answered_as_before(site: Pair, kind: str, number: int) -> None:
    for path in POSTS:
        site.same("POST", path, data=BODIES[number], content_type=kind)
    for path in PUTS:
        site.same("PUT", path, data=BODIES[number], content_type=kind)


def test_refusals_are_flasks(site: Pair) -> None:
    form, json = "application/x-www-form-urlencoded", "application/json"

    assert site.same("POST", "/form", data=b"other=1", content_type=form) == 400
    assert site.same("POST", "/json", data=b"{", content_type=json) == 400
    assert site.same("POST", "/json", data=b"{}", content_type="text/plain") == 415
    assert site.same("POST", "/json", data=BODIES[-1], content_type=json) == 413
    assert site.same("PUT", "/title", data=b"{}", content_type=json) == 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", [*POSTS, *PUTS, "/form/", "/json/"])
def test_other_methods_and_paths_are_answered_as_before(site: Pair, method: str, path: str) -> None:
    site.same(method, path)


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=60), kind=st.sampled_from(TYPES))
def test_any_bytes_are_answered_as_before(site: Pair, data: bytes, kind: str) -> None:
    for path in POSTS:
        site.same("POST", path, data=data, content_type=kind)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.tuples(st.sampled_from(["name", "other", "many"]), st.binary(max_size=9)))
)
def test_any_multipart_form_is_answered_as_before(
    site: Pair, values: list[tuple[str, bytes]]
) -> None:
    data = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in values
    )
    for path in ("/form", "/number", "/enter"):
        site.same(
            "POST", path, data=data + b"--x--\r\n", content_type="multipart/form-data; boundary=x"
        )


def test_form_becomes_a_parameter_that_says_what_is_usual(site: Pair) -> None:
    assert 'def form(sent: Sent) -> HTMLResponse:\n    name = sent.form["name"]' in site.text
    assert "Annotated[str, Form()]" in site.text


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ("return request.form['a'] + session['b']", "session"),
        ("return {'a': request.stream.read()}", "request.stream"),
        ("return f'{load(request)}'", "needs request"),
        ("sent = request.form['a']\n    return sent", "something else"),
        ("return jsonify(request.form)", "plain data"),
    ],
)
def test_what_cannot_be_followed_stays(tmp_path: Path, view: str, why: str) -> None:
    code = f"app = Flask(__name__)\nload = str\n@app.post('/x')\ndef x():\n    {view}\n"

    assert why in why_stays(tmp_path, code, "x")


def test_body_stays_where_the_project_has_pages_of_its_own_for_errors(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__)\n@app.errorhandler(400)\ndef bad(error): return 'mine', 400\n"
        "@app.post('/x')\ndef x(): return request.form['a']\n@app.post('/y')\ndef y(): return 'y'\n"
    )

    with pair(tmp_path, code) as made:
        assert made.kinds["x"] is Kind.STAYS
        assert made.kinds["y"] is Kind.REWRITTEN
        assert made.same("POST", "/x") == 400


def test_handler_of_all_errors_keeps_every_route(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__)\n@app.errorhandler(ValueError)\ndef bad(error): return 'mine', 400\n"
        "@app.post('/x')\ndef x(): return f\"{int('x')}\"\n"
    )

    with pair(tmp_path, code) as made:
        assert made.kinds["x"] is Kind.STAYS
        assert made.same("POST", "/x") == 400
