"""A FastAPI project, rewritten: the same answers, and nothing else of it changes."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path

import libcst as cst
import pytest

from tests.adopt.running import committed, project, said_by
from trivet.adopt import Kind, adoption_diff, report_of, write
from trivet.adopt.fastapi import adopt_fastapi
from trivet.adopt.fastapi.names import NATIVE

ASKING = """
import json
{before}
from starlette.testclient import TestClient
from main import app
client = TestClient(app, headers={{"x-token": "secret", "origin": "https://shop.example.org"}})
answers = [
    client.get("/"), client.get("/items/1"), client.get("/items/7"), client.get("/items/x"),
    client.post("/items/", json={{"name": "rum"}}), client.post("/items/", json={{}}),
    client.get("/", headers={{"x-token": "other"}}), client.get("/openapi.json"),
]
print(json.dumps([
    [one.status_code, one.text, one.headers["content-type"],
     one.headers.get("access-control-allow-origin")] for one in answers
]))
"""


def rewritten(tmp_path: Path, text: str, *, own: bool = True) -> str:
    file = tmp_path / "app.py"
    file.write_bytes(text.encode())
    adoption = adopt_fastapi(file, own=own)
    return adoption.changed.get(file, text.encode()).decode()


@pytest.mark.parametrize(("place", "home"), NATIVE.items(), ids=lambda one: ".".join(one))
def test_native_name_is_the_same_object_as_in_the_dropin(place: tuple[str, str], home: str) -> None:
    module, name = place

    theirs = getattr(import_module(f"trivet.dropin.{module}"), name)

    assert getattr(import_module(home), name) is theirs


def test_project_answers_the_same_before_and_after(tmp_path: Path) -> None:
    folder = project("shop_api", tmp_path)
    install = "from trivet.dropin.fastapi import install; install()"
    before = said_by(ASKING.format(before=install), folder)

    write(adopt_fastapi(folder), force=True)
    after = said_by(ASKING.format(before="import sys; sys.modules['fastapi'] = None"), folder)

    assert after == before
    assert [one[0] for one in before] == [200, 200, 404, 400, 201, 400, 400, 200]


def test_comments_and_formatting_stay(tmp_path: Path) -> None:
    folder = project("shop_api", tmp_path)
    old = (folder / "main.py").read_text()

    write(adopt_fastapi(folder), force=True)

    new = (folder / "main.py").read_text()
    assert "def root():   # spaces as somebody typed them\n    return  'welcome'\n" in new
    assert "from trivet import App, Depends  # the application itself\n" in new
    assert (
        "app = App(\n"
        "    # The token is asked for everywhere.\n"
        "    dependencies=[Depends(get_token)],\n"
        '    version="2.0",\n'
        '    title="FastAPI",\n'
        ")\n"
    ) in new
    assert [line for line in old.splitlines() if "#" in line and "import" not in line] == [
        line for line in new.splitlines() if "#" in line and "import" not in line
    ]


def test_names_with_several_homes_are_taken_apart(tmp_path: Path) -> None:
    text = "from fastapi.responses import HTMLResponse, UJSONResponse\nfrom fastapi import Query\n"

    assert rewritten(tmp_path, text) == (
        "from trivet import HTMLResponse, Query\nfrom trivet.http.responses import UJSONResponse\n"
    )


def test_import_with_comments_in_it_goes_to_the_dropin_as_a_whole(tmp_path: Path) -> None:
    text = (
        "from fastapi.routing import (\n    APIRoute,  # ours\n    run_endpoint_function,\n)\n"
        "class Loud(APIRoute): ...\n"
    )

    assert rewritten(tmp_path, text) == text.replace("from fastapi", "from trivet.dropin.fastapi")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import fastapi\n", "from trivet.dropin import fastapi\n"),
        ("import fastapi as f\n", "from trivet.dropin import fastapi as f\n"),
        (
            "import os, fastapi.responses as r\n",
            "import os; import trivet.dropin.fastapi.responses as r\n",
        ),
        ("from fastapi import *\n", "from trivet.dropin.fastapi import *\n"),
        ("from fastapi import Query as Q; a = 1\n", "from trivet import Query as Q; a = 1\n"),
        ("if 1:\n    from fastapi import Query\n", "if 1:\n    from trivet import Query\n"),
        ("from fastapi import APIRouter as R\nR()\n", "from trivet import Router as R\nR()\n"),
    ],
)  # fmt: skip
def test_imports_of_every_form(tmp_path: Path, old: str, new: str) -> None:
    found = rewritten(tmp_path, old)

    assert found.replace("\n", "; ").strip("; ") == new.replace("\n", "; ").strip("; ")
    compile(found, "app.py", "exec")


def test_name_of_ours_that_is_taken_is_not_used(tmp_path: Path) -> None:
    text = "from fastapi import FastAPI\nclass App: ...\napp = FastAPI(title='x')\n"

    assert "from trivet import App as FastAPI\n" in rewritten(tmp_path, text)
    assert "app = FastAPI(title='x')\n" in rewritten(tmp_path, text)


def test_name_that_another_file_takes_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "deps.py").write_text("from fastapi import APIRouter\n")
    (tmp_path / "main.py").write_text("from fastapi import Query\nfrom deps import APIRouter\n")

    adoption = adopt_fastapi(tmp_path)

    assert adoption.changed[tmp_path / "deps.py"] == b"from trivet import Router as APIRouter\n"


@pytest.mark.parametrize(
    "use",
    [
        "class Mine(FastAPI): ...",
        "app = FastAPI(**options)",
        "app = FastAPI(telemetry=None)",
        "app = FastAPI()\n@app.route('/x')\ndef x(request): ...",
        "def lifespan(app: 'FastAPI'): ...",
    ],
)
def test_what_is_fastapis_own_stays_in_the_dropin(tmp_path: Path, use: str) -> None:
    text = f"from fastapi import FastAPI, Query\n{use}\n"

    assert rewritten(tmp_path, text) == (
        f"from trivet import Query\nfrom trivet.dropin.fastapi import FastAPI\n{use}\n"
    )


def test_application_can_stay_fastapis(tmp_path: Path) -> None:
    text = "from fastapi import FastAPI\napp = FastAPI()\n"

    assert rewritten(tmp_path, text, own=False) == (
        "from trivet.dropin.fastapi import FastAPI\napp = FastAPI()\n"
    )


def test_line_ends_and_encoding_stay(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes("# coding: latin-1\r\nfrom fastapi import Query  # é\r\n".encode("latin-1"))

    write(adopt_fastapi(file), force=True)

    assert file.read_bytes() == (
        "# coding: latin-1\r\nfrom trivet import Query  # é\r\n".encode("latin-1")
    )


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    folder = project("shop_api", tmp_path)
    write(adopt_fastapi(folder), force=True)

    assert adopt_fastapi(folder).changed == {}


def test_diff_is_one_that_git_applies(tmp_path: Path) -> None:
    folder = committed(project("shop_api", tmp_path))
    adoption = adopt_fastapi(folder)
    (tmp_path / "a.diff").write_text(adoption_diff(adoption))

    subprocess.run(["git", "apply", str(tmp_path / "a.diff")], cwd=folder, check=True)

    assert all(path.read_bytes() == data for path, data in adoption.changed.items())


def test_report_names_places_and_what_is_left_to_decide(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import fastapi_users\nfrom fastapi import FastAPI, UploadFile\n"
        "from fastapi._compat import Undefined\napp = FastAPI()\n"
        "patch('fastapi.routing')\n@app.post('/x')\ndef x(file: UploadFile): ...\n"
    )
    (tmp_path / "broken.py").write_text("import fastapi\ndef (:\n")
    (tmp_path / "Dockerfile").write_text("FROM python\nCMD fastapi run main.py\n")
    (tmp_path / "requirements.txt").write_text("fastapi[standard]>=0.1\nuvicorn\n")

    notes = adopt_fastapi(tmp_path).notes

    decided = {note.place: note.mend for note in notes if note.kind is Kind.DECIDE}
    assert decided["Dockerfile:2"] == "CMD trivet run main.py"
    assert "--dropin fastapi" in decided["main.py:1"]
    assert "max_body_size" in decided["main.py:2"]
    assert "needs FastAPI installed" in decided["main.py:3"]
    assert decided["main.py:5"].startswith('"trivet.dropin.fastapi.routing"')
    assert "requirements.txt:1" in decided
    assert [n.place for n in notes if n.kind is Kind.STAYS] == ["broken.py"]
    assert "  main.py:6  POST   /x\n" in report_of(notes)


def test_virtual_environments_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "x.py").write_text("import fastapi\n")

    assert adopt_fastapi(tmp_path).changed == {}


def test_parsed_files_come_back_as_they_were(tmp_path: Path) -> None:
    text = "x = 1 ;y=2\n\n\n\nclass A :pass\n"

    assert cst.parse_module(text).code == text == rewritten(tmp_path, text)
