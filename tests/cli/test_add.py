"""`trivet add` puts a part into an application that is there, and moves nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.typed import Trivet, Write
from trivet.cli.additions import ADDITIONS

MAIN = '''\
"""A shop."""

from __future__ import annotations

from trivet import App  # the application

app = App(title="The Shop")  # as people know it


@app.get("/health")
async def health() -> str:
    return 'ok'
'''
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["httpx", "trivet>=0.1"]\n'


def test_line_import_and_extra_are_added_and_nothing_else_changes(
    trivet: Trivet, write: Write
) -> None:
    folder = write({"main.py": MAIN, "pyproject.toml": PROJECT})

    done = trivet("add", "jobs")

    assert done.code == 0, done.err
    text = (folder / "main.py").read_text()
    lines = text.splitlines()
    place = lines.index('app = App(title="The Shop")  # as people know it')
    assert lines[place + 1].startswith("db = app.use(Database(")
    assert lines[place + 2] == "jobs = app.use(Jobs(db))"
    assert set(MAIN.splitlines()) < set(lines)
    assert len(lines) == len(MAIN.splitlines()) + 4
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == ["httpx", "trivet[db,jobs]>=0.1"]
    assert "+jobs = app.use(Jobs(db))" in done.out
    assert done.out.index("pip install -e .") < done.out.index("trivet makemigrations")


def test_again_it_changes_nothing(trivet: Trivet, write: Write) -> None:
    folder = write({"main.py": MAIN, "pyproject.toml": PROJECT})
    trivet("add", "admin")
    before = (folder / "main.py").read_text()

    done = trivet("add", "admin", "auth")

    assert done.code == 0
    assert "there already: Admin, in main.py" in done.out
    assert "Nothing to change." in done.out
    assert (folder / "main.py").read_text() == before


def test_what_was_added_is_served_and_lints(trivet: Trivet, write: Write, tmp_path: Path) -> None:
    write({"main.py": MAIN})

    added = trivet(
        "add", "admin", "jobs", "mail", "cache", "realtime", "forms", "account-pages", "webhooks",
        "events", "sessions", "i18n",
    )  # fmt: skip
    routes = trivet("routes")

    assert added.code == 0, added.err
    assert 'pip install "trivet[' in added.out
    assert routes.code == 0, routes.err
    for path in ("/admin/", "/auth/sign-in", "/account/sign-in"):
        assert path in routes.out
    lint = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--select",
            "E,F,I,UP",
            "--line-length",
            "100",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout
    assert (tmp_path / "templates").is_dir()
    assert 'sender="The Shop <hello@example.org>"' in (tmp_path / "main.py").read_text()


def test_application_is_followed_to_the_file_that_makes_it(trivet: Trivet, write: Write) -> None:
    folder = write(
        {
            "shop/__init__.py": "",
            "shop/web.py": "from trivet import App\n\nsite = App()\nsite.add_hook(None)\n",
            "shop/main.py": "from shop.web import site as app\n",
            "pyproject.toml": PROJECT + '[tool.trivet]\napp = "shop.main:app"\n',
        }
    )

    done = trivet("add", "cache")

    assert done.code == 0, done.err
    assert "cache = site.use(Cache())" in (folder / "shop/web.py").read_text().splitlines()[-1]
    assert (folder / "shop/main.py").read_text() == "from shop.web import site as app\n"


def test_factory_gets_its_lines_inside(trivet: Trivet, write: Write) -> None:
    folder = write(
        {
            "main.py": "from trivet import App\n\n\ndef create_app() -> App:\n"
            "    app = App()\n    return app\n"
        }
    )

    assert trivet("add", "cache").code == 0

    body = ast.parse((folder / "main.py").read_text()).body[-1]
    assert isinstance(body, ast.FunctionDef)
    assert ast.unparse(body.body[1]) == "cache = app.use(Cache())"


def test_names_join_an_import_that_is_there(trivet: Trivet, write: Write) -> None:
    folder = write(
        {"main.py": "from trivet import App\nfrom trivet.db import Model, field\n\napp = App()\n"}
    )

    assert trivet("add", "db").code == 0

    text = (folder / "main.py").read_text()
    assert "from trivet.db import Database, Model, field\n" in text


def test_show_writes_nothing(trivet: Trivet, write: Write) -> None:
    folder = write({"main.py": MAIN, "pyproject.toml": PROJECT})

    done = trivet("add", "templates", "--show")

    assert '+templates = app.use(Templates("templates"))' in done.out
    assert (folder / "main.py").read_text() == MAIN
    assert (folder / "pyproject.toml").read_text() == PROJECT
    assert not (folder / "templates").exists()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"main.py": "import shop\napp = shop.make()\n", "shop.py": ""}, "cli.no-app-statement"),
        ({"main.py": "from trivet import App\napp = App(\n"}, "cli.broken-app-file"),
        (
            {
                "main.py": "from trivet import App\nfrom trivet.db import Database\n"
                "app = App()\napp.use(Database('sqlite://'))\n"
            },
            "cli.unnamed-part",
        ),
        (
            {
                "main.py": "from trivet import App\nfrom data import base\napp = App()\n",
                "data.py": "from trivet.db import Database\nbase = Database('sqlite://')\n",
            },
            "cli.part-elsewhere",
        ),
    ],
)
def test_where_it_cannot_it_changes_nothing_and_says_what_to_write(
    trivet: Trivet, write: Write, files: dict[str, str], code: str
) -> None:
    folder = write(files)

    done = trivet("add", "jobs")

    assert done.code == 3
    assert f"[{code}]" in done.err
    assert "= app.use(" in done.err or code == "cli.broken-app-file"
    assert {name: (folder / name).read_text() for name in files} == files


def test_unknown_part_is_a_usage_error(trivet: Trivet, write: Write) -> None:
    write({"main.py": MAIN})

    done = trivet("add", "job")

    assert done.code == 2
    assert "did you mean jobs?" in done.err


def test_without_a_word_it_lists_what_there_is(trivet: Trivet) -> None:
    done = trivet("add")

    assert done.code == 0
    assert {"db", "admin", "jobs", "realtime"} <= {
        line.split(" ")[0] for line in done.out.splitlines()
    }


def test_what_a_part_stands_on_is_known() -> None:
    for one in ADDITIONS.values():
        assert set(one.needs) <= set(ADDITIONS)
        assert bool(one.line) == bool(one.names)
