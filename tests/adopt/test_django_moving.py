"""What of Django's can be followed: addresses, the code of views, settings, what stands around."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from trivet.adopt.adoption import Source
from trivet.adopt.django.addresses import Unclear, address_of, are_apart, outline
from trivet.adopt.django.around import reason_to_stay
from trivet.adopt.django.configuring import configured
from trivet.adopt.django.kinds import Unknown
from trivet.adopt.django.project import Site, Step, Url
from trivet.adopt.django.said import Sayings
from trivet.adopt.django.tree import Tree
from trivet.adopt.django.views import Handler, Home, handler_of
from trivet.adopt.project import read_project

# -- views ---------------------------------------------------------------------------------------

MODULE = """
import decimal
from uuid import UUID
from django import http
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse as J
from django.shortcuts import redirect, render
from shop.models import Book

ONE = "one"
BOOKS = {"a": 1, "b": None}
NAMES = ["ann", "bob"]
CHANGED = {}
CHANGED["a"] = 1
PASSED = {}
Book.fill(PASSED)
MADE = {"a": decimal.Decimal(1)}

def named(name):
    return name

def view(request, number, word, key):
    BODY
"""


def handler(*lines: str) -> Handler:
    """A view with an int, a text and a UUID in its address, as a handler."""
    code = MODULE.replace("BODY", "\n    ".join(lines))
    source = Source(Path("shop/views.py"), "shop/views.py", cst.parse_module(code))
    project = read_project([source])
    file = project.files["shop/views.py"]
    function = file.top["view"]
    assert isinstance(function, cst.FunctionDef)
    holes = address_of(url(path("<int:number>/<str:word>/<uuid:key>/"))).holes
    return handler_of(Home(project, [code]), file, function, holes)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('return J({"n": number})', 'return DjangoJSON({"n": number})'),
        ('return http.JsonResponse({"n": 1}, status=201)',
         'return DjangoJSON({"n": 1}, status=201)'),
        ("return J([word], safe=False)", "return DjangoJSON([word])"),
        ("return J(data=BOOKS)", "return DjangoJSON(BOOKS)"),
        ("return HttpResponse()", 'return DjangoText("")'),
        ('return HttpResponse(f"{key}-{number}")', 'return DjangoText(f"{key}-{number}")'),
        ("return HttpResponse(content=word, status=404)", "return DjangoText(word, status=404)"),
        ('return redirect("/x")', 'return DjangoRedirect("/x", 302)'),
        ('return redirect("/x", permanent=True)', 'return DjangoRedirect("/x", 301)'),
        ('return http.HttpResponseRedirect("/a[1]")', 'return DjangoRedirect("/a[1]", 302)'),
        ('return http.HttpResponsePermanentRedirect("/")', 'return DjangoRedirect("/", 301)'),
        ("raise http.Http404", "raise Http404"),
        ('return J({"a": [n.upper() for n in NAMES if n != word]})',
         'return DjangoJSON({"a": [n.upper() for n in NAMES if n != word]})'),
        ('return HttpResponse(request.GET.get("q") or ONE)',
         'return DjangoText(request.query_params.get("q") or ONE)'),
        ('return HttpResponse(request.headers.get("User-Agent", ""))',
         'return DjangoText(header(request, "User-Agent", ""))'),
        ('return J({"a": BOOKS[word] if word in BOOKS else 0})',
         'return DjangoJSON({"a": BOOKS[word] if word in BOOKS else 0})'),
    ],
)  # fmt: skip
def test_answers_that_are_followed_are_written(line: str, written: str) -> None:
    assert handler(line).body.strip() == written


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["return render(request, 'a.html')"], "it returns render(request, 'a.html')"),
        (["return word"], "it returns word"),
        (["pass"], "it may end without an answer"),
        (["if word:", "    return HttpResponse()"], "it may end without an answer"),
        (["return J([1])"], "may be more than plain data"),
        (['return J({"a": key})'], "may be more than plain data"),
        (["return J(MADE)"], "MADE is no data that is written out"),
        (["return J(CHANGED)"], "CHANGED is no data that is written out"),
        (["return J(PASSED)"], "PASSED is no data that is written out"),
        (['return J({"a": named(word)})'], "it calls named(), which is not followed"),
        (['return J({"a": Book.objects.count()})'], "Book.objects is not followed"),
        (['return J({"a": BOOKS[word]})'], "BOOKS[word] may raise"),
        (['return J({"a": 1 / number})'], "1 / number is not followed"),
        (['return J({"a": number < word})'], "number < word may raise"),
        (["return J({}, encoder=named)"], "its answer has encoder="),
        (["return J(**BOOKS)"], "what its answer is made of is not written out"),
        (["return HttpResponse(number)"], "may be more than a text"),
        (["return HttpResponse(b'a')"], "may be more than a text"),
        (["return HttpResponse(word, content_type=word)"], "the type of its answer"),
        (["return HttpResponse(word, status=number)"], "the status of its answer"),
        (["return HttpResponse(status=204)"], "the status of its answer"),
        (["return HttpResponse(word, headers={})"], "its answer has headers="),
        (["return redirect('shop:list')"], "the place that it redirects to"),
        (["return redirect('/x', number)"], "the place that it redirects to"),
        (["return redirect(word)"], "the place that it redirects to"),
        (["return HttpResponse(request.user.name)"], "it needs request.user.name"),
        (["return HttpResponse(request.GET['q'])"], 'it needs request.GET'),
        (["return HttpResponse(request.GET.get('q'))"], "may be more than a text"),
        (["return HttpResponse(request.GET.get('q').upper())"], "may raise"),
        (["return HttpResponse(request.POST.get('q', ''))"], "it needs request.POST.get"),
        (["return HttpResponse(request.headers.get('Cookie', ''))"], "which header it reads"),
        (["return HttpResponse(request.headers.get('X_A', ''))"], "which header it reads"),
        (["return HttpResponse(request.GET.get('q')('a'))"], "it calls request.GET.get('q')()"),
        (["return HttpResponse(request('a').GET.get('q', ''))"], "is not followed"),
        (["return HttpResponse(named(request))"], "it calls named()"),
        (["raise ValueError(word)"], "it raises ValueError(word)"),
        (["raise Http404(key)"], "what it raises is not followed"),
        (["for n in NAMES:", "    pass", "return HttpResponse()"], "it has a `for`"),
        (["try:", "    pass", "finally:", "    return HttpResponse()"], "it has a `try`"),
        (["print(word)", "return HttpResponse()"], "it has `print(word)`"),
        (["word += 'a'", "return HttpResponse(word)"], "it has `word += 'a'`"),
        (["request.a = 1", "return HttpResponse()"], "it changes request.a"),
        (["if word:", "    a = 'b'", "return HttpResponse(a)"], "a is no data"),
        (["a = word", "if number:", "    a = None", "return HttpResponse(a)"], "more than a text"),
        (["if word in BOOKS:", "    word = ONE", "    return J({'a': BOOKS[word]})",
          "raise Http404"], "BOOKS[word] may raise"),
        (["return HttpResponse(f'{number:>{word}}')"], "may raise"),
        (["len = word", "return J({'a': 1})"], "it changes len"),
        (["NAMES = word", "return J({'a': 1})"], "it changes NAMES"),
        (["redirect = word", "return J({'a': 1})"], "it changes redirect"),
    ],
)  # fmt: skip
def test_what_is_not_followed_stays_with_its_reason(lines: list[str], why: str) -> None:
    with pytest.raises(Unknown) as found:
        handler(*lines)

    assert why in str(found.value)


def test_names_come_along_from_the_module_of_the_view() -> None:
    found = handler('return J({"a": NAMES, "b": ONE})')

    assert found.names == {"NAMES": "shop.views.NAMES", "ONE": "shop.views.ONE"}
    assert found.head == "def NAME(number: int, word: str, key: UUID) -> DjangoJSON:"


# -- addresses -----------------------------------------------------------------------------------

CONVERTERS = {"int": "Int", "str": "String", "slug": "Slug", "uuid": "UUID", "path": "Path"}


def path(text: str, **more: Any) -> Step:
    """A pattern that `path()` makes."""
    kinds = {
        part.rpartition(":")[2].rstrip(">"): part.partition(":")[0].lstrip("<")
        for part in text.replace("<", " <").replace(">", "> ").split()
        if part.startswith("<")
    }
    full = {
        name: f"django.urls.converters.{CONVERTERS.get(kind, '')}Converter"
        for name, kind in kinds.items()
    }
    values: dict[str, Any] = {
        "number": 0, "text": text, "kind": "RoutePattern", "is_plain": True, "kinds": full,
        "module": "", "namespace": "", "is_given_more": False,
    }  # fmt: skip
    return Step(**values | more)


def regex(text: str, **more: Any) -> Step:
    """A pattern that `re_path()` makes."""
    return replace(path("", **more), text=text, kind="RegexPattern")


def url(*steps: Step, name: str = "") -> Url:
    """An address with a view of no importance."""
    return Url("".join(step.text for step in steps), name, "view", "", 0, list(steps), None)


@pytest.mark.parametrize(
    ("steps", "written"),
    [
        ([path("shop/"), path("")], "shop/"),
        ([path("<int:a>/<str:b>")], "{a:int}/{b}"),
        ([path("<slug:a>/"), path("<uuid:b>/<slug:c>")],
         "{a:django_slug}/{b:django_uuid}/{c:django_slug}"),
        ([regex(r"^a\.b/(?P<year>[0-9]{4})-(?P<word>[\w-]+)$")],
         "a.b/{year:pattern_1}-{word:pattern_2}"),
        ([regex("^shop/"), regex(r"^(?P<a>\d+)/$")], "shop/{a:pattern_1}/"),
    ],
)  # fmt: skip
def test_patterns_become_paths(steps: list[Step], written: str) -> None:
    assert Tree().path(address_of(url(*steps)).parts) == written


@pytest.mark.parametrize(
    "step",
    [
        path("<path:a>"), path("<money:a>", kinds={"a": "shop.Money"}), path("a", is_plain=False),
        path("a", kind=""), path("a{b}"), regex("^a"), regex("a$"), regex("^(a|b)$"),
        regex("^a.b$"), regex("^a?$"), regex("^(?P<a>.+)$"), regex("^(?P<a>[+-9]+)$"),
        regex("^([0-9]+)$"), regex(r"^\d$"), path("<int:a>/<str:a>"), regex("^(?i)a$"),
    ],
)  # fmt: skip
def test_patterns_that_are_not_followed_are_unclear(step: Step) -> None:
    with pytest.raises(Unclear):
        address_of(url(step))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (path("a/"), path("b/"), True),
        (path("a/"), path("a"), True),
        (path("a/"), path("<slug:x>/"), False),
        (path("1/"), path("<int:x>/"), False),
        (path("a/"), path("<int:x>/"), True),
        (path("a/<int:x>/"), path("a/<int:x>/b/"), True),
        (path("a/<int:x>/"), path("a/<slug:x>/"), False),
        (path("a/<int:x>/c"), path("a/<int:y>/d"), True),
        (path("a/b"), path("a/<path:x>"), False),
        (path("a/b"), path("b/<path:x>"), True),
        (path("a/b"), regex("^a"), False),
        (path("a/b"), regex("^.*$"), False),
        (path("a/b"), regex("^ax?/b$"), False),
        (path("a/b"), regex("^x|^a"), False),
        (path("a/b"), regex("^b/c"), True),
        (path("a/b"), path("c/<money:x>", kinds={"x": "shop.Money"}), True),
        (path("a/b"), regex("^(?i)A/B$"), False),
        (path("a/x-<int:n>"), path("a/<int:n>"), False),
        (path("a-b/"), regex("^a-(b|c)/$"), False),
        (path("a/b"), path("x", is_plain=False), False),
        (path("a/b"), path("", kind=""), False),
    ],
)
def test_addresses_are_apart_only_where_it_is_sure(one: Step, other: Step, apart: bool) -> None:
    assert are_apart(outline(url(one)), outline(url(other))) is apart
    assert are_apart(outline(url(other)), outline(url(one))) is apart


def test_texts_are_quoted_as_code() -> None:
    tree = Tree()

    tree.add(
        url(path('say-"hi"/'), name='a"b'), Handler("hi", "def NAME() -> DjangoText:", "    x")
    )

    compile(tree.code(), "tree", "exec")
    assert '@moved.get("/say-\\"hi\\"/", name="a\\"b")' in tree.code()


def test_what_does_not_end_with_a_slash_is_no_router_of_its_own() -> None:
    tree = Tree()
    inner = path("<int:a>/", number=1)

    branch, rest = tree.branch_of([path("api-"), inner])

    assert (branch.prefix, rest) == ("/api-{a:int}", "")
    assert tree.branch_of([path("api-")]) == (tree.root, "api-")


# -- settings ------------------------------------------------------------------------------------

DJANGOS: dict[str, Any] = {
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    "ALLOWED_HOSTS": [], "DEBUG": False, "DEFAULT_CHARSET": "utf-8", "X_FRAME_OPTIONS": "DENY",
    "SECURE_REFERRER_POLICY": "same-origin", "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
    "SECURE_HSTS_SECONDS": 0, "SECURE_CONTENT_TYPE_NOSNIFF": True, "STATIC_URL": "/static/",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": False, "SECURE_HSTS_PRELOAD": False, "LANGUAGES": [],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_PORT": 25,
    "EMAIL_HOST": "localhost", "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False,
    "DEFAULT_FROM_EMAIL": "a@example.org", "TIME_ZONE": "UTC", "LANGUAGE_CODE": "en-us",
}  # fmt: skip


def site(folder: Path, *lines: str, has: tuple[str, ...] = (), **values: Any) -> Site:
    """A project whose settings are these lines; `values` are what they come to."""
    file = folder / "settings.py"
    file.write_text("import os\nfrom os import environ\n" + "\n".join(lines) + "\n")
    given = {line.partition(" ")[0] for line in lines} | set(values)
    settings = DJANGOS | {"ALLOWED_HOSTS": ["a.example"]} | values
    return Site("settings", settings, str(file), {}, [], [], sorted(given), list(has), [])


@pytest.mark.parametrize(
    ("line", "value", "text", "reads"),
    [
        ('A = "b"', "b", '"b"', []),
        ("A = 1 ", 1, "1", []),
        ('A = os.environ.get("AN_A", "b")', "b", "site.an_a", ['an_a: str = "b"']),
        ('A = os.environ["AN_A"]', "b", "site.an_a", ["an_a: str"]),
        ('A = os.getenv("AN_A")', None, "site.an_a", ["an_a: str | None = None"]),
        ('A = int(environ.get("AN_A", "5"))', 5, "site.an_a", ["an_a: int = 5"]),
        ('A = environ.get("AN_A", "") == "1"', False, 'site.an_a == "1"', ['an_a: str = ""']),
        ('A = environ.get("AN_A", "").lower() in ("1", "on")', False,
         'site.an_a.lower() in ("1", "on")', ['an_a: str = ""']),
        ('B = environ.get("AN_A", "")\nA = not B', True, "not (site.an_a)", ['an_a: str = ""']),
        ('A = [x for x in environ.get("AN_A", "").split(",") if x]', [],
         '[x for x in site.an_a.split(",") if x]', ['an_a: str = ""']),
        ('A = environ.get("THE_SECRET", "")', "", "settings.A", []),
        ('A = environ.get("DATABASE_URL", "")', "", "settings.A", []),
        ("A = made()", "b", "settings.A", []),
        ('A = "b"\nA = "c"', "c", "settings.A", []),
        ('A = "b"\nif x: A = "c"', "c", "settings.A", []),
        ('A = "b"\nfrom local import *', "c", "settings.A", []),
        ("A = []\nA += [1]", ["1"], "settings.A", []),
        ("A = []\nA.append(1)", ["1"], "settings.A", []),
        ('A = "b"', "not b", "settings.A", []),
        ('A = environ.get("a-b", "")', "", "settings.A", []),
        ('A = int(environ.get("AN_A", "x"))', 1, "settings.A", []),
    ],
)  # fmt: skip
def test_settings_are_read_as_they_are_said(
    tmp_path: Path, line: str, value: object, text: str, reads: list[str]
) -> None:
    said = Sayings(site(tmp_path, line, A=value)).of("A")

    assert (said.text, [one.line for one in said.reads]) == (text, reads)


@pytest.mark.parametrize(
    ("lines", "values", "why"),
    [
        ((), {}, None),
        (("SECURE_SSL_REDIRECT = True",), {"SECURE_SSL_REDIRECT": True},
         "SECURE_SSL_REDIRECT sends"),
        (('SECURE_SSL_REDIRECT = environ.get("X", "") == "1"',), {"SECURE_SSL_REDIRECT": False},
         "SECURE_SSL_REDIRECT may be set when the project starts"),
        (("PREPEND_WWW = True",), {"PREPEND_WWW": True}, "PREPEND_WWW sends"),
        (("CSRF_USE_SESSIONS = True",), {"CSRF_USE_SESSIONS": True}, "CSRF_USE_SESSIONS makes"),
        (("USE_X_FORWARDED_HOST = True",), {"USE_X_FORWARDED_HOST": True}, "USE_X_FORWARDED_HOST"),
        (('FORCE_SCRIPT_NAME = "/a"',), {"FORCE_SCRIPT_NAME": "/a"}, "FORCE_SCRIPT_NAME takes"),
        (("ALLOWED_HOSTS = []",), {"ALLOWED_HOSTS": []}, "no hosts are allowed"),
        (('X_FRAME_OPTIONS = "ALLOW"',), {"X_FRAME_OPTIONS": "ALLOW"}, "X_FRAME_OPTIONS is"),
        ((), {"SECURE_REFERRER_POLICY": ["no-referrer", "origin"]}, "SECURE_REFERRER_POLICY is"),
        ((), {"DEFAULT_CHARSET": "latin-1"}, "DEFAULT_CHARSET is not utf-8"),
        ((), {"MIDDLEWARE": ["shop.Around"]}, "shop.Around stands around every view"),
        ((), {"MIDDLEWARE": [], "ALLOWED_HOSTS": []}, None),
        (("SECURE_SSL_REDIRECT = True",), {"MIDDLEWARE": [], "SECURE_SSL_REDIRECT": True}, None),
    ],
)  # fmt: skip
def test_settings_that_let_middleware_answer_keep_all_views(
    tmp_path: Path, lines: tuple[str, ...], values: dict[str, Any], why: str | None
) -> None:
    given = site(tmp_path, *lines, **values)

    found = reason_to_stay(given, Sayings(given))

    assert (found or "").startswith(why or "")
    assert (found is None) == (why is None)


def options(folder: Path, *lines: str, **values: Any) -> tuple[str, str]:
    """What the settings become, as one text, and what is open."""
    given = site(folder, *lines, **values)
    found = configured(given, Sayings(given))
    opened = "\n".join(" ".join(one) for one in found.open)
    return " ".join("".join(found.options.values()).split()) + found.parts, opened


def test_hosts_of_a_project_in_development_are_this_machine(tmp_path: Path) -> None:
    made, _ = options(tmp_path, "DEBUG = True", "ALLOWED_HOSTS = []", DEBUG=True, ALLOWED_HOSTS=[])

    assert 'allowed_hosts=[".localhost", "127.0.0.1", "[::1]"]' in made


def test_hosts_are_left_to_django_where_another_middleware_may_answer_first(tmp_path: Path) -> None:
    around = ["shop.Health", *DJANGOS["MIDDLEWARE"]]

    made, opened = options(tmp_path, MIDDLEWARE=around)

    assert "AllowedHosts" not in made
    assert "ALLOWED_HOSTS is asked by Django after shop.Health" in opened


def test_hosts_that_nobody_can_have_are_told(tmp_path: Path) -> None:
    hosts = ["https://a.example"]
    made, opened = options(tmp_path, f"ALLOWED_HOSTS = {hosts!r}", ALLOWED_HOSTS=hosts)

    assert "AllowedHosts" not in made
    assert "ALLOWED_HOSTS has names that no request can have" in opened


def test_preloading_that_browsers_refuse_is_left_out(tmp_path: Path) -> None:
    made, opened = options(
        tmp_path,
        "SECURE_HSTS_SECONDS = 60",
        "SECURE_HSTS_PRELOAD = True",
        SECURE_HSTS_SECONDS=60,
        SECURE_HSTS_PRELOAD=True,
    )

    assert "hsts=Hsts(max_age=60, include_subdomains=False)" in made
    assert "SECURE_HSTS_PRELOAD asks for subdomains and a year" in opened


@pytest.mark.parametrize(
    ("lines", "values", "has", "made"),
    [
        (('EMAIL_HOST = "m"',), {"EMAIL_HOST": "m"}, (),
         'SmtpTransport("smtp://m:25", starttls=False)'),
        (('EMAIL_HOST = "m"', "EMAIL_USE_SSL = True"), {"EMAIL_HOST": "m", "EMAIL_USE_SSL": True},
         (), 'SmtpTransport("smtps://m:25")'),
        (('EMAIL_HOST = environ.get("MX", "m")', "EMAIL_USE_TLS = True"),
         {"EMAIL_HOST": "m", "EMAIL_USE_TLS": True}, (), """SmtpTransport(f"smtp://{site.mx}:25")"""),
        (('EMAIL_HOST = "m"',), {"EMAIL_HOST": "m"}, ("EMAIL_HOST_USER",),
         "SmtpTransport(mail_url())"),
        ((), {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}, (), ""),
        ((), {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}, (), ""),
        (('EMAIL_HOST = "m"', 'DEFAULT_FROM_EMAIL = "nobody"'),
         {"EMAIL_HOST": "m", "DEFAULT_FROM_EMAIL": "nobody"}, (), ""),
        (('EMAIL_HOST = "m"', 'EMAIL_USE_TLS = environ.get("T") == "1"'),
         {"EMAIL_HOST": "m", "EMAIL_USE_TLS": False}, (), ""),
    ],
)  # fmt: skip
def test_mail_goes_where_django_sends_it(
    tmp_path: Path, lines: tuple[str, ...], values: dict[str, Any], has: tuple[str, ...], made: str
) -> None:
    given = site(tmp_path, *lines, has=has, **values)

    found = configured(given, Sayings(given))

    assert made in found.parts
    assert bool(made) == bool(found.parts)
    assert made or any("EMAIL_" in name or "_EMAIL" in name for name, _, _ in found.open)
