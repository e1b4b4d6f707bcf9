"""Flask's blueprints and rules: who answers which path is the same, whatever is moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.flask_pair import pair, why_stays
from trivet.adopt import Kind

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT")


def test_blueprints_become_routers_of_their_names(tmp_path: Path) -> None:
    module = (
        "from flask import Blueprint, url_for\nbp = Blueprint('{name}', __name__{more})\n"
        "@bp.get('/')\ndef index(): return '{name} ' + url_for('.show', key='a b')\n"
        "@bp.get('show/<key>')\ndef show(key): return key\n"
        "@bp.get('/of/<int:number>')\ndef of(number):\n"
        "    return f\"{{number}} {{url_for('b.index')}}\"\n"
    )
    code = (
        "import a, b, c\napp = Flask(__name__)\napp.register_blueprint(a.bp)\n"
        "app.register_blueprint(b.bp, url_prefix='/b/<int:shelf>/')\n"
        "app.register_blueprint(c.bp, url_prefix='/c/')\n@app.get('/')\ndef home(): return 'home'\n"
    )
    files = {
        "a": module.format(name="a", more=", url_prefix='/a'").replace("b.index", "a.index"),
        "b": "from flask import Blueprint\nbp = Blueprint('b', __name__, url_prefix='/no')\n"
        "@bp.get('/x')\ndef x(shelf): return f'{shelf}'\n",
        "c": module.format(name="c-d", more="").replace("b.index", "c-d.index"),
    }

    with pair(tmp_path, code, **files) as made:
        assert Kind.STAYS not in made.kinds.values(), made.why
        assert 'a = Router(prefix="/a")' in made.text
        assert 'b = Router(prefix="/b/{shelf:int}")' in made.text
        assert 'c_d = Router(prefix="/c")' in made.text
        for path in (
            "/", "/a/", "/a", "/a/show/x", "/a/of/3", "/a/of/x", "/b/3/x", "/b/x/x", "/c/", "/c",
            "/c/show/%20", "/c/show/", "/c/of/4", "/no/x",
        ):  # fmt: skip
            for method in METHODS:
                made.same(method, path)


@pytest.mark.parametrize(
    ("rules", "stays"),
    [
        (("/<name>", "/about"), {"one"}),
        (("/<name>", "/<int:name>"), {"one", "two"}),
        (("/a/<name>", "/<name>/b"), {"one", "two"}),
        (("/a/<name>", "/a/<path:name>"), {"one", "two"}),
        (("/a/<name>", "/<path:name>"), {"one", "two"}),
        (("/a-<name>", "/a-b"), {"one"}),
        (("/a", "/a"), {"one", "two"}),
        (("/<int:name>", "/about"), set()),
        (("/a/<name>", "/b/<name>"), set()),
        (("/a/<name>", "/a/<name>/c"), set()),
        (("/a", "/a/"), set()),
        (("/a/<name>", "/a/<name>/"), {"one", "two"}),
        (("/<folder>/<name>", "/b"), {"one"}),
    ],
)
def test_rule_with_a_variable_is_moved_where_no_other_fits_its_paths(
    tmp_path: Path, rules: tuple[str, str], stays: set[str]
) -> None:
    views = ""
    for name, rule in zip(("one", "two"), rules, strict=True):
        given = ", ".join(one for one in ("folder", "name") if f"{one}>" in rule)
        views += f"@app.get('{rule}')\ndef {name}({given}): return '{name}'\n"

    with pair(tmp_path, f"app = Flask(__name__)\n{views}") as made:
        assert {one for one, kind in made.kinds.items() if kind is Kind.STAYS} - {"two"} == (
            stays - {"two"}
        )
        for path in (
            "/about", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/b", "/b/b", "/7", "/a-b", "/a-c",
            "/static/x", "/a/7",
        ):  # fmt: skip
            for method in METHODS:
                made.same(method, path)


def test_methods_of_one_path_may_be_moved_apart(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__)\n@app.get('/x/<name>')\ndef read(name): return name\n"
        "@app.post('/x/<name>')\ndef write(name): return session.get('a', 'b')\n"
    )

    with pair(tmp_path, code) as made:
        assert (made.kinds["read"], made.kinds["write"]) == (Kind.REWRITTEN, Kind.STAYS)
        for method in (*METHODS, "DELETE"):
            made.same(method, "/x/a")


@pytest.mark.parametrize(
    "code",
    [
        "bp = Blueprint('b', __name__, url_prefix=PREFIX)\nVIEW\napp.register_blueprint(bp)",
        "bp = Blueprint('b', __name__)\nVIEW\napp.register_blueprint(bp, **{'url_prefix': '/p'})",
        "bp = Blueprint('b', __name__)\nVIEW\nif 0:\n    app.register_blueprint(bp)",
        "bp = Blueprint('b', __name__)\nup = Blueprint('u', __name__, url_prefix='/u')\nVIEW\n"
        "up.register_blueprint(bp)\napp.register_blueprint(up)",
        "bp = Blueprint('b', __name__)\nVIEW\napp.register_blueprint(bp, url_prefix='/1')\n"
        "app.register_blueprint(bp, name='again', url_prefix='/2')",
        "bp = app\nif 0:\n    @app.get('/x')\n    def x(): return 'x'",
    ],
)
def test_route_whose_place_cannot_be_seen_stays(tmp_path: Path, code: str) -> None:
    view = "@bp.get('/x')\ndef x(): return 'x'"
    head = "PREFIX = '/p'\napp = Flask(__name__)\n"

    with pair(tmp_path, head + code.replace("VIEW", view)) as made:
        assert made.kinds["x"] is Kind.STAYS
        for path in ("/x", "/p/x", "/u/x", "/1/x", "/2/x"):
            made.same("GET", path)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("if 'a' in session: pass\n    session['b'] = 1", "changes flask.session"),
        ("session.permanent = True", "by permanent"),
        ("session.pop('a', None)", "calls pop"),
        ("COUNTS['a'] = 1", "changes app.COUNTS"),
        ("COUNTS.update(a=1)", "calls update"),
        ("refuse()", "refuse"),
        ("forbid()", "refuse a request"),
        ("flash('a')", "uses flash"),
        ("global N\n    N = 1", "changes N"),
        ("g.a = refuse() if 0 else None", "refuse"),
    ],
)
def test_function_before_requests_that_does_more_keeps_routes(
    tmp_path: Path, body: str, why: str
) -> None:
    code = (
        "from flask import flash\nfrom werkzeug.exceptions import Forbidden\n"
        "app = Flask(__name__)\napp.secret_key = 'a'\nCOUNTS = {}\nN = 0\n"
        "def refuse():\n    raise Forbidden\ndef forbid():\n    abort(403)\n"
        f"@app.before_request\ndef before():\n    {body}\n@app.get('/x')\ndef x(): return 'x'\n"
    )
    why = "uses abort" if "forbid" in body else why

    with pair(tmp_path, code) as made:
        assert made.kinds["x"] is Kind.STAYS
        assert why in made.why["x"]
        made.same("GET", "/x")


def test_function_before_requests_that_sets_g_keeps_nothing_back(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__)\napp.secret_key = 'a'\nUSERS = {1: 'ann'}\n"
        "def user_of(number): return USERS.get(number)\n"
        "@app.before_request\ndef before():\n    g.user = user_of(session.get('user'))\n"
        "    if g.user is None:\n        return\n    g.names = []\n    g.names.append(g.user)\n"
        "@app.get('/x')\ndef x(): return 'x'\n@app.get('/y')\ndef y(): return f'{g.user}'\n"
    )

    with pair(tmp_path, code) as made:
        assert (made.kinds["x"], made.kinds["y"]) == (Kind.REWRITTEN, Kind.STAYS)
        for path in ("/x", "/y"):
            made.same("GET", path)


def test_function_of_a_factory_is_served_by_one_application(tmp_path: Path) -> None:
    code = (
        "def create_app():\n    app = Flask(__name__)\n    app.config['MAX_CONTENT_LENGTH'] = 9\n"
        "    @app.post('/x')\n    def x(): return request.form['a']\n    return app\n"
    )

    with pair(tmp_path, code + "\nmade = create_app()\n", app_is="made") as made:
        assert "flask_app = flask_create_app()" in made.text
        kind = "application/x-www-form-urlencoded"
        assert made.same("POST", "/x", data=b"a=1", content_type=kind) == 200
        assert made.same("POST", "/x", data=b"a=123456789", content_type=kind) == 413


def test_names_of_python_are_not_hidden_in_the_written_file(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__)\nimport shop\napp.register_blueprint(shop.bp)\n"
        "@app.get('/len')\ndef len(): return 'len'\n"
    )
    shop = (
        "from flask import Blueprint\nbp = Blueprint('list', __name__, url_prefix='/l')\n"
        "@bp.get('/len')\ndef str(): return 'a'\n"
        "@bp.get('/use/<name>')\ndef use(name): return f'{len(list(name))}'\n"
    )

    with pair(tmp_path, code, shop=shop) as made:
        stays = [name for name, kind in made.kinds.items() if kind is Kind.STAYS]
        assert stays == ["len"]
        assert 'list_routes = Router(prefix="/l")' in made.text
        for path in ("/len", "/l/len", "/l/use/abc"):
            made.same("GET", path)


def test_application_is_imported_first_as_its_modules_may_import_it(tmp_path: Path) -> None:
    code = "app = Flask(__name__)\nKEY = 'k'\nimport aaa\napp.register_blueprint(aaa.bp)\n"
    module = (
        "from app import KEY\nfrom flask import Blueprint\nbp = Blueprint('a', __name__)\n"
        "DATA = {'a': 1}\n@bp.get('/x')\ndef x(): return {'data': DATA, 'key': KEY}\n"
    )

    with pair(tmp_path, code, aaa=module) as made:
        assert made.kinds["x"] is Kind.REWRITTEN
        made.same("GET", "/x")


ODD = """
import flask
from flask import request as r, redirect as go, url_for as to
app = Flask(__name__, static_url_path="/assets")

@app.get("/m/<x>")
def m(x):
    if flask.request.args.get("a"):
        return flask.redirect(flask.url_for("static", filename="x.css"))
    return flask.jsonify(a=x, b=r.method)

@app.post("/n")
def n(): return go(to("m", x=flask.request.form["x"]))

@app.get("/ünï/<x>")
def uni(x): return to("uni", x=x)

@app.get("/a b")
def ab(): return to("ab")

@app.get("/p/<x>/")
def slash(x) -> str:
    '''Doc.'''
    # why
    y: str = x
    return y

@app.get("/pre<x>-<int:y>.html")
def mixed(x, y): return f"{x} {y} {to('mixed', x=x, y=y)}"

@app.route("/opt", methods=["OPTIONS", "GET"])
def opt(): return r.method, 203

@app.route("/head", methods=["HEAD"])
def head(): return "a"

@app.get("/star+$&(a)")
def star(): return to("star", b="x&y=z/é?", c=None)

@app.get("/UP")
def up(): return "up"
"""


def test_odd_paths_and_other_names_of_flask_are_followed(tmp_path: Path) -> None:
    with pair(tmp_path, ODD) as made:
        assert Kind.STAYS not in made.kinds.values(), made.why
        for path in (
            "/m/x?a=1", "/m/x", "/m/a;b=c", "/m/%F0%9F%98%80", "/m/%C3", "/ünï/é", "/a b",
            "/a%20b", "/p/x/", "/p/x", "/p/%2F/", "/p/a%2Fb/", "/prea-3.html", "/prea-b-3.html",
            "/pre-3.html", "/opt", "/head", "/star+$&(a)", "/star%2B%24%26%28a%29", "/UP", "/up",
            "/up?",
        ):  # fmt: skip
            for method in METHODS:
                made.same(method, path)
        kind = "application/x-www-form-urlencoded"
        assert made.same("POST", "/n", data=b"x=%2F%C3%A9", content_type=kind) == 302


def test_path_with_a_brace_stays(tmp_path: Path) -> None:
    with pair(tmp_path, "app = Flask(__name__)\n@app.get('/a{x}')\ndef x(): return 'a'\n") as made:
        assert made.kinds["x"] is Kind.STAYS
        for path in ("/a{x}", "/ab"):
            made.same("GET", path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("app.config['TRUSTED_HOSTS'] = ['localhost']", "by TRUSTED_HOSTS"),
        ("app.response_class = Response", "by response_class"),
        ("app.json.mimetype = 'application/x-own'", "by json.mimetype"),
        ("@app.get('/y')\ndef y():\n    session.permanent = True\n    return 'y'", "by permanent"),
    ],
)
def test_what_changes_every_answer_keeps_all_routes(tmp_path: Path, line: str, why: str) -> None:
    code = f"app = Flask(__name__)\n{line}\n@app.get('/x')\ndef x(): return 'x'\n"

    assert why in why_stays(tmp_path, code, "x")
