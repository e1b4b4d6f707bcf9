"""A Django project inside Trivet: the same answers, its tables as models, its accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adopt.running import project, said_by
from trivet.adopt import Kind, write
from trivet.adopt.django import adopt_django
from trivet.adopt.django.models_text import models_text
from trivet.adopt.django.project import Field, ModelFacts
from trivet.errors import SetupError

FILLED = """
import os, json
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django; django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from datetime import datetime, UTC
from django.contrib.auth.models import Group, Permission, User
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from polls.models import Choice, Label, Question
ann = User(username="Ann", email="Ann@example.org", first_name="Ann", last_name="Lee",
           is_staff=True, is_superuser=True, date_joined=datetime(2020, 1, 2, tzinfo=UTC))
from django.contrib.auth.hashers import PBKDF2PasswordHasher
ann.password = PBKDF2PasswordHasher().encode("a long secret", "salt", iterations=10)
ann.save()
bob = User.objects.create(username="bob", email="same@example.org", password="!")
eve = User.objects.create(username="eve", email="same@example.org", password="!", is_active=False)
editors = Group.objects.create(name="editors")
editors.permissions.set(Permission.objects.filter(codename__in=["change_question", "view_choice"]))
bob.groups.add(editors)
bob.user_permissions.set(Permission.objects.filter(codename="add_question"))
question = Question.objects.create(question_text="Why?", pub_date=datetime(2026, 2, 3, tzinfo=UTC),
                                   author=ann)
question.labels.add(Label.objects.create(name="open"))
for text in ("so", "no"):
    Choice.objects.create(question=question, choice_text=text, weight="2.50", details={"a": [1]},
                          token="5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f")
about = ContentType.objects.get_for_model(Question)
LogEntry.objects.create(user=ann, content_type=about, object_id="1", object_repr="Why?",
    action_flag=CHANGE, change_message=json.dumps([{"changed": {"fields": ["Question text"]}}]),
    action_time=datetime(2026, 2, 3, tzinfo=UTC))
LogEntry.objects.create(user=ann, content_type=ContentType.objects.get_for_model(User),
    object_id=str(bob.pk), object_repr="bob", action_flag=ADDITION,
    change_message="[{\\"added\\": {}}]")
print("null")
"""
# What is asked, of Django itself and of Trivet.
ASKED = """
import json, re
asked = [
    ("GET", "/polls/", None), ("GET", "/polls/1/", None), ("GET", "/polls/9/", None),
    ("POST", "/polls/1/vote/", {"choice": "1"}), ("POST", "/polls/1/vote/", {}),
    ("GET", "/polls/1/results/", None), ("GET", "/polls/1", None), ("GET", "/admin/", None),
    ("POST", "/polls/1/vote/", None), ("GET", "/nothing", None), ("PUT", "/polls/", None),
    ("HEAD", "/polls/", None), ("GET", "/docs", None), ("GET", "/openapi.json", None),
]
def told(status, text, headers):
    text = re.sub('value="[A-Za-z0-9]{64}"', "", text)
    return [status, text, headers.get("content-type"), headers.get("location"),
            headers.get("x-frame-options")]
"""
BEFORE = (
    ASKED
    + """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django; django.setup()
from django.test import Client
client = Client(enforce_csrf_checks=True)
answers = []
token = ""
for method, path, form in asked:
    data = {**form, "csrfmiddlewaretoken": token} if form is not None else {}
    one = client.generic(method, path) if form is None else client.post(path, data)
    if "csrftoken" in client.cookies:
        token = client.cookies["csrftoken"].value
    headers = {name.lower(): value for name, value in one.items()}
    answers.append(told(one.status_code, one.content.decode(), headers))
print(json.dumps(answers))
"""
)
AFTER = (
    ASKED
    + """
import trivet_app
from trivet.testing import TestClient
from trivet_models import Choice, Question
client = TestClient(trivet_app.app, follow_redirects=False)
answers = []
with client:
    for method, path, form in asked:
        token = client.cookies.get("csrftoken", "")
        data = None if form is None else {**form, "csrfmiddlewaretoken": token}
        one = client.request(method, path, data=data)
        answers.append(told(one.status_code, one.text, one.headers))
    async def look():
        async with trivet_app.database.transaction():
            one = await Question.where(Question.id == 1).with_(
                Question.author, Question.labels).one()
            choices = await Choice.where(Choice.question_id == 1).order_by(Choice.id)
            await Choice(question_id=1, choice_text="ours", weight=1).save()
        return [one.question_text, one.pub_date.isoformat(), one.author.username,
                [label.name for label in one.labels], choices[0].votes, str(choices[0].weight),
                str(choices[0].token), choices[0].details]
    seen = client.portal.call(look)
from django.db import connection
from polls.models import Choice as Theirs
ours = Theirs.objects.get(choice_text="ours")
print(json.dumps([answers, seen, [str(ours.weight), ours.details, ours.token.version]]))
"""
)
TAKEN = """
import json, os, sys
from contextlib import redirect_stdout
from io import StringIO
from trivet import App
from trivet.admin import Admin
from trivet.admin.history import changes_in
from trivet.auth import Auth, User
from trivet.auth.groups import Group
from trivet.auth.options import AuthOptions
from trivet.auth.users import UserMixin
from trivet.db import Database, Model
from trivet.cli import main
from trivet.testing import TestClient
import trivet_models

db = Database("sqlite:///ours.sqlite3")
app = App()
app.use(db)
auth = app.use(Auth(db, options=AuthOptions(log_in="username")))
app.use(Admin())
sys.modules["taken"] = sys.modules["__main__"]

def run(*words):
    said = StringIO()
    with redirect_stdout(said):
        try:
            main(["--app", "taken:app", "adopt", "django-users", *words])
        except SystemExit as error:
            said.write(f"exit {error.code}")
    return said.getvalue()

import asyncio
async def make():
    await db.create_tables()
    await db.close()
asyncio.run(make())
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its database filled, adopted."""
    folder = tmp_path_factory.mktemp("django")
    root = project("polls", folder)
    said_by(FILLED, root, POLLS_FOLDER=str(root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLLS_FOLDER", str(root))
        adoption = adopt_django(root)
    write(adoption, force=True)
    notes = [note.as_dict() for note in adoption.notes]
    (folder / "notes.json").write_text(json.dumps(notes))
    return root


def test_project_answers_the_same_and_its_rows_are_read_and_written_by_both(filled: Path) -> None:
    before = said_by(BEFORE, filled, POLLS_FOLDER=str(filled))

    after, seen, written = said_by(AFTER, filled, POLLS_FOLDER=str(filled))

    voted = 5  # the results, in which the second vote is counted
    assert [one for number, one in enumerate(after) if number != voted] == [
        one for number, one in enumerate(before) if number != voted
    ]
    assert (before[voted][1], after[voted][1]) == ('{"so": 1, "no": 0}', '{"so": 2, "no": 0}')
    assert {200, 301, 302, 403, 404} <= {one[0] for one in before}
    assert seen == [
        "Why?", "2026-02-03T00:00:00+00:00", "Ann", ["open"], 2, "2.50",
        "5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f", {"a": [1]},
    ]  # fmt: skip
    assert written == ["1.00", {}, 4]


def test_report_names_settings_models_views_and_decisions(filled: Path) -> None:
    notes = json.loads((filled.parent / "notes.json").read_text())

    said = {(note["kind"], note["place"], note["what"]) for note in notes}
    assert ("found", "polls/models.py:12", "the model polls.Question on polls_question") in said
    assert ("found", "mysite/settings.py:11", "the application polls") in said
    assert ("found", "mysite/settings.py:42", "the database 'default': sqlite3") in said
    assert ("stays", "polls/views.py:10", "/polls/ → index (polls:index)") in said
    assert any(kind == Kind.DECIDE and "CASCADE" in what for kind, _, what in said)
    assert "only-for-tests" not in json.dumps(notes)


def test_accounts_are_taken_over_in_one_transaction_and_once(filled: Path) -> None:
    source = f"sqlite:///{filled / 'db.sqlite3'}"
    asked = f"""
first = run("--from", {source!r})
second = run("--from", {source!r}, "--write")
third = run("--from", {source!r}, "--write")
with TestClient(app, base_url="https://testserver") as client:
    signed = [
        client.post("/auth/sign-in", json={{"log_in": "ann", "password": word}}).status_code
        for word in ("wrong", "a long secret")
    ]
    async def look():
        async with db.transaction() as unit:
            users = await User.all().order_by(User.id).with_(User.groups)
            groups = await Group.all()
            table = changes_in(db.metadata)
            log = await unit.rows(table.select().order_by(table.c.id))
        return [
            [[u.id, u.username, u.email, u.name, u.is_superuser, u.is_active, u.has_password,
              u.permissions, [g.name for g in u.groups], u.joined_at.year] for u in users],
            [[g.name, g.permissions] for g in groups],
            [[r.model, r.key, r.label, r.action, r.name, r.handle == users[0].handle, r.changes]
             for r in log],
        ]
    users, groups, log = client.portal.call(look)
print(json.dumps([first, second, third, signed, users, groups, log]))
"""
    first, second, third, signed, users, groups, log = said_by(
        TAKEN + asked, filled, POLLS_FOLDER=str(filled)
    )

    assert "Nothing is written; --write does." in first
    assert "app.use(DjangoSessions(auth, secrets=[SECRET_KEY, *SECRET_KEY_FALLBACKS]))" in first
    assert "Written, all in one transaction." in second
    assert "3 accounts are there already" in third
    assert signed == [401, 200]
    assert [row[:9] for row in users] == [
        [1, "ann", "ann@example.org", "Ann Lee", True, True, True, [], []],
        [2, "bob", None, "", False, True, False, ["question.add"], ["editors"]],
        [3, "eve", None, "", False, False, False, [], []],
    ]
    assert users[0][9] == 2020
    assert groups == [["editors", ["choice.view", "question.change"]]]
    hidden = {"hidden": True}
    assert log == [
        ["question", "1", "Why?", "change", "Ann", True, {"question_text": [hidden, hidden]}],
        ["user", "2", "bob", "add", "Ann", True, {}],
    ]


# -- what is not there ---------------------------------------------------------------------------


def test_project_without_manage_py_asks_for_its_settings(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as found:
        adopt_django(tmp_path)

    assert found.value.code == "adopt.no-settings"


def test_project_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No module named 'nowhere'") as found:
        adopt_django(tmp_path, settings="nowhere.settings")

    assert found.value.code == "adopt.django-broke"


# -- models --------------------------------------------------------------------------------------


def column(name: str, kind: str, **more: Any) -> Field:
    values: dict[str, Any] = dict.fromkeys(Field.__dataclass_fields__)
    flags = dict.fromkeys(("is_null", "is_unique", "is_key", "is_indexed", "is_touched"), False)
    plain = {"name": name, "attribute": name, "column": name, "kind": kind, "value_kind": kind}
    return Field(**values | flags | plain | more)


def text(*columns: Field, engine: str = "sqlite3", uses_zones: bool = True) -> str:
    model = ModelFacts(
        "shop", "Thing", "", 1, "shop_thing", True, False, [], list(columns), [], [], True
    )
    return models_text([model], {"shop.Thing"}, engine=engine, uses_zones=uses_zones).text


@pytest.mark.parametrize(
    ("field", "line"),
    [
        (column("a", "CharField", max_length=9), "a: Mapped[str] = field(max_length=9)"),
        (column("a", "TextField", is_null=True), "a: Mapped[str | None]"),
        (column("a", "SmallIntegerField"), "a: Mapped[int] = field(SmallInteger)"),
        (column("a", "BigIntegerField"), "a: Mapped[int]"),
        (column("a", "DurationField"), "a: Mapped[int]"),
        (column("save", "DateField"), "save_: Mapped[date] = field(name=\"save\")"),
        (column("a", "BooleanField", default=True), "a: Mapped[bool] = field(default=True)"),
        (column("a", "UUIDField", factory="list"), "a: Mapped[UUID] = field(default_factory=list)"),
        (column("password", "TextField"), 'password: Mapped[str] = field(info={"private": True})'),
    ],
)  # fmt: skip
def test_fields_become_columns(field: Field, line: str) -> None:
    assert f"    {line}\n" in text(field)


def test_moments_without_zones_stay_without(tmp_path: Path) -> None:
    assert "a: Mapped[datetime] = field(DateTime)\n" in text(
        column("a", "DateTimeField"), uses_zones=False
    )


def test_written_models_compile_and_say_what_they_lost() -> None:
    model = ModelFacts(
        "shop", "Odd", "", 1, "shop_odd", True, False, [],
        [column("id", "AutoField", is_key=True), column("a", "MoneyField"),
         column("b", "TextField", factory="?shop.made")], [], [["a", "b"]], True,
    )  # fmt: skip

    written = models_text([model], {"shop.Odd"}, engine="mysql", uses_zones=True)

    compile(written.text, "models.py", "exec")
    assert [what for _, what, _ in written.lost] == [
        "a is a MoneyField, of which its type is not known", "b has the default shop.made",
    ]  # fmt: skip
