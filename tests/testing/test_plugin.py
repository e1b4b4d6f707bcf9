"""The plugin for pytest, in runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.architecture.house import REPOSITORY
from tests.db.conftest import address
from trivet.db import Database

APP = """
import os
from trivet import App
from trivet.db import Database, Mapped, Model, field

app = App()
db = app.use(Database(os.environ["TEST_URL"]))

class Item(Model):
    name: Mapped[str] = field(max_length=50, unique=True)

@app.post("/items/{name}", status_code=201)
async def add(name: str) -> Item:
    return await Item.create(name=name)

@app.get("/items")
async def items() -> list[Item]:
    return await Item.all()
"""

TESTS = """
import pytest
from app import Item
from trivet.testing import assert_queries, factory

ItemFactory = factory(Item)
twice = pytest.mark.parametrize("number", [1, 2])

@pytest.fixture
async def item(db):
    return await ItemFactory.create(name="of a fixture")

@twice
def test_plain(client, run_async, number):
    assert client.post("/items/one").status_code == 201
    assert run_async(ItemFactory.create()).name == "name 1"
    with assert_queries(1):
        assert {item["name"] for item in client.get("/items").json()} == {"one", "name 1"}

@twice
async def test_awaiting(async_client, db, item, number):
    assert (await async_client.post("/items/one")).status_code == 201
    async with db.transaction():
        assert await Item.all().count() == 2

@pytest.mark.committed
@twice
async def test_committed(async_client, db, item, number):
    assert (await async_client.post("/items/one")).status_code == 201
    async with db.transaction():
        assert await Item.all().count() == 2
    assert not db.driver.is_within

@pytest.mark.committed
@twice
def test_plain_committed(client, db, number):
    assert client.post("/items/one").status_code == 201
    assert len(client.get("/items").json()) == 1
"""

CONFTEST = """
import pytest
{plugins}

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""

INI = "[pytest]\nanyio_mode = auto\nfilterwarnings = error\nstrict_markers = true\n"


def run(folder: Path, files: dict[str, str], *words: str, url: str = "sqlite://") -> str:
    """Run pytest in a folder with these files; gives what it wrote."""
    for name, content in files.items():
        (folder / name).write_text(content)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"TEST_URL": url, "PYTHONPATH": str(REPOSITORY / "src"), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def files(
    tests: str = TESTS, *, plugins: str = "", ini: str = "trivet_app = app:app\n"
) -> dict[str, str]:
    plugins = plugins or 'pytest_plugins = ["trivet.testing.plugin"]'
    return {
        "app.py": APP,
        "test_app.py": tests,
        "conftest.py": CONFTEST.format(plugins=plugins),
        "pytest.ini": INI + ini,
    }


async def databases(url: str, word: str) -> list[str]:
    """Give the databases of a server whose names have this word."""
    if url.startswith("sqlite"):
        return []
    server = Database(url)
    names = (
        "select datname from pg_database"
        if url.startswith("postgresql")
        else "select schema_name from information_schema.schemata"
    )
    async with server.engine.connect() as connection:
        found = [str(row[0]) for row in await connection.execute(text(names))]
    await server.close()
    return [name for name in found if word in name]


@pytest.mark.timeout(240)
async def test_no_test_sees_the_rows_of_another(kind: str, tmp_path: Path) -> None:
    word = f"plugin{os.getpid()}"
    url = address(kind)
    own = url if kind == "sqlite" else urlsplit(url)._replace(path=f"/{word}").geturl()

    written = run(tmp_path, files(), "-p", "no:xdist", url=own)

    assert "8 passed" in written, written
    assert await databases(url, word) == []


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_workers_have_databases_of_their_own(kind: str, tmp_path: Path) -> None:
    word = f"workers{os.getpid()}"
    url = address(kind)
    own = url if kind == "sqlite" else urlsplit(url)._replace(path=f"/{word}").geturl()

    written = run(tmp_path, files(), "-n", "2", url=own)

    assert "8 passed" in written, written
    assert await databases(url, word) == []


def test_a_file_of_sqlite_is_not_touched(tmp_path: Path) -> None:
    written = run(tmp_path, files(), url="sqlite:///shop.db")

    assert "8 passed" in written, written
    assert not (tmp_path / "shop.db").exists()


def test_all_databases_of_an_application_are_rolled_back(tmp_path: Path) -> None:
    given = files(
        "import pytest\n"
        "from app import Item, Visit\n"
        "@pytest.mark.parametrize('number', [1, 2])\n"
        "async def test_both(async_client, db, number):\n"
        "    assert (await async_client.post('/visits')).json() == [1, 1]\n"
    )
    given["app.py"] += """
class Apart(Model, apart=True):
    pass

class Visit(Apart):
    path: Mapped[str]

app.use(Database("sqlite://", models=Apart))

@app.post("/visits")
async def visit() -> list[int]:
    await Item.create(name="one")
    await Visit.create(path="/")
    return [await Item.all().count(), await Visit.all().count()]
"""

    written = run(tmp_path, given)

    assert "2 passed" in written, written


def test_an_application_may_be_a_fixture(tmp_path: Path) -> None:
    plugins = (
        'pytest_plugins = ["trivet.testing.plugin"]\n'
        "@pytest.fixture\ndef app():\n    from app import app\n    return app\n"
    )

    written = run(tmp_path, files(plugins=plugins, ini=""))

    assert "8 passed" in written, written


def test_tables_are_made_by_the_migrations(tmp_path: Path) -> None:
    given = files(ini="trivet_app = app:app\ntrivet_tables = migrations\n")
    for name, content in given.items():
        (tmp_path / name).write_text(content)
    subprocess.run(
        [sys.executable, "-m", "trivet", "makemigrations"],
        cwd=tmp_path,
        env={**os.environ, "TEST_URL": "sqlite://", "PYTHONPATH": str(REPOSITORY / "src")},
        check=True,
    )

    written = run(tmp_path, given)

    assert "8 passed" in written, written


def test_the_entry_loads_the_plugin_where_an_application_is_named(tmp_path: Path) -> None:
    written = run(tmp_path, files(plugins="#"), "-p", "trivet.testing.entry")

    assert "8 passed" in written, written


def test_the_entry_does_nothing_where_nobody_asks(tmp_path: Path) -> None:
    tests = (
        "import sys\n"
        "def test_nothing_is_loaded(request):\n"
        "    loaded = {'sqlalchemy', 'httpx2', 'trivet.testing.plugin', 'starlette'}\n"
        "    assert not loaded & set(sys.modules)\n"
        "    assert not request.config.pluginmanager.hasplugin('trivet.testing.plugin')\n"
    )

    written = run(tmp_path, files(tests, plugins="#", ini=""), "-p", "trivet.testing.entry")

    assert "1 passed" in written, written


def test_no_database_is_loaded_for_an_application_without_one(tmp_path: Path) -> None:
    given = files(
        "import sys\n"
        "def test_hello(client):\n"
        "    assert client.get('/').json() == 'hello'\n"
        "    assert 'trivet.db' not in sys.modules\n"
        "    assert 'sqlalchemy' not in sys.modules\n"
        "async def test_awaiting(async_client):\n"
        "    assert (await async_client.get('/')).json() == 'hello'\n"
    )
    given["app.py"] = (
        "from trivet import App\napp = App()\n"
        "@app.get('/')\ndef hello() -> str:\n    return 'hello'\n"
    )

    written = run(tmp_path, given)

    assert "2 passed" in written, written


@pytest.mark.parametrize(
    ("tests", "ini", "code"),
    [
        ("async def test_it(client, db): pass", "trivet_app = app:app", "testing.blocking-client"),
        ("def test_it(client): pass", "", "testing.no-app"),
        ("def test_it(client): pass", "trivet_app = app:nothing", "testing.no-app"),
        ("def test_it(client): pass", "trivet_app = app\ntrivet_tables = x", "testing.tables"),
    ],
)
def test_mistakes_are_told(tests: str, ini: str, code: str, tmp_path: Path) -> None:
    written = run(tmp_path, files(tests, ini=f"{ini}\n"))

    assert f"[{code}]" in written, written


def test_testing_alone_loads_neither_databases_nor_pytest() -> None:
    code = (
        "import sys, trivet.testing as t; t.TestClient;"
        "print({'sqlalchemy', 'pytest'} & {*sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "set()"
