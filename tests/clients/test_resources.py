"""Clients of resources: pages of a list, rows that are matched, fields that are left out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.test_python import imported, written
from trivet import App
from trivet.db import Database, Mapped, Model, field, foreign_key, relationship
from trivet.resources import CursorPages, resource
from trivet.testing import TestClient


class Garden(Model, apart=True):
    """Models of this file alone."""


class Bed(Garden):
    name: Mapped[str] = field(max_length=20)


class Plant(Garden):
    name: Mapped[str] = field(max_length=20)
    opens: Mapped[datetime.time | None]
    bed_id: Mapped[int | None] = foreign_key(Bed)
    bed: Mapped[Bed | None] = relationship()


def garden() -> tuple[App, Database]:
    app = App()
    database = app.use(Database("sqlite://", models=Garden))
    plants = resource(
        Plant,
        open_writing=True,
        must_match=True,
        sparse=True,
        include=[Plant.bed],
        filters=[Plant.name, Plant.opens],
        pages=CursorPages(size=1),
    )
    app.include_router(plants)
    app.include_router(resource(Bed, open_writing=True))
    return app, database


@pytest.fixture
def made() -> Iterator[tuple[Any, Any, list[str]]]:
    """Give a module, a client of it, and the tags of the answers."""
    app, database = garden()
    module = imported(written(app.openapi()))
    with TestClient(app) as http:
        assert http.portal is not None
        http.portal.call(database.create_tables)
        tags: list[str] = []
        http.event_hooks = {"response": [lambda answer: tags.append(answer.headers.get("etag"))]}
        with module.Client("http://testserver", http=http) as client:
            yield module, client, tags


def test_a_list_is_pages_of_rows(made: tuple[Any, Any, list[str]]) -> None:
    module, client, _ = made
    for name in ("Ash", "Box"):
        client.create_plant(module.PlantCreate(name=name, opens=datetime.time(9, 30)))

    first = client.list_plants(opens=datetime.time(9, 30))
    second = client.list_plants(after=first.next)

    assert [row.name for row in first.items] == ["Ash"]
    assert first.items[0].opens == datetime.time(9, 30)
    assert [row.name for row in second.items] == ["Box"]
    assert second.next is None


def test_a_row_is_changed_where_it_is_the_one_that_was_seen(
    made: tuple[Any, Any, list[str]],
) -> None:
    module, client, tags = made
    row = client.create_plant(module.PlantCreate(name="Ash"))

    seen = tags[-1]
    changed = client.change_plant(row.id, module.PlantChange(name="Oak"), if_match=seen)
    with pytest.raises(module.ApiError) as caught:
        client.delete_plant(row.id, if_match=seen)

    assert changed.name == "Oak"
    assert caught.value.status == 412


def test_relations_and_single_fields_are_typed(made: tuple[Any, Any, list[str]]) -> None:
    module, client, _ = made
    bed = client.create_bed(module.BedCreate(name="North"))
    row = client.create_plant(module.PlantCreate(name="Ash", bed_id=bed.id))

    whole = client.read_plant(row.id, include=["bed"])
    part = client.read_plant(row.id, fields=["name"])

    assert type(row) is module.PlantRead
    assert whole.bed == module.PlantBedRead(id=bed.id, name="North")
    assert (part.name, part.id) == ("Ash", None)
