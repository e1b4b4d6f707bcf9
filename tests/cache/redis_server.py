"""A Redis of the tests' own, which may be killed, frozen and filled up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from redis import Redis
from redis.exceptions import RedisError

from tests.db.breaking.servers import OwnServer

__all__ = ["OwnRedis"]


class OwnRedis(OwnServer):
    kind = "redis"

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder)
        self._program = program

    @staticmethod
    def program(missing: Callable[[str], NoReturn]) -> str:
        """Give the path of the installed server."""
        for name in ("redis-server", "valkey-server"):
            if found := shutil.which(name):
                return found
        missing("no Redis server is installed (Debian: apt-get install redis-server)")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def make(self) -> None:
        """Nothing is kept between two starts."""

    def command(self) -> list[str]:
        return [
            *(self._program, "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
        ]

    def is_ready(self) -> bool:
        try:
            return bool(self.run("PING"))
        except RedisError:
            return False

    def run(self, *words: str) -> Any:
        """Run one command."""
        with Redis(port=self.port, socket_timeout=5) as client:
            return client.execute_command(*words)
