"""MariaDB and MySQL by asyncmy."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import URL

from trivet.db.drivers.driver import Driver

__all__ = ["MySqlDriver"]


class MySqlDriver(Driver):
    """Everything takes SQLAlchemy's own path."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername=f"{url.get_backend_name()}+asyncmy")
        self.options: dict[str, Any] = {"pool_pre_ping": True}
