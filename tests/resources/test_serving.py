"""The six operations, over real databases."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.resources.conftest import app_of, client_of
from tests.resources.models import Concert, Country, Draft, Novel, Seat, Topic, Writer
from trivet import App
from trivet.db import Database
from trivet.resources import resource
from trivet.routing.when import HeaderIs

Client = httpx2.AsyncClient


@pytest.fixture(scope="module")
def site(made_database: Database) -> App:
    novels = resource(
        Novel,
        open_writing=True,
        filters=[Novel.price, Novel.published, Novel.writer, Novel.title, Novel.day],
        orders=[Novel.title, Novel.price],
        include=[Novel.writer, "writer.publisher", Novel.topics],
        bulk=5,
    )
    others = [resource(model, open_writing=True) for model in (Writer, Draft, Country, Seat)]
    return app_of(made_database, novels, *others)


async def made(client: Client, path: str, **values: Any) -> Any:
    answer = await client.post(path, json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_row_is_made_and_found_at_its_address(client: Client) -> None:
    answer = await client.post("/novels", json={"title": "Emma", "price": "12.50"})

    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["location"] == f"/novels/{row['id']}"
    assert (row["title"], row["price"], row["binding"]) == ("Emma", "12.50", "paper")
    found = await client.get(answer.headers["location"])
    assert found.json() == row
    assert found.headers["etag"] == answer.headers["etag"]


async def test_what_is_private_is_never_shown(client: Client) -> None:
    row = await made(client, "/novels", title="Emma")

    assert "secret" not in row


@pytest.mark.parametrize("name", ["id", "secret", "doubled", "created", "updated", "deleted"])
async def test_what_is_not_the_clients_to_write_is_refused(client: Client, name: str) -> None:
    value = "2026-01-01T00:00:00Z" if name in ("created", "updated", "deleted") else 7

    answer = await client.post("/novels", json={"title": "Emma", name: value})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", name]


async def test_a_row_is_replaced_as_a_whole(client: Client) -> None:
    row = await made(client, "/novels", title="Emma", pages=300, binding="cloth")

    answer = await client.put(f"/novels/{row['id']}", json={"title": "Persuasion"})

    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["pages"]) == ("Persuasion", 0)
    assert answer.json()["binding"] == "paper"
    assert answer.json()["doubled"] == 0
    assert answer.json()["created"] == row["created"]


async def test_what_is_sent_changes_and_nothing_else(client: Client) -> None:
    row = await made(client, "/novels", title="Emma", pages=300)

    answer = await client.patch(f"/novels/{row['id']}", json={"pages": 310})

    assert answer.json()["title"] == "Emma"
    assert (answer.json()["pages"], answer.json()["doubled"]) == (310, 620)


async def test_a_merge_patch_goes_into_objects(client: Client) -> None:
    row = await made(client, "/novels", title="Emma", extra={"a": {"b": 1, "c": 2}, "d": 3})

    answer = await client.patch(
        f"/novels/{row['id']}",
        content=b'{"extra": {"a": {"b": null, "x": [1]}}, "size": {"width": 4}}',
        headers={"content-type": "application/merge-patch+json"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["extra"] == {"a": {"c": 2, "x": [1]}, "d": 3}
    assert answer.json()["size"] == {"width": 4, "height": 10}


async def test_a_plain_patch_puts_objects_in_place(client: Client) -> None:
    row = await made(client, "/novels", title="Emma", extra={"a": 1})

    answer = await client.patch(f"/novels/{row['id']}", json={"extra": {"b": 2}})

    assert answer.json()["extra"] == {"b": 2}


async def test_a_patch_of_another_type_is_a_415(client: Client) -> None:
    row = await made(client, "/novels", title="Emma")

    answer = await client.patch(f"/novels/{row['id']}", content=b"title=x")

    assert answer.status_code == 415
    assert "application/merge-patch+json" in answer.headers["accept-patch"]


async def test_a_patch_that_is_no_json_is_told_why_and_not_what_it_was(client: Client) -> None:
    row = await made(client, "/novels", title="A")
    headers = {"content-type": "application/merge-patch+json"}

    answer = await client.patch(f"/novels/{row['id']}", content=b'{"title": x}', headers=headers)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["ctx"] == {"error": "expected value at line 1 column 11"}


async def test_what_is_deleted_is_gone(client: Client) -> None:
    row = await made(client, "/novels", title="Emma")

    assert (await client.delete(f"/novels/{row['id']}")).status_code == 204
    assert (await client.get(f"/novels/{row['id']}")).status_code == 404
    assert (await client.delete(f"/novels/{row['id']}")).status_code == 404


async def test_a_model_with_soft_deletion_keeps_its_rows(
    client: Client, database: Database
) -> None:
    row = await made(client, "/drafts", title="One")

    assert (await client.delete(f"/drafts/{row['id']}")).status_code == 204

    assert (await client.get("/drafts")).json()["items"] == []
    assert (await client.get(f"/drafts/{row['id']}")).status_code == 404
    async with database.own_transaction():
        assert await Draft.only_deleted().count() == 1


async def test_a_key_that_nobody_makes_is_given_once(client: Client) -> None:
    await made(client, "/countries", code="fi", name="Finland")

    assert (await client.get("/countries/fi")).json()["name"] == "Finland"
    answer = await client.put("/countries/fi", json={"name": "Suomi"})
    assert answer.json() == {"code": "fi", "name": "Suomi"}
    refused = await client.patch("/countries/fi", json={"code": "se"})
    assert refused.status_code == 422


async def test_a_key_of_two_columns_is_two_parts_of_the_path(client: Client) -> None:
    await made(client, "/seats", row=3, number=7)

    answer = await client.patch("/seats/3/7", json={"note": "by the window"})

    assert answer.json() == {"row": 3, "number": 7, "note": "by the window"}


async def test_relations_are_there_where_they_were_asked_for(
    client: Client, database: Database
) -> None:
    writer = await made(client, "/writers", name="Jane")
    await made(client, "/novels", title="Emma", writer_id=writer["id"])
    await made(client, "/novels", title="Beowulf")

    plain = (await client.get("/novels")).json()["items"]
    shown = (await client.get("/novels?include=writer,topics&order=title")).json()["items"]

    assert "writer" not in plain[0]
    assert [row["writer"] for row in shown] == [None, writer]
    assert [row["topics"] for row in shown] == [[], []]
    deep = (await client.get("/novels?include=writer.publisher&title=Emma")).json()["items"]
    assert deep[0]["writer"] == {**writer, "publisher": None}


async def test_rows_are_found_by_filters_of_their_types(client: Client) -> None:
    for title, price, day in (("A", 5, "2026-01-01"), ("B", 10, None), ("C", 15, "2026-03-01")):
        await made(client, "/novels", title=title, price=price, day=day, published=title == "B")

    async def titles(query: str) -> list[str]:
        answer = await client.get(f"/novels?order=title&{query}")
        assert answer.status_code == 200, answer.text
        return [row["title"] for row in answer.json()["items"]]

    assert await titles("price__gte=10") == ["B", "C"]
    assert await titles("price__gte=10&price__lt=15") == ["B"]
    assert await titles("published=true") == ["B"]
    assert await titles("title__in=A,C") == ["A", "C"]
    assert await titles("title__in=A&title__in=C") == ["A", "C"]
    assert await titles("title__icontains=a") == ["A"]
    assert await titles("day__isnull=true") == ["B"]
    assert await titles("day__lt=2026-02-01") == ["A"]
    assert await titles("writer__isnull=true&price=") == ["A", "B", "C"]


async def test_many_rows_are_written_all_or_none(client: Client) -> None:
    answer = await client.post("/novels/bulk", json=[{"title": "A"}, {"title": "B"}])
    assert answer.status_code == 201, answer.text
    first, second = answer.json()

    changed = await client.patch(
        "/novels/bulk",
        json=[{"id": second["id"], "title": "BB"}, {"id": first["id"], "pages": 3}],
    )
    assert [row["title"] for row in changed.json()] == ["BB", "A"]

    missing = await client.patch(
        "/novels/bulk", json=[{"id": first["id"], "title": "lost"}, {"id": 0, "title": "x"}]
    )
    assert missing.status_code == 404
    assert (await client.get(f"/novels/{first['id']}")).json()["title"] == "A"

    gone = await client.delete(f"/novels/bulk?id={first['id']}&id={second['id']}")
    assert gone.status_code == 204
    assert (await client.get("/novels")).json()["items"] == []


async def test_more_rows_than_are_allowed_at_once_are_refused(client: Client) -> None:
    answer = await client.post("/novels/bulk", json=[{"title": "A"}] * 6)

    assert answer.status_code == 422


async def test_what_stands_in_the_way_is_a_409(client: Client) -> None:
    await made(client, "/writers", name="Jane")

    assert (await client.post("/writers", json={"name": "Jane"})).status_code == 409
    assert (await client.post("/novels", json={"title": "A", "writer_id": 0})).status_code == 422


async def test_writing_is_closed_where_nobody_says_who_may(lite: Database) -> None:
    async with client_of(lite, resource(Writer)) as client:
        assert (await client.get("/writers")).status_code == 200
        answer = await client.post("/writers", json={"name": "Jane"})

    assert answer.status_code == 403
    assert answer.json() == {"detail": "This resource is for reading only"}


async def test_the_document_shows_what_is_read_and_what_is_written(lite: Database) -> None:
    document = app_of(lite, resource(Novel, include=[Novel.writer])).openapi()

    schemas = document["components"]["schemas"]
    assert "secret" not in schemas["NovelRead"]["properties"]
    assert "writer" not in schemas["NovelRead"]["required"]
    assert schemas["NovelCreate"]["required"] == ["title"]
    assert "id" not in schemas["NovelCreate"]["properties"]
    assert schemas["NovelCreate"]["additionalProperties"] is False
    patch = document["paths"]["/novels/{id}"]["patch"]["requestBody"]["content"]
    assert set(patch) == {"application/json", "application/merge-patch+json"}


async def test_schemas_have_one_name_each(lite: Database) -> None:
    """Numbers would be others with each relation that comes, and clients have them as names."""
    routers = [
        resource(Novel, include=[Novel.writer, "writer.publisher", Novel.topics], sparse=True),
        resource(Writer, include=["publisher", "novels.topics"], open_writing=True),
        resource(Novel, under=Novel.writer, open_writing=True),
        resource(Topic, open_writing=True, prefix="/v1/topics"),
        resource(Topic, open_writing=True, prefix="/v2/topics"),
    ]
    schemas = app_of(lite, *routers).openapi()["components"]["schemas"]

    assert [name for name in schemas if "__" in name and "Union" not in name] == []
    writer = schemas["NovelRead"]["properties"]["writer"]["anyOf"][0]["$ref"]
    assert writer.rpartition("/")[2] == "NovelWriterRead"
    assert {"WriterNovelRead", "WriterNovelCreate", "TopicRead", "TopicCreate"} <= schemas.keys()


async def test_operations_below_a_row_have_names_of_their_own(lite: Database) -> None:
    app = app_of(lite, resource(Novel), resource(Novel, under=Novel.writer, open_writing=True))

    names = [route.name for route in app.routes if "novel" in getattr(route, "name", "")]

    assert len(set(names)) == len(names)
    assert app.url_path_for("read_novel", id=3) == "/novels/3"
    assert app.url_path_for("list_writer_novels", writer_id=1) == "/writers/1/novels"


async def test_what_is_written_is_shown_whole(lite: Database) -> None:
    document = app_of(lite, resource(Novel, sparse=True, open_writing=True)).openapi()

    post = document["paths"]["/novels"]["post"]["responses"]["201"]["content"]
    assert post["application/json"]["schema"] == {"$ref": "#/components/schemas/NovelRead"}


@pytest.mark.parametrize("must", [True, False])
async def test_the_document_says_how_rows_are_matched(lite: Database, must: bool) -> None:
    """A client that is made of it can send what it must."""
    made = resource(Writer, open_writing=True, must_match=must)
    paths = app_of(lite, made).openapi()["paths"]

    for method in ("put", "patch", "delete"):
        headers = [
            one for one in paths["/writers/{id}"][method]["parameters"] if one["in"] == "header"
        ]
        assert [(one["name"], one["required"]) for one in headers] == [("If-Match", must)], method
    assert "ETag" in paths["/writers/{id}"]["get"]["responses"]["200"]["headers"]
    assert {"ETag", "Location"} == set(paths["/writers"]["post"]["responses"]["201"]["headers"])


async def test_a_time_of_day_is_described_as_it_is_answered(lite: Database) -> None:
    """What JSON Schema calls a time has a zone, and the column keeps none."""
    made = resource(Concert, filters=[Concert.begins], open_writing=True)
    document = app_of(lite, made).openapi()

    for name in ("ConcertRead", "ConcertCreate", "ConcertChange"):
        begins = document["components"]["schemas"][name]["properties"]["begins"]
        assert begins["anyOf"][0] == {"type": "string", "format": "time-local"}, name
    asked = document["paths"]["/concerts"]["get"]["parameters"]
    found = next(one for one in asked if one["name"] == "begins")
    assert found["schema"]["format"] == "time-local"


async def test_versions_of_a_resource_share_their_address(lite: Database) -> None:
    first = HeaderIs("API-Version", "1", default=True)
    second = HeaderIs("API-Version", "2")
    old = resource(Novel, when=first, open_writing=True, hidden=[Novel.price])
    new = resource(Novel, when=second, open_writing=True)

    async with client_of(lite, old, new) as client:
        row = await made(client, "/novels", title="Emma", price="12.50")
        address = f"/novels/{row['id']}"
        of_two = await client.get(address, headers={"API-Version": "2"})
        unknown = await client.get(address, headers={"API-Version": "3"})
        page = await client.get("/novels", headers={"Accept": "text/html"})
        style = await client.get("/novels/-/resources.css")

    assert "price" not in row
    assert of_two.json()["price"] == "12.50"
    assert "API-Version" in of_two.headers["vary"]
    assert unknown.status_code == 400
    assert page.headers["vary"] == "Accept, API-Version"
    assert style.status_code == 200
