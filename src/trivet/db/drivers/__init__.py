"""What differs between databases: addresses, settings of connections, and the way of a row."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.engine import URL

from trivet.db.drivers.driver import Driver
from trivet.errors import MissingExtraError, SetupError

__all__ = ["Driver", "driver_of"]

# Backend → (module, class, the library it needs, the extra that brings it).
_DRIVERS = {
    "sqlite": ("sqlite", "SqliteDriver", "aiosqlite", "db"),
    "postgresql": ("postgres", "PostgresDriver", "asyncpg", "postgres"),
    "postgres": ("postgres", "PostgresDriver", "asyncpg", "postgres"),
    "mysql": ("mysql", "MySqlDriver", "asyncmy", "mysql"),
    "mariadb": ("mysql", "MySqlDriver", "asyncmy", "mysql"),
}


def driver_of(url: URL) -> Driver:
    """Give the driver for an address; raises `SetupError` for a database that is not known.

    Only what the address needs is imported; where that is not installed, the error says how.
    """
    found = _DRIVERS.get(url.get_backend_name())
    if found is None:
        raise SetupError(
            f"there is no driver for {url.get_backend_name()!r}",
            code="db.driver",
            mend="sqlite:///file.db, postgresql://user@host/name or mysql://user@host/name",
        )
    module, name, library, extra = found
    try:
        import_module(library)
    except ImportError as error:
        raise MissingExtraError(
            library, extra, what=f"a database at {url.get_backend_name()}:"
        ) from error
    driver: type[Driver] = getattr(import_module(f"trivet.db.drivers.{module}"), name)
    return driver(url)
