"""A real database, which lies beside the project; without it, these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trivet.db import Database
from trivet.db.describe import describe
from trivet.db.labels import label_column, label_of
from trivet.db.reflect import reflect

CHINOOK = Path(__file__).parents[4] / "shared" / "data" / "chinook.sqlite"

pytestmark = pytest.mark.skipif(not CHINOOK.exists(), reason="a database beside the project")


@pytest.fixture
async def chinook(tmp_path: Path) -> AsyncIterator[Database]:
    file = tmp_path / "chinook.db"
    shutil.copy(CHINOOK, file)
    database = Database(f"sqlite:///{file}")
    yield database
    await database.close()


async def test_a_real_database_is_read_and_written(chinook: Database) -> None:
    found = await reflect(chinook)
    assert len(found) == 11
    assert not found.unusable
    assert found.links == {found["PlaylistTrack"]}
    Album, Playlist, Employee = found["Album"], found["Playlist"], found["Employee"]  # noqa: N806
    assert [relation.name for relation in describe(found["Track"]).relations] == [
        "album", "genre", "media_type", "invoice_lines", "playlists",
    ]  # fmt: skip
    labels = {model.__name__: label_column(model) for model in found}
    assert labels["Track"] == labels["Artist"] == "name"
    assert labels["Album"] == "title"
    assert labels["Customer"] == labels["Employee"] == "last_name"

    async with chinook.transaction():
        album = await Album.where(artist__name="AC/DC").order_by("title").with_("tracks").first()
        assert (album.title, len(album.tracks)) == ("For Those About To Rock We Salute You", 10)
        grunge = await Playlist.where(name="Grunge").with_("tracks__album").one()
        assert len(grunge.tracks) == 15
        boss = await Employee.where(reports_to=None).with_("employees").one()
        assert label_of(boss) == "Andrew Adams"
        assert len(boss.employees) == 2
        grunge.tracks.pop()

    async with chinook.transaction():
        assert await found["PlaylistTrack"].where(playlist__name="Grunge").count() == 14
