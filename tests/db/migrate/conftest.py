"""A small application in a folder of its own, and `trivet` typed beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.cli.typed import Done, forked
from tests.databases import own_url
from tests.db.conftest import address
from trivet.db import Database

HEAD = """\
from __future__ import annotations

import os

from trivet import App
from trivet.db import Database, ForeignKey, Mapped, Model, field, relationship

app = App()
db = app.use(Database(os.environ["DATABASE"], timeout=5.0))
"""

ARTIST = """

class Artist(Model):
    name: Mapped[str] = field(max_length=100, unique=True)
"""

ALBUM = """

class Album(Model):
    title: Mapped[str] = field(max_length=200, index=True)
    artist_id: Mapped[int] = field(ForeignKey(Artist.id, ondelete="CASCADE"))
    artist: Mapped[Artist] = relationship()
"""


class Shop:
    """The application: its models, its migrations, and what is in its database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.kind = url.split(":", 1)[0]

    def models(self, *parts: str) -> None:
        """Write the application with these models."""
        (self.folder / "main.py").write_text(HEAD + "".join(parts))

    def typed(self, *words: str, text: str = "") -> Done:
        """Type `trivet` with these words."""
        return forked(list(words), self.folder, text, DATABASE=self.url)

    def fine(self, *words: str) -> str:
        """Type `trivet`, which must go well, and give what it wrote."""
        done = self.typed(*words)
        assert done.code == 0, done.out + done.err
        return done.out

    def files(self) -> list[str]:
        """Give the names of the migrations."""
        return sorted(path.name for path in (self.folder / "migrations").glob("*.py"))

    def write(self, name: str, before: str | None, upgrade: str, downgrade: str = "pass") -> None:
        """Write a migration by hand."""
        folder = self.folder / "migrations"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n\n"
            f"revision = {name!r}\ndown_revision = {before!r}\n\n\n"
            f"def upgrade() -> None:\n    {upgrade}\n\n\n"
            f"def downgrade() -> None:\n    {downgrade}\n"
        )

    def sql(self, statement: str) -> list[Any]:
        """Run a statement, committed, and give its rows."""

        async def run() -> list[Any]:
            database = Database(self.url)
            try:
                async with database.engine.begin() as connection:
                    done = await connection.execute(text(statement))
                    return [tuple(row) for row in done] if done.returns_rows else []
            finally:
                await database.close()

        return asyncio.run(run())


Make = Callable[[str], Shop]


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Make]:
    """Give a function that makes an application on a kind of database, empty for the test."""
    with ExitStack() as until_then:

        def make(kind: str) -> Shop:
            if kind == "sqlite":
                return Shop(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}")
            return Shop(tmp_path, until_then.enter_context(own_url(address(kind))))

        yield make


@pytest.fixture
def shop(make_shop: Make, kind: str) -> Shop:
    """Give an application on each kind of database."""
    return make_shop(kind)


@pytest.fixture
def small(make_shop: Make) -> Shop:
    """Give an application on SQLite."""
    return make_shop("sqlite")
