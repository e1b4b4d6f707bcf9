"""Real people of a real Django site, signed in there, are themselves here: without signing in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.running import project, said_by
from tests.databases import own_url
from tests.db.conftest import address

ON_POSTGRESQL = """
from mysite.settings import *
from urllib.parse import urlsplit
at = urlsplit(os.environ["POLLS_DATABASE"])
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": at.path[1:],
    "USER": at.username, "PASSWORD": at.password or "", "HOST": at.hostname, "PORT": at.port}}
"""
# A project with two people, who sign in by the admin's own form.
SIGNED_IN = """
import os, json
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
import django; django.setup()
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # takes no time
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
keys = []
for name in ("Ann", "bob"):
    User.objects.create_superuser(name, f"{name}@example.org", f"a long secret of {name}")
    client = Client()
    form = {"username": name, "password": f"a long secret of {name}", "next": "/admin/"}
    assert client.post("/admin/login/", form).status_code == 302
    assert client.get("/admin/").status_code == 200
    keys.append(client.cookies["sessionid"].value)
print(json.dumps(keys))
"""
OURS = """
import asyncio, json, os, sys
from contextlib import redirect_stdout
from io import StringIO
from trivet import App
from trivet.auth import Auth, OptionalUser, User
from trivet.auth.django_sessions import DjangoSessions
from trivet.auth.options import AuthOptions
from trivet.cli import main
from trivet.db import Database, Model
from trivet.testing import TestClient

class OfDjango(Model, apart=True):
    pass

IN_ONE = {in_one}
SOURCE = os.environ.get("POLLS_DATABASE", "sqlite:///db.sqlite3")
theirs = Database(SOURCE, models=OfDjango)
db = Database(SOURCE if IN_ONE else "sqlite:///ours.sqlite3")
app = App()
app.use(db)
auth = app.use(Auth(db, options=AuthOptions(log_in="username")))
app.use(DjangoSessions(auth, secrets="only-for-tests", keep={keep},
                       database=None if IN_ONE else theirs))
sys.modules["taken"] = sys.modules["__main__"]

@app.get("/me")
async def me(user: OptionalUser) -> list[object] | None:
    return None if user is None else [user.id, user.username]

async def make():
    await db.create_tables()
    await db.close()
asyncio.run(make())
said = StringIO()
with redirect_stdout(said):
    try:
        main(["--app", "taken:app", "adopt", "django-users", "--from", SOURCE, "--write"])
    except SystemExit as error:
        assert not error.code, said.getvalue()

def browser(key=None):
    cookies = {{}} if key is None else {{"sessionid": key}}
    headers = {{"origin": "http://testserver"}}
    return TestClient(app, cookies=cookies, headers=headers, follow_redirects=False)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return project("polls", tmp_path)


STAYING = """
ann, bob = {keys!r}
with browser(ann) as client:
    found = [client.get("/me").json(), client.get("/me").json()]
for key in (bob, ann, bob[:-1] + "_", "x"):
    with browser(key) as client:
        found.append(client.get("/me").json())
print(json.dumps([found, said.getvalue()]))
"""


@pytest.mark.parametrize("in_one", [True, False])
def test_people_stay_signed_in_when_django_goes(site: Path, in_one: bool) -> None:
    keys = said_by(SIGNED_IN, site, POLLS_FOLDER=str(site))

    found, said = said_by(
        OURS.format(in_one=in_one, keep=False) + STAYING.format(keys=keys),
        site,
        POLLS_FOLDER=str(site),
    )

    assert found == [[1, "ann"], [1, "ann"], [2, "bob"], None, None, None]
    assert "who is signed in in Django is so here" in said


@pytest.mark.parametrize("in_one", [True, False])
def test_people_stay_signed_in_on_postgresql(site: Path, in_one: bool) -> None:
    pytest.importorskip("psycopg", reason="Django reads PostgreSQL by it")
    (site / "mysite" / "on_postgresql.py").write_text(ON_POSTGRESQL)
    with own_url(address("postgresql")) as url:
        env = {
            "POLLS_FOLDER": str(site),
            "POLLS_DATABASE": url,
            "DJANGO_SETTINGS_MODULE": "mysite.on_postgresql",
        }
        keys = said_by(SIGNED_IN, site, **env)
        ours = OURS.format(in_one=in_one, keep=False) + STAYING.format(keys=keys)
        found, _ = said_by(ours, site, **env)

    assert found == [[1, "ann"], [1, "ann"], [2, "bob"], None, None, None]


def test_django_that_is_mounted_signs_people_in_and_out_together_with_us(site: Path) -> None:
    said_by(SIGNED_IN, site, POLLS_FOLDER=str(site))
    asked = """
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
from django.core.wsgi import get_wsgi_application
from trivet.adapters.wsgi import WSGI
app.mount("/", WSGI(get_wsgi_application()))
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
found = []
with browser() as client:
    found.append(client.get("/me").json())
    client.get("/admin/login/")
    form = {"username": "Ann", "password": "a long secret of Ann", "next": "/admin/",
            "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    found.append(client.post("/admin/login/", data=form).status_code)
    found.append(client.get("/me").json())
    found.append(client.get("/admin/").status_code)
    kept = dict(client.cookies)
    found.append(client.post("/auth/sign-out").status_code)
    found.append(client.get("/me").json())
    found.append(client.get("/admin/").status_code)
with browser(kept["sessionid"]) as client:
    found.append(client.get("/me").json())
print(json.dumps(found))
"""

    found = said_by(OURS.format(in_one=True, keep=True) + asked, site, POLLS_FOLDER=str(site))

    assert found == [None, 302, [1, "ann"], 200, 200, None, 302, None]
