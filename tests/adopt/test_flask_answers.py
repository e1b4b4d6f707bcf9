"""Flask's redirects, links and responses, moved: the same status, body and headers as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adopt.flask_pair import Pair, pair, why_stays
from trivet.adopt import Kind

SITE = """
app = Flask(__name__)
blog = Blueprint("blog", __name__, url_prefix="/blog")
GREETING = "hel\\"lo"

@app.get("/home")
def home(): return redirect("/x?a=é b|c#d")

@app.get("/gone", endpoint="left")
def gone():
    return redirect(url_for("blog.read", number=7, q="a b&c", of=None), code=301)

@app.get("/named/<name>")
def named(name): return redirect(url_for("named", name=name, of=name), 303)

@app.get("/next")
def onward(): return redirect(request.args.get("next") or url_for("home"))

@app.get("/text/<name>")
def text(name):
    found = name.strip() + GREETING
    return found

@app.get("/links/<name>/<int:number>")
def links(name, number):
    far = url_for("left")
    return f"<a href='{url_for('named', name=name)}'>{url_for('blog.read', number=number)}</a>" + (
        url_for("static", filename="a b/ü.css") + far
    )

@app.route("/both", methods=["GET", "POST"])
def both():
    if request.method == "POST":
        return {"made": True}, 201, {"X-Kind": "both", "Cache-Control": "no-store"}
    return "both", {"X-Kind": "one"}

@app.get("/plain")
def plain(): return Response("pläin", status=202, mimetype="text/plain")

@app.get("/xml")
def xml(): return Response("<a/>", mimetype="application/xml", headers={"X-Kind": "x"})

@app.get("/csv")
def csv(): return Response("a,b", content_type="text/csv; charset=latin-1")

@app.get("/raw")
def raw(): return Response('{"a": 1}', 200, None, "application/json")

@app.get("/nothing")
def nothing(): return Response()

@app.get("/made/<int:number>")
def made(number):
    answer = make_response({"number": number}, 201)
    answer.headers["X-Kind"] = number
    answer.headers["Location"] = url_for("made", number=number)
    if number == 3:
        answer.status_code = 203
    return answer

@app.get("/typed")
def typed():
    answer = Response("a")
    answer.headers["Content-Type"] = "text/x-own"
    return answer

@app.get("/empty")
def empty(): return "", 204

@app.get("/cut")
def cut(): return {"a": 1}, 204, {"X-Kind": "e"}

@app.get("/float")
def floats(): return {"b": request.args.get("x", 1.5, type=float), "a": "é"}

@app.get("/boom")
def boom(): return str(1 / 0)

@app.get("/nope/<int:number>")
def nope(number):
    if number > 3: abort(418)
    abort(404, "<b>no</b>")

@blog.get("/<int:number>")
def read(number): return f"{number} {url_for('.read', number=number)}"

@blog.route("/")
def index(): return "index"

app.register_blueprint(blog)
"""
STAYING = frozenset[str]()
PATHS = (
    "/home", "/gone", "/named/a%20b%2Fc%C3%A9%26", "/named/a'\"b%3F", "/next", "/next?next=//x",
    "/text/%20a", "/links/a'b%3F/4", "/links/a/x", "/both", "/plain", "/xml", "/csv", "/raw",
    "/nothing", "/made/3", "/made/4", "/typed", "/empty", "/cut", "/float", "/float?x=nan",
    "/float?x=1e999", "/float?x=z", "/boom", "/nope/2", "/nope/5", "/blog/5", "/blog/", "/blog",
    "/blog/5/", "/plain/", "/made/" + "9" * 30, "/made/٣", "/static/nothing.css", "/elsewhere",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("answers"), SITE) as made:
        yield made


def test_all_routes_of_the_site_are_moved(site: Pair) -> None:
    assert {name for name, kind in site.kinds.items() if kind is Kind.STAYS} == STAYING


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
def test_every_method_and_path_is_answered_as_before(site: Pair, method: str, path: str) -> None:
    site.same(method, path)


@settings(max_examples=60, deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_whatever_stands_in_a_path_is_linked_to_as_before(site: Pair, name: str) -> None:
    part = quote(name, safe="")

    for path in (f"/named/{part}", f"/text/{part}", f"/links/{part}/3", f"/next?next={part}"):
        site.same("GET", path)


def test_links_stand_below_the_place_of_the_application(tmp_path: Path) -> None:
    code = "app = Flask(__name__)\n@app.get('/a')\ndef a(): return redirect(url_for('a'))\n"

    with pair(tmp_path, code) as made:
        made.root_path("/shop")

        assert made.same("GET", "/shop/a") == 302


def test_written_file_says_what_is_usual_in_trivet(site: Pair) -> None:
    assert 'blog = Router(prefix="/blog")' in site.text
    assert '@blog.get("/{number:int}")' in site.text
    assert 'return redirected(link(request, "/blog/7", q="a b&c", of=None), 301)' in site.text
    assert "`RedirectResponse(location, code)` does it without one" in site.text


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ("return redirect('/a', Response=Response)", "given Response="),
        ("return redirect('/a', code=int('302'))", "status of its answer"),
        ("return redirect('/a', 304)", "servers change"),
        ("return redirect('/a'), 301", "redirect with more"),
        ("return redirect(url_for('other'))", "which path 'other' has"),
        ("return url_for('twice')", "which path 'twice' has"),
        ("return url_for('x', _external=True)", "_external="),
        ("return url_for('x', **{'a': 1})", "not written out"),
        ("return url_for('x', a=object())", "may be anything"),
        ("return url_for('by_name', name=request.args.get('a'))", "may be anything"),
        ("return url_for('by_name')", "not given name"),
        ("return url_for('by_number', number='3')", "may be anything"),
        ("return url_for(name)", "not written out"),
        ('make = url_for\n    return f"{make(1)}"', "nobody can follow"),
        ("return 'a', name", "status of its answer"),
        ("return 'a', 200, {'X-A': name}", "one line"),
        ("return 'a', 200, {'X-A': 'a\\n'}", "one line"),
        ("return 'a', 200, {'X-A': 'a', 'x-a': 'b'}", "twice"),
        ("return 'a', 200, {'Content-Length': '3'}", "left to the server"),
        ("return 'a', 200, {'Location': '/a b'}", "one line"),
        ("return str(1), 204", "not sent"),
        ("return Response(name())", "more than a text"),
        ("return Response('a', mimetype=name)", "type of its answer"),
        ("return Response('a', content_type='text/x; a=b')", "type of its answer"),
        ("return Response('a', direct_passthrough=True)", "direct_passthrough="),
        ("a = make_response('a')\n    a.set_cookie('a', 'b')\n    return a", "does to a"),
        ("a = make_response('a')\n    b = a\n    return a", "does to a"),
        ("a = make_response('a')\n    a.headers['X-A'] = name\n    return a", "one line"),
        (
            "try:\n        abort(404)\n    except Exception:\n        return 'a'\n    return 'b'",
            "catch",
        ),
        ("link = 'a'\n    return link", "something else"),
        ("d = {}\n    d['a'] = name\n    return jsonify(d)", "plain data"),
    ],
)
def test_what_may_answer_otherwise_stays(tmp_path: Path, view: str, why: str) -> None:
    others = (
        "@app.get('/o/<path:name>')\ndef by_path(name): return name\n"
        "@app.get('/n/<name>')\ndef by_name(name): return name\n"
        "@app.get('/i/<int:number>')\ndef by_number(number): return 'a'\n"
        "@app.get('/1')\n@app.get('/2')\ndef twice(): return 'a'\n"
    )
    code = f"app = Flask(__name__)\nname = object()\n@app.get('/x')\ndef x():\n    {view}\n{others}"

    assert why in why_stays(tmp_path, code, "x")
