"""Lists: pages, what is asked of them, and the forms in which they come."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from tests.resources.conftest import app_of, client_of
from tests.resources.models import Novel, Topic, Writer, novel_topics
from trivet import App
from trivet.db import Database
from trivet.resources import (
    Asking,
    CursorPages,
    NumberedPages,
    OffsetPages,
    Resource,
    action,
    resource,
)
from trivet.testing import counted_queries

Client = httpx2.AsyncClient


class Shelf(Resource[Novel]):
    """Novels with hooks and actions."""

    prefix = "/shelf"
    open_writing = True
    under = None

    def query(self, asking: Asking) -> Any:
        return Novel.where(published=True)

    async def before_create(self, values: dict[str, Any], asking: Asking) -> None:
        values["published"] = True
        values["secret"] = "made here"

    @action()
    async def rename(self, row: Novel, title: str) -> Novel:
        return await row.update(title=title)

    @action("GET")
    async def cheapest(self) -> list[Novel]:
        return await Novel.where(published=True).order_by(Novel.price).limit(1)


@pytest.fixture(scope="module")
def site(made_database: Database) -> App:
    shared: dict[str, Any] = {"orders": [Novel.title, Novel.day], "filters": [Novel.title]}
    return app_of(
        made_database,
        resource(
            Novel,
            search=[Novel.title],
            sparse=True,
            include=[Novel.writer, Novel.topics],
            pages=CursorPages(size=2, most=20),
            **shared,
        ),
        resource(Novel, prefix="/numbered", pages=NumberedPages(size=2), **shared),
        resource(Novel, prefix="/offset", pages=OffsetPages(size=2), **shared),
        resource(Novel, under=Novel.writer, open_writing=True),
        resource(Shelf),
    )


async def fill(database: Database, *titles: str) -> list[Novel]:
    async with database.own_transaction():
        return [await Novel.create(title=title) for title in titles]


def titles(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["items"]]


async def test_a_cursor_goes_through_all_rows_once(client: Client, database: Database) -> None:
    await fill(database, "e", "d", "c", "b", "a")

    found, path = [], "/novels?order=title"
    for _ in range(3):
        answer = await client.get(path)
        found += titles(answer)
        path = answer.links["next"]["url"] if "next" in answer.links else ""

    assert found == ["a", "b", "c", "d", "e"]
    assert path == ""


async def test_a_cursor_goes_by_a_column_that_may_be_empty(
    client: Client, database: Database
) -> None:
    await fill(database, "a", "b", "c")

    first = await client.get("/novels?order=-day")
    second = await client.get(f"/novels?order=-day&after={first.json()['next']}")

    assert len({*titles(first), *titles(second)}) == 3


async def test_numbered_pages_say_how_many_there_are(client: Client, database: Database) -> None:
    await fill(database, "a", "b", "c")

    answer = await client.get("/numbered?page=2&order=-title")

    assert titles(answer) == ["a"]
    beside = {name: value for name, value in answer.json().items() if name != "items"}
    assert beside == {"number": 2, "size": 2, "total": 3, "pages": 2}
    assert titles(await client.get("/numbered?page=9")) == []


async def test_an_offset_skips_rows(client: Client, database: Database) -> None:
    await fill(database, "a", "b", "c")

    answer = await client.get("/offset?offset=1&size=1&order=title")

    assert titles(answer) == ["b"]
    assert answer.json()["total"] == 3
    assert set(answer.links) == {"next", "prev"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("after=nonsense", 400),
        ("after=%00", 400),
        ("size=0", 422),
        ("size=21", 422),
        ("size=99999999999999999999", 422),
        ("order=secret", 422),
        ("order=title,-title", 422),
        ("include=secret", 422),
        ("include=writer.publisher", 422),
        ("include=writer.novels.writer.novels", 422),
        ("fields=secret", 422),
        ("nothing=1", 422),
        ("title=%00", 422),
        ("search=%00", 422),
        ("title__regex=a", 422),
        ("secret=hush", 422),
    ],
)
async def test_what_cannot_be_asked_is_refused(client: Client, query: str, status: int) -> None:
    answer = await client.get(f"/novels?{query}")

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("key", ["x", "1.5", "99999999999999999999", "%00", "-9223372036854775809"])
async def test_a_key_that_is_none_is_no_error_of_ours(client: Client, key: str) -> None:
    assert (await client.get(f"/novels/{key}")).status_code in (400, 404, 422)


async def test_words_are_searched_in_the_columns_that_are_named(
    client: Client, database: Database
) -> None:
    await fill(database, "War and Peace", "Peace", "100% Wool")

    assert titles(await client.get("/novels?search=peace war")) == ["War and Peace"]
    assert titles(await client.get("/novels?search=100%25")) == ["100% Wool"]
    assert len(titles(await client.get("/novels?search="))) == 2


async def test_fields_are_those_that_were_asked_for(client: Client, database: Database) -> None:
    (row,) = await fill(database, "a")

    answer = await client.get("/novels?fields=id,title&include=writer")

    assert answer.json()["items"] == [{"id": row.id, "title": "a", "writer": None}]
    assert (await client.get(f"/novels/{row.id}?fields=title")).json() == {"title": "a"}


async def test_a_list_with_two_relations_takes_three_queries(
    client: Client, database: Database
) -> None:
    rows = await fill(database, *"abcdefgh")
    async with database.own_transaction() as unit:
        writers = [await Writer.create(name=name) for name in "xyz"]
        topics = [await Topic.create(name=name) for name in "pq"]
        for place, row in enumerate(rows):
            await unit.execute(
                novel_topics.insert().values(novel_id=row.id, topic_id=topics[place % 2].id)
            )
            found = await Novel.get(row.id)
            await found.update(writer_id=writers[place % 3].id)

    with counted_queries(database) as counted:
        answer = await client.get("/novels?include=writer,topics&size=20")

    assert len(answer.json()["items"]) == 8
    assert answer.json()["items"][0]["topics"][0]["name"] == "p"
    assert len(counted) == 3


async def test_nested_rows_are_those_of_their_parent(client: Client, database: Database) -> None:
    async with database.own_transaction():
        jane, leo = [await Writer.create(name=name) for name in ("Jane", "Leo")]
    path = f"/writers/{jane.id}/novels"

    made = await client.post(path, json={"title": "Emma"})

    assert made.status_code == 201, made.text
    assert made.json()["writer_id"] == jane.id
    assert titles(await client.get(path)) == ["Emma"]
    assert titles(await client.get(f"/writers/{leo.id}/novels")) == []
    row = made.json()["id"]
    assert (await client.get(f"{path}/{row}")).status_code == 200
    assert (await client.get(f"/writers/{leo.id}/novels/{row}")).status_code == 404
    assert (await client.delete(f"/writers/{leo.id}/novels/{row}")).status_code == 404
    assert (await client.get("/writers/0/novels")).status_code == 404
    assert (await client.post("/writers/0/novels", json={"title": "x"})).status_code == 404
    refused = await client.post(path, json={"title": "x", "writer_id": leo.id})
    assert refused.status_code == 422


async def test_hooks_narrow_rows_and_fill_them_in(client: Client, database: Database) -> None:
    (hidden,) = await fill(database, "not yet")

    made = await client.post("/shelf", json={"title": "Emma", "price": 3})

    assert titles(await client.get("/shelf")) == ["Emma"]
    assert (await client.get(f"/shelf/{hidden.id}")).status_code == 404
    async with database.own_transaction():
        assert (await Novel.get(made.json()["id"])).secret == "made here"


async def test_actions_are_routes(client: Client, database: Database) -> None:
    made = await client.post("/shelf", json={"title": "Emma"})
    (hidden,) = await fill(database, "not yet")

    renamed = await client.post(f"/shelf/{made.json()['id']}/rename?title=Persuasion")
    cheapest = await client.get("/shelf/cheapest")

    assert renamed.json()["title"] == "Persuasion"
    assert [row["title"] for row in cheapest.json()] == ["Persuasion"]
    assert (await client.post(f"/shelf/{hidden.id}/rename?title=x")).status_code == 404


async def test_csv_holds_all_rows_and_no_formula(client: Client, database: Database) -> None:
    await fill(database, "=1+1", "@x", "a,b", '"q"', "-2", "＝1+1")  # noqa: RUF001  # as Excel

    answer = await client.get("/novels?order=title", headers={"accept": "text/csv"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    titles = {row["title"] for row in rows}
    assert titles == {"'=1+1", "'@x", "a,b", '"q"', "'-2", "'＝1+1"}  # noqa: RUF001
    assert {row["price"] for row in rows} == {"0.00"}


async def test_json_lines_are_one_row_each(client: Client, database: Database) -> None:
    await fill(database, "a", "b", "c")

    answer = await client.get(
        "/novels?fields=title&order=title", headers={"accept": "application/jsonl"}
    )

    assert answer.text == '{"title":"a"}\n{"title":"b"}\n{"title":"c"}\n'


async def test_a_person_is_shown_a_page(client: Client, database: Database) -> None:
    (row, *_) = await fill(database, "<script>alert(1)</script>", "b", "c")
    headers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    page = await client.get("/novels?order=title&size=2", headers=headers)

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<script>alert" not in page.text
    assert f'href="/novels/{row.id}"' in page.text
    assert 'rel="next"' in page.text
    one = await client.get(f"/novels/{row.id}", headers=headers)
    assert "<script>alert" not in one.text
    for name in ("resources.css", "resources.js"):
        assert (await client.get(f"/novels/-/{name}")).status_code == 200
    assert (await client.get("/novels/-/page.html")).status_code == 404


async def test_programs_are_given_json(client: Client) -> None:
    for accept in ("*/*", "application/json", "application/xml", "text/html;q=0.1, */*", ""):
        answer = await client.get("/novels", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json", accept


async def test_a_resource_may_have_no_pages_and_no_exports(lite: Database) -> None:
    plain = resource(Writer, browsable=False, exports=False)
    async with client_of(lite, plain) as client:
        for accept in ("text/html", "text/csv"):
            answer = await client.get("/writers", headers={"accept": accept})
            assert answer.headers["content-type"] == "application/json"
