"""The application is chosen in its module, and trouble is told in the terms of the user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.typed import Trivet, Write, environment

APP = "from trivet import App\n"
ROUTE = '@{name}.get("/of-{name}")\nasync def of_{name}() -> None: ...\n'


def app_named(name: str) -> str:
    return f"{APP}{name} = App()\n{ROUTE.format(name=name)}"


@pytest.mark.parametrize("name", ["app", "application", "api", "the_only_one"])
def test_application_is_found_by_its_name_or_as_the_only_one(
    trivet: Trivet, write: Write, name: str
) -> None:
    write({"main.py": app_named(name)})

    done = trivet("routes")

    assert done.code == 0, done.err
    assert f"/of-{name}" in done.out


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_factory_is_found_and_called(trivet: Trivet, write: Write, name: str) -> None:
    write({"main.py": f"{APP}def {name}() -> App:\n    app = App(title='made')\n    return app\n"})

    done = trivet("openapi", "main.py")

    assert done.code == 0, done.err
    assert '"title": "made"' in done.out


@pytest.mark.parametrize(
    "words",
    [
        ["main:build()"],
        ["main:build"],
        ["main.py:build()"],
        ["--app", "main:build", "--factory"],
        ["main.py:Maker.build()"],
    ],
)
def test_factory_may_be_named(trivet: Trivet, write: Write, words: list[str]) -> None:
    text = f"{APP}def build(name: str = 'made') -> App:\n    return App(title=name)\n"
    write({"main.py": text + "class Maker:\n    build = staticmethod(build)\n"})

    done = trivet("openapi", *words)

    assert done.code == 0, done.err
    assert '"title": "made"' in done.out


def test_router_of_a_usual_name_is_no_application(trivet: Trivet, write: Write) -> None:
    write({"main.py": f"from trivet import Router\napi = Router()\n{app_named('site')}"})

    done = trivet("routes")

    assert "/of-site" in done.out


def test_second_name_of_the_same_application_is_no_second_one(trivet: Trivet, write: Write) -> None:
    write({"main.py": f"{app_named('site')}alias = site\n"})

    assert trivet("routes").code == 0


def test_app_dir_is_where_targets_are_looked_for(trivet: Trivet, write: Write) -> None:
    write({"src/shop.py": app_named("app")})

    done = trivet("routes", "shop:app", "--app-dir", "src")

    assert done.code == 0, done.err
    assert "/of-app" in done.out


def test_argument_and_option_may_not_disagree(trivet: Trivet, write: Write) -> None:
    write({"main.py": app_named("app")})

    done = trivet("routes", "main.py", "--app", "other.py")

    assert done.code == 2
    assert "given twice" in done.err


TROUBLE = [
    pytest.param({}, [], "cli.no-app", "no application found", id="nothing there"),
    pytest.param({}, ["shop"], "cli.no-module", "there is no module 'shop'", id="no module"),
    pytest.param(
        {"main.py": app_named("app")}, ["mian:app"], "cli.no-module", "'main' is there", id="typo"
    ),
    pytest.param({}, ["a.b:app"], "cli.no-module", "no module 'a.b'", id="no package"),
    pytest.param({"main.py": "x = 1\n"}, ["main"], "cli.no-app-in-module", "holds no", id="no app"),
    pytest.param(
        {"main.py": f"{APP}one = App()\ntwo = App()\n"},
        ["main"],
        "cli.several-apps",
        "main:one",
        id="several",
    ),
    pytest.param(
        {"main.py": app_named("app")}, ["main:ap"], "cli.no-attribute", "main:app?", id="attribute"
    ),
    pytest.param({"main.py": "app = 3\n"}, ["main:app"], "cli.not-an-app", "a int", id="number"),
    pytest.param(
        {"main.py": "def app(): return 3\n"}, ["main:app"], "cli.not-an-app", "a int", id="gave"
    ),
    pytest.param(
        {"main.py": "app = 3\n"}, ["main:app()"], "cli.not-a-factory", "a int", id="not a factory"
    ),
    pytest.param({"json.py": "app = 3\n"}, ["json.py"], "cli.name-is-taken", "rename", id="taken"),
    pytest.param(
        {"main.py": "async def app(scope, receive, send): ...\n"},
        ["main:app"],
        "cli.not-a-trivet-app",
        "not a trivet.App",
        id="foreign",
    ),
    pytest.param(
        {"main.py": app_named("app")},
        ["--dropin", "rails"],
        "cli.no-dropin",
        "--dropin fastapi",
        id="drop-in",
    ),
]


@pytest.mark.parametrize(("files", "words", "code", "message"), TROUBLE)
def test_application_that_cannot_be_had_is_told_with_the_mend(
    trivet: Trivet, write: Write, files: dict[str, str], words: list[str], code: str, message: str
) -> None:
    write(files)

    done = trivet("routes", *words)

    assert done.code == 3, done.err
    assert f"[{code}]" in done.err
    assert message in done.err
    assert "What to do:" in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


BROKEN = [
    pytest.param(
        "import nowhere_to_be_found\n", "ModuleNotFoundError", "pip install", id="package"
    ),
    pytest.param("import fastapi_x.y\n", "fastapi_x", "pip install", id="submodule"),
    pytest.param(
        "from json import loadz\n", "ImportError", "look for that name in json", id="name"
    ),
    pytest.param("import os\nos.environ['KEY_X']\n", "KeyError", "--env-file", id="variable"),
    pytest.param("raise SystemExit(4)\n", "SystemExit: 4", "__main__", id="exit"),
    pytest.param("x = (\n", "SyntaxError: '(' was never closed", "x = (", id="syntax"),
    pytest.param("def f():\n    1 / 0\nf()\n", "ZeroDivisionError", "main.py:2, in f", id="frames"),
]


@pytest.mark.parametrize(("text", "error", "mend"), BROKEN)
def test_module_that_does_not_import_is_told_by_the_users_own_lines(
    trivet: Trivet, write: Write, text: str, error: str, mend: str
) -> None:
    write({"main.py": text})

    done = trivet("routes", "main.py")

    assert done.code == 3, done.err
    assert "main.py did not import" in done.err
    assert error in done.err
    assert mend in done.err
    assert "Traceback" not in done.err
    assert "importlib" not in done.err
    assert "site-packages" not in done.err


def test_factory_that_raises_is_told_by_its_lines(trivet: Trivet, write: Write) -> None:
    write({"main.py": "def create_app():\n    raise ValueError('no database')\n"})

    done = trivet("routes")

    assert done.code == 3
    assert "main:create_app() did not give an application" in done.err
    assert "main.py:2, in create_app" in done.err
    assert "ValueError: no database" in done.err


def test_error_with_a_cause_tells_both(trivet: Trivet, write: Write) -> None:
    write(
        {"main.py": "try:\n    1 / 0\nexcept ArithmeticError as e:\n    raise OSError('x') from e"}
    )

    done = trivet("routes", "main.py")

    assert "OSError: x\nZeroDivisionError: division by zero" in done.err


def test_circular_import_is_named_as_such(trivet: Trivet, write: Write) -> None:
    write({"main.py": "from other import y\nx = 1\n", "other.py": "from main import x\ny = 1\n"})

    done = trivet("routes", "main")

    assert "two modules import each other" in done.err
    assert "main.py:1" in done.err
    assert "other.py:1" in done.err


def test_circular_import_is_named_where_python_suspects_a_library_of_that_name(
    write: Write, tmp_path: Path
) -> None:
    """Its message does not speak of a circle then, from Python 3.14 on."""
    write({"main.py": "from other import y\nx = 1\n", "other.py": "from main import x\ny = 1\n"})

    done = subprocess.run(
        [sys.executable, "-m", "trivet", "routes", "main"],
        cwd=tmp_path,
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "two modules import each other" in done.stderr


def test_module_that_imports_itself_is_told_so(trivet: Trivet, write: Write) -> None:
    write({"shop.py": "from shop import Basket\n"})

    done = trivet("routes", "shop")

    assert "shop.py imports itself" in done.err


def test_declaration_that_cannot_serve_keeps_its_own_code_and_mend(
    trivet: Trivet, write: Write
) -> None:
    write(
        {
            "main.py": f"{APP}app = App()\n"
            '@app.get("/x", status_code=204, response_model=int)\ndef x(): ...\n'
        }
    )

    done = trivet("routes")

    assert done.code == 3
    assert "[routing.body-not-allowed]" in done.err
    assert "main.py:3" in done.err


def test_colour_is_only_where_it_is_wanted(trivet: Trivet) -> None:
    plain = trivet("routes", "nowhere.py")
    coloured = trivet("routes", "nowhere.py", FORCE_COLOR="1")
    refused = trivet("routes", "nowhere.py", FORCE_COLOR="1", NO_COLOR="1")

    assert "\x1b[" not in plain.err
    assert "\x1b[31m" in coloured.err
    assert "\x1b[" not in refused.err


def test_environment_file_is_read_before_the_application(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": f"import os\n{APP}app = App(title=os.environ['SHOP_TITLE'])\n",
            "production.env": "# the shop\nexport SHOP_TITLE='Little shop'\n",
        }
    )

    done = trivet("openapi", "--env-file", "production.env")

    assert done.code == 0, done.err
    assert '"title": "Little shop"' in done.out


def test_environment_wins_over_its_file(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": f"import os\n{APP}app = App(title=os.environ['SHOP_TITLE'])\n",
            "production.env": "SHOP_TITLE=file\n",
        }
    )

    done = trivet("openapi", "--env-file", "production.env", SHOP_TITLE="environment")

    assert '"title": "environment"' in done.out


def test_missing_environment_file_is_named(trivet: Trivet, write: Write) -> None:
    write({"main.py": app_named("app")})

    done = trivet("routes", "--env-file", "nowhere.env")

    assert done.code == 2
    assert "nowhere.env" in done.err
