"""`trivet admin`: an admin on any database that is there, without a line of code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from trivet.adapters.server import ServerOptions, serve
from trivet.admin import Admin
from trivet.admin.by_key import ByKey
from trivet.app.application import App
from trivet.auth.errors import NotSignedIn
from trivet.db import Database
from trivet.errors import SetupError
from trivet.middleware.csrf import Csrf
from trivet.middleware.hosts import AllowedHosts
from trivet.terminal import Pen

__all__ = ["admin", "admin_on"]

_WITHOUT_KEY = (
    "This admin is open to whoever has its key. Open the address that `trivet admin` printed when"
    " it started: the key is in it, and is another one each time.\n"
)


def admin(
    database: Annotated[
        str,
        typer.Option(
            "--database",
            envvar="DATABASE_URL",
            help="Its address: postgresql://…, mysql://…, or a file of SQLite",
        ),
    ],
    write: Annotated[bool, typer.Option("--write", help="Let rows be changed, not only seen")] = (
        False
    ),
    only: Annotated[
        list[str] | None, typer.Option("--table", help="This table alone; may be given again")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine")] = 8001,
) -> None:
    """Open an admin on a database that is there already: all its tables, nothing to write.

    It answers this machine alone, and whoever has the address that is printed. Nothing can be
    changed unless --write is given, and nothing is added to the database.

    \b
      trivet admin --database shop.sqlite
      trivet admin --database postgresql://ann@localhost/shop --write
    """
    app, path = admin_on(_address(database), writes=write, only=only)
    pen = Pen()
    pen.write(f"Admin of {database}: http://127.0.0.1:{port}{path}")
    pen.write("Rows can be changed." if write else "Nothing can be changed; --write lets you.")
    serve(app, ServerOptions(port=port, access_log=False, log_level="warning"))


def admin_on(url: str, *, writes: bool, only: list[str] | None = None) -> tuple[App, str]:
    """Give the application of an admin on a database, and the path by which one enters it."""
    access = ByKey(writes=writes)
    app = App(
        title=Path(url.rpartition("/")[2]).name or "Database",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # Another site's page may know the port, and a name of its own may lead here.
    app.add_hook(AllowedHosts(allowed_hosts=["127.0.0.1", "localhost", "[::1]"]))
    app.add_hook(Csrf(anonymous=True))
    app.use(Admin(access=access, reflects=app.use(Database(url)), only=only))

    @app.get("/", include_in_schema=False)
    async def enter(key: str = "") -> Response:
        return access.enter(key, "/admin/") if key else RedirectResponse("/admin/", 303)

    @app.exception_handler(NotSignedIn)
    async def refused(request: Request, error: Exception) -> Response:
        return PlainTextResponse(_WITHOUT_KEY, 401)

    return app, f"/?key={access.key}"


def _address(given: str) -> str:
    """Give the address of a database; a file stands for SQLite's."""
    if "://" in given:
        return given
    file = Path(given)
    if not file.is_file():
        raise SetupError(
            f"There is no file {given!r}, and it is no address of a database",
            code="admin.no-database",
            mend="trivet admin --database postgresql://user@host/name, or the path of a file",
        )
    return f"sqlite:///{file}"
