"""The plugin for pytest: an application, clients, and a database that each test finds as it was.

Fixtures: `app`, `client`, `async_client`, `db` and `run_async`. A test that is marked `committed`
really commits, and the tables are emptied after it. Without a database, none is loaded.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any, TypeVar

import pytest

from trivet.errors import SetupError
from trivet.http.exchange import ASGIApp, Receive, Scope, Send
from trivet.testing.client import TestClient
from trivet.testing.client import async_client as awaiting_client

__all__ = ["app", "async_client", "client", "db", "run_async"]

pytest_plugins = ["trivet.testing.entry"]

Result = TypeVar("Result")
# By name: whoever tests without a database needs no library for it.
_DATABASES = "trivet.testing.databases"


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line(
        "markers",
        "committed: what the test writes is really committed; all tables are emptied after it",
    )


@pytest.fixture
def app(pytestconfig: pytest.Config) -> Any:
    """Give the application that `trivet_app` names; override it for one that is made otherwise."""
    named = pytestconfig.getini("trivet_app")
    module, _, name = named.partition(":")
    if not module:
        raise SetupError(
            "no application is named for the tests",
            code="testing.no-app",
            mend='trivet_app = "main:app" in pytest\'s configuration, or a fixture called app',
        )
    with _importable(str(pytestconfig.rootpath)):
        found = import_module(module)
    try:
        return getattr(found, name or "app")
    except AttributeError:
        raise SetupError(
            f"{module} has no {name or 'app'}, which trivet_app = {named!r} names",
            code="testing.no-app",
            mend='trivet_app = "module:name"',
        ) from None


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """Look for modules in a folder too, last of all."""
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


# -- the database ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def trivet_databases(pytestconfig: pytest.Config) -> Iterator[Any]:
    """Give the databases of this process of the tests: made when wanted, and dropped at the end."""
    made: list[Any] = []

    def databases() -> Any:
        if not made:
            made.append(
                import_module(_DATABASES).Databases(
                    pytestconfig.getini("trivet_database"),
                    pytestconfig.getini("trivet_tables"),
                    os.environ.get("PYTEST_XDIST_WORKER", "alone"),
                )
            )
        return made[0]

    yield databases
    for one in made:
        one.drop()


@pytest.fixture
def trivet_moved(app: Any, trivet_databases: Callable[[], Any]) -> Iterator[list[Any]]:
    """Give the application's databases, moved to where tests may write."""
    if "trivet.db.database" not in sys.modules:
        yield []
        return
    found = trivet_databases().found_in(app)
    with trivet_databases().moved(found):
        yield found


@pytest.fixture
async def trivet_here(
    request: pytest.FixtureRequest, trivet_moved: list[Any]
) -> AsyncIterator[None]:
    """Keep what a test that awaits writes from the next one, on the test's own event loop."""
    async with _kept(request, trivet_moved):
        yield


@pytest.fixture
def db(request: pytest.FixtureRequest, trivet_moved: list[Any]) -> Any:
    """Give the application's database; what this test writes is gone after it."""
    if not trivet_moved:
        raise SetupError(
            "the application has no database",
            code="testing.no-database",
            mend='app.use(Database("sqlite:///shop.db"))',
        )
    request.getfixturevalue("trivet_here" if _awaits(request) else "client")
    return trivet_moved[0]


def _awaits(request: pytest.FixtureRequest) -> bool:
    function = getattr(request, "function", None)
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    return inspect.iscoroutinefunction(inner)


def _kept(request: pytest.FixtureRequest, databases: list[Any]) -> AbstractAsyncContextManager[Any]:
    if not databases:
        return nullcontext()
    commits = request.node.get_closest_marker("committed") is not None
    kept: AbstractAsyncContextManager[Any] = import_module(_DATABASES).kept(
        databases, commits=commits
    )
    return kept


# -- the clients -----------------------------------------------------------------------------------


@pytest.fixture
def client(
    request: pytest.FixtureRequest, app: Any, trivet_moved: list[Any]
) -> Iterator[TestClient]:
    """Give the client that blocks, while the application's lifespan runs."""
    if trivet_moved and _awaits(request):
        raise SetupError(
            "a test that awaits shares its event loop with the database, and this client blocks it",
            code="testing.blocking-client",
            mend="use the fixture async_client, or a plain def",
        )
    with TestClient(_around_lifespan(app, lambda: _kept(request, trivet_moved))) as made:
        yield made


@pytest.fixture
async def async_client(app: Any, trivet_here: None) -> AsyncIterator[Any]:
    """Give the client whose requests are awaited, while the application's lifespan runs."""
    async with awaiting_client(app) as made:
        yield made


@pytest.fixture
def run_async(client: TestClient) -> Callable[[Awaitable[Result]], Result]:
    """Give the function by which a plain test awaits: `run_async(PostFactory.create())`.

    What it is given runs on the client's event loop, where the application and its database are.
    """

    async def awaited(given: Awaitable[Result]) -> Result:
        return await given

    def run(given: Awaitable[Result]) -> Result:
        assert client.portal is not None, "it is there while the client is open"
        return client.portal.call(awaited, given)

    return run


def _around_lifespan(
    app: ASGIApp, opened: Callable[[], AbstractAsyncContextManager[Any]]
) -> ASGIApp:
    """Open something before the application starts, and close it once it has stopped."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        async with opened():
            await app(scope, receive, send)

    return wrapped
