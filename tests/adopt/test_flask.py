"""A Flask project inside Trivet: the same answers, and a reason for each route that stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.running import project, said_by
from trivet.adopt import Kind, write
from trivet.adopt.flask import adopt_flask

# What is asked, of Flask itself and of Trivet: one visitor, from registering to leaving.
ASKED = """
asked = [
    ("GET", "/hello", None), ("GET", "/", None), ("GET", "/create", None),
    ("POST", "/auth/register", {"username": "ann", "password": "a"}),
    ("POST", "/auth/register", {"username": "ann", "password": "a"}),
    ("POST", "/auth/login", {"username": "ann", "password": "wrong"}),
    ("POST", "/auth/login", {"username": "ann", "password": "a"}),
    ("POST", "/create", {"title": "", "body": "b"}),
    ("POST", "/create", {"title": "A title", "body": "b"}), ("GET", "/", None),
    ("POST", "/7/delete", None), ("POST", "/1/delete", None), ("GET", "/", None),
    ("GET", "/auth/logout", None), ("GET", "/", None),
    ("GET", "/api/themes", None), ("GET", "/api/themes?q=t&limit=1", None),
    ("GET", "/api/themes?q=tr&q=food&limit=x", None), ("GET", "/api/themes/2", None),
    ("PUT", "/api/themes/2", None), ("GET", "/api/themes/9", None),
    ("GET", "/api/themes/x", None), ("GET", "/api/themes/2/", None),
    ("DELETE", "/api/themes/2", None), ("OPTIONS", "/hello", None), ("HEAD", "/hello", None),
    ("POST", "/hello", None), ("GET", "/api/today", None), ("GET", "/api/views", None),
    ("GET", "/nothing", None), ("GET", "/docs", None),
]
def told(status, body, headers):
    kind = headers.get("content-type", "")
    text = json.dumps(json.loads(body), sort_keys=True) if "json" in kind else body
    allow = sorted(headers.get("allow", "").replace(" ", "").split(","))
    return [status, text, kind, headers.get("location"), allow]
"""
BEFORE = (
    "import json\n"
    + ASKED
    + """
from flaskr import create_app
client = create_app().test_client()
answers = []
for method, path, form in asked:
    one = client.open(path, method=method, data=form)
    headers = {name.lower(): value for name, value in one.headers}
    answers.append(told(one.status_code, one.text, headers))
print(json.dumps(answers))
"""
)
AFTER = (
    "import json\n"
    + ASKED
    + """
from trivet.testing import TestClient
from trivet_app import app
client = TestClient(app, base_url="http://localhost", follow_redirects=False)
answers = []
for method, path, form in asked:
    one = client.request(method, path, data=form)
    answers.append(told(one.status_code, one.text, one.headers))
print(json.dumps(answers))
"""
)


def adopted(tmp_path: Path, **files: str) -> dict[str, tuple[Kind, str]]:
    """Write a project of these files; gives what becomes of each of its functions."""
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    notes = adopt_flask(tmp_path).notes
    return {
        note.what.split(":")[0].split(" ")[0]: (note.kind, note.what)
        for note in notes
        if note.kind in (Kind.REWRITTEN, Kind.STAYS)
    }


def site(view: str, head: str = "", tail: str = "") -> str:
    return (
        "from flask import Flask, abort, g, jsonify, request, session\n"
        f"{head}\napp = Flask(__name__)\n\n{view}\n{tail}\n"
    )


def test_project_answers_the_same_before_and_after(tmp_path: Path) -> None:
    folder = project("flaskr", tmp_path)
    before = said_by(BEFORE, folder, FLASKR_DATABASE=str(tmp_path / "before.sqlite"))

    write(adopt_flask(folder), force=True)
    after = said_by(AFTER, folder, FLASKR_DATABASE=str(tmp_path / "after.sqlite"))

    assert after == before
    assert {200, 302, 404, 405} <= {one[0] for one in before}


def test_no_file_of_the_project_changes(tmp_path: Path) -> None:
    folder = project("flaskr", tmp_path)

    adoption = adopt_flask(folder)

    assert [path.name for path in adoption.changed] == ["trivet_app.py"]


def test_report_says_what_is_moved_and_why_the_rest_stays(tmp_path: Path) -> None:
    notes = adopt_flask(project("flaskr", tmp_path)).notes

    moved = {note.place for note in notes if note.kind is Kind.REWRITTEN}
    assert moved == {
        "flaskr/__init__.py:19", "flaskr/api.py:14", "flaskr/api.py:23", "trivet_app.py",
    }  # fmt: skip
    stays = {note.place: (note.what, note.mend) for note in notes if note.kind is Kind.STAYS}
    assert stays["flaskr/blog.py:10"][0] == "index: it needs g, by get_db"
    assert "Depends(get_db)" in stays["flaskr/auth.py:21"][1]
    assert "login_required" in stays["flaskr/blog.py:21"][0]
    assert "plain data" in stays["flaskr/api.py:30"][0]


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ("@app.get('/x')\ndef x(): return session['a']", "session"),
        ("@app.get('/x')\ndef x(): return request.endpoint", "request.endpoint"),
        ("@app.get('/x')\ndef x(): return request.form.get('a')", "plain data"),
        ("@app.get('/x')\ndef x(): return helper()", ", by helper"),
        ("@app.get('/x')\ndef x(): return 'a' if g else 'b'", "g"),
        ("@app.get('/x')\ndef x():\n    if request.method == 'GET':\n        return 'a'", "end"),
        ("@app.get('/x')\n@app.get('/y')\ndef x(): return 'a'", "several routes"),
        ("@app.get('/<path:p>')\ndef x(p): return 'a'", "<path"),
        ("@app.get('/<a>')\ndef x(): return 'a'", "parameters"),
        ("@app.get('/x', defaults={'a': 1})\ndef x(a): return 'a'", "defaults="),
        ("@app.get('/x')\ndef x(): return jsonify({1, 2})", "plain data"),
        ("@app.get('/x')\ndef x(): return jsonify(now())", "plain data"),
        ("@app.get('/x')\ndef x():\n    yield 'a'", "streams"),
        ("@app.get('/x')\ndef x():\n    abort(later)", "written out"),
        ("@app.get('/x')\ndef x():\n    global n\n    n = 1\n    return f'{n}'", "made anew"),
        ("@app.get('/x')\ndef x(): return f'{(lambda: 1)()}'", "function within"),
    ],
)
def test_what_cannot_be_followed_stays(tmp_path: Path, view: str, why: str) -> None:
    head = "later = 404\nn = 0\ndef helper(): return g.user\ndef now(): return object()\n"

    kind, what = adopted(tmp_path, app=site(view, head=head))["x"]

    assert kind is Kind.STAYS
    assert why in what


@pytest.mark.parametrize(
    ("around", "why"),
    [
        ("@app.before_request\ndef b():\n    return 'closed'", "before_request"),
        ("@app.before_request\ndef b():\n    abort(403)", "before_request"),
        ("@app.after_request\ndef b(answer): return answer", "after_request"),
        ("app.wsgi_app = object()", "WSGI middleware"),
        ("import flask_cors", "flask_cors"),
        ("@app.errorhandler(404)\ndef b(error): return 'gone', 404", "pages of its own"),
    ],
)
def test_what_stands_around_requests_keeps_routes_where_they_are(
    tmp_path: Path, around: str, why: str
) -> None:
    view = "@app.get('/x')\ndef x():\n    abort(404)"

    kind, what = adopted(tmp_path, app=site(view, tail=around))["x"]

    assert kind is Kind.STAYS
    assert why in what


@pytest.mark.parametrize(
    "around",
    [
        "@app.before_request\ndef b():\n    g.user = None",
        "@app.teardown_request\ndef b(error): ...",
        "import flask_migrate",
    ],
)
def test_what_cannot_answer_keeps_nothing_back(tmp_path: Path, around: str) -> None:
    view = "@app.get('/x')\ndef x():\n    abort(404)"

    assert adopted(tmp_path, app=site(view, tail=around))["x"][0] is Kind.REWRITTEN


def test_data_that_is_changed_somewhere_is_not_taken_for_plain(tmp_path: Path) -> None:
    view = "@app.get('/x')\ndef x(): return jsonify(DATA)"
    other = "from app import DATA\ndef put(): DATA['a'] = object()\n"

    still = adopted(tmp_path, app=site(view, head="DATA = {'a': 1}"))
    changed = adopted(tmp_path, app=site(view, head="DATA = {'a': 1}"), other=other)

    assert still["x"][0] is Kind.REWRITTEN
    assert changed["x"][0] is Kind.STAYS


def test_route_of_a_blueprint_that_nobody_registers_stays(tmp_path: Path) -> None:
    view = "bp = Blueprint('b', __name__)\n@bp.get('/x')\ndef x(): return 'a'"

    found = adopted(tmp_path, app=site(view, head="from flask import Blueprint"))

    assert found["x"] == (Kind.STAYS, "x: nobody can see at which prefix bp is registered")


def test_several_applications_are_left_to_decide(tmp_path: Path) -> None:
    text = "from flask import Flask\na = Flask('a')\nb = Flask('b')\n"
    (tmp_path / "app.py").write_text(text)

    adoption = adopt_flask(tmp_path)

    assert adoption.changed == {}
    assert [note.kind for note in adoption.notes if "2 lines make" in note.what] == [Kind.DECIDE]


def test_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask('a')\n")
    (tmp_path / "trivet_app.py").write_text("mine = 1\n")

    adoption = adopt_flask(tmp_path)

    assert adoption.changed == {}
    assert any(note.place == "trivet_app.py" for note in adoption.notes if note.kind is Kind.DECIDE)
