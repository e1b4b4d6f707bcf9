"""Flask's templates, rendered by Trivet's: the same bytes, or the route stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adopt.flask_pair import Pair, pair, why_stays
from trivet.adopt import Kind

SITE = """
app = Flask(__name__)
ITEMS = [{"name": "tea & milk", "price": 4.5}, {"name": "<b>", "price": None}]

@app.route("/", methods=["GET", "POST"])
def home():
    if request.method == "POST":
        return redirect(url_for("search", word=request.form["word"]))
    return render_template("home.html", items=ITEMS, title="Home")

@app.get("/search/<word>")
def search(word):
    return render_template("search.html", word=word, items=[x for x in ITEMS if word in x["name"]])

@app.get("/feed")
def feed():
    return render_template("feed.xml", items=ITEMS), 200, {"Content-Type": "application/rss+xml"}

@app.get("/plain")
def plain():
    answer = make_response(render_template("plain.txt", word="<b> & c"), 201)
    answer.headers["Content-Type"] = "text/plain"
    return answer

@app.get("/broken")
def broken(): return render_template("broken.html", word=None)

@app.get("/wrapped")
def wrapped(): return "<main>" + render_template("part.html", item=ITEMS[0]) + "</main>"
"""
FILES = {
    "templates/layout.html": """<!doctype html>
<title>{% block title %}Shop{% endblock %}</title>
{# url_for and session may be spoken of here #}
  {% block body %}
  {% endblock %}

""",
    "templates/home.html": """{% extends "layout.html" %}
{% from 'macros.html' import price %}
{% block title %}{{ title }} - {{ super() }}{% endblock %}
{% block body %}
  {% for item in items %}
    {% include "part.html" %}
    {{ price(item.price) }} {{ loop.index }}
  {% else %}
    nothing
  {% endfor %}
  {% set total = items|length %}
  {{ total }} {{ missing }} {{ items[0].nothing }} {{ "%.2f"|format(2) }}
{% endblock %}
""",
    "templates/macros.html": """{% macro price(of, sign="€") -%}
  {% if of is none %}free{% else %}{{ of|round(1) }}{{ sign }}{% endif %}
{%- endmacro %}
""",
    "templates/part.html": "<li title='{{ item.name }}'>{{ item.name|e }} {{ item.name|upper }}\n",
    "templates/search.html": """{% extends "layout.html" %}
{% block body %}
  {% if word %}<h1>{{ word }}</h1>{% endif %}
  {{ word|safe }} {{ word|urlencode }} {{ word|truncate(5) }}
  {%- for item in items %}
  {{ item["name"] }}
  {%- endfor %}
{% endblock %}
""",
    "templates/feed.xml": "<rss>\n{% for one in items %}\n<a>{{ one.name }}\n{% endfor %}</rss>",
    "templates/plain.txt": "{% if word %}\n  {{ word }}\n{% endif %}\nend\n\n",
    "templates/broken.html": "{{ word.a.b }}",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("pages"), SITE, **FILES) as made:
        yield made


def test_all_routes_of_the_site_are_moved(site: Pair) -> None:
    assert [site.why[name] for name, kind in site.kinds.items() if kind is Kind.STAYS] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize(
    "path", ["/", "/search/tea", "/search/%3Cb%3E", "/feed", "/plain", "/broken", "/wrapped", "/x/"]
)
def test_every_page_is_the_same_as_before(site: Pair, method: str, path: str) -> None:
    site.same(method, path)


@settings(max_examples=40, deadline=None)
@given(word=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12))
def test_whatever_is_shown_is_escaped_as_before(site: Pair, word: str) -> None:
    kind = "application/x-www-form-urlencoded"

    site.same("POST", "/", data=f"word={word}".encode(), content_type=kind)
    site.same("GET", f"/search/{word.replace('/', '-').replace('?', '').replace('#', '') or 'a'}")


def test_written_file_says_what_is_usual_in_trivet(site: Pair) -> None:
    assert 'pages = app.use(FlaskPages("templates"))' in site.text
    assert "`await pages.render(name, request=request, …)` gives a response" in site.text


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ url_for('x') }}", "uses url_for"),
        ("{% if g.user %}a{% endif %}", "uses g"),
        ("{% for one in get_flashed_messages() %}{% endfor %}", "uses get_flashed_messages"),
        ("{{ request.path }}", "uses request"),
        ("{{ config['A'] }}", "uses config"),
        ("{{ session.a }}", "uses session"),
        ("{{ csp_nonce }}", "uses csp_nonce"),
        ("{{ _('Save') }}", "uses _"),
        ("{{ a|tojson }}", "the filter tojson"),
        ("{{ a|own }}", "the filter own"),
        ("{% trans %}a{% endtrans %}", "has {% trans %}"),
        ("{% include a %}", "another whose name"),
        ("{% include ['a.html', 'b.html'] %}", "another whose name"),
        ("{% extends 'a' ~ '.html' %}", "another whose name"),
        ("{% include 'there.html' %}", "there.html uses g"),
        ("{% include 'gone.html' %}", "no template gone.html"),
        ("{% include '../app.py' %}", "no template ../app.py"),
        ("{{ a ", "cannot be followed"),
    ],
)
def test_template_that_needs_more_keeps_its_route(tmp_path: Path, template: str, why: str) -> None:
    code = (
        "app = Flask(__name__)\n@app.get('/x')\ndef x(): return render_template('x.html', a='a')\n"
    )
    files = {"templates/x.html": template, "templates/there.html": "{{ g.a }}"}

    assert why in why_stays(tmp_path, code, "x", **files)


@pytest.mark.parametrize(
    ("around", "why"),
    [
        ("@app.context_processor\ndef c(): return {'a': 'b'}", "context_processor"),
        ("@app.template_filter()\ndef upper(text): return 'own'", "template_filter"),
        ("app.jinja_env.globals['b'] = 1", "jinja_env"),
        ("app.jinja_options = {'trim_blocks': True}", "jinja_options"),
        (
            "name = 'x.html'\n@app.get('/x')\ndef x(): return render_template(name)",
            "not written out",
        ),
        (
            "@app.get('/x')\ndef x(): return render_template('x.html', **{'a': 1})",
            "not written out",
        ),
    ],
)
def test_what_changes_templates_keeps_their_routes(tmp_path: Path, around: str, why: str) -> None:
    view = "@app.get('/x')\ndef x(): return render_template('x.html', a='a')\n"
    code = f"app = Flask(__name__)\n{'' if 'def x' in around else view}\n{around}\n"

    assert why in why_stays(tmp_path, code, "x", **{"templates/x.html": "{{ a }}"})


def test_folder_of_the_application_is_taken(tmp_path: Path) -> None:
    code = (
        "app = Flask(__name__, template_folder='views')\n"
        "@app.get('/x')\ndef x(): return render_template('x.html', a='<a>')\n"
    )

    with pair(tmp_path, code, **{"views/x.html": "{{ a }}"}) as made:
        assert made.kinds["x"] is Kind.REWRITTEN
        assert made.same("GET", "/x") == 200


def test_folder_of_a_package_is_named_beside_the_written_file(tmp_path: Path) -> None:
    package = (
        "from flask import Flask, render_template\ndef create_app():\n    app = Flask(__name__)\n"
        "    @app.get('/x')\n    def x(): return render_template('sub/x.html', a='<a>')\n"
        "    return app\n"
    )
    files = {"shop/__init__.py": package, "shop/templates/sub/x.html": "{{ a }}\n"}

    with pair(tmp_path, "from shop import create_app\napp = create_app()\n", **files) as made:
        assert made.kinds["x"] is Kind.REWRITTEN
        assert 'FlaskPages("shop/templates")' in made.text
        made.same("GET", "/x")
