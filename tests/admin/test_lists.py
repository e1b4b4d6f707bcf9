"""Lists: what is shown, how they are searched, filtered, sorted and gone through."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from itertools import chain
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin.shop import (
    AdmArtist,
    AdmRecord,
    AdmTag,
    RecordAdmin,
    Shop,
    counted_up_to,
    filled,
    shop_on,
    tables_in,
    usual_shop,
)
from tests.auth.site import PASSWORD
from tests.db.conftest import address, own_database
from trivet.admin import ModelAdmin
from trivet.admin.plan.model import plan_of
from trivet.db import Database, Model
from trivet.errors import SetupError
from trivet.testing import assert_queries

LIST = "/admin/adm-record/"
NAMES = (
    "q", "order", "page", "size", "after", "before", "at", "columns", "dense", "trash", "view",
    "f.year", "f.year__gte", "f.created", "f.created__lte", "f.artist", "f.tags", "f.format",
    "f.is_live", "f.title", "f.nothing", "undo",
)  # fmt: skip
Site = tuple[asyncio.Runner, httpx2.AsyncClient]


@pytest.fixture(scope="module")
def told(worker_id: str) -> Iterator[Site]:
    """Give a browser in which a superuser looks at some records, on SQLite."""
    with asyncio.Runner() as runner:
        context = own_database(address("sqlite"), f"admin_told_{worker_id}")
        database = runner.run(context.__aenter__())
        shop = usual_shop(database)
        runner.run(made(shop))
        yield runner, runner.run(shop.root())
        runner.run(context.__aexit__(None, None, None))


async def made(shop: Shop) -> None:
    tables = list(tables_in(shop.database))
    async with shop.database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=tables)
    await filled(shop.database, 5)


def titles(page: str) -> list[str]:
    """Give the titles of the records that a page shows, in their order."""
    return list(dict.fromkeys(re.findall(r"Record \d{3}", page)))


def numbers(page: str) -> list[int]:
    return [int(title[-3:]) for title in titles(page)]


async def test_a_list_shows_the_columns_that_were_chosen(shop: Shop) -> None:
    await filled(shop.database, 2)
    client = await shop.root()

    page = (await client.get(LIST)).text

    assert titles(page) == ["Record 000", "Record 001"]
    assert "ABBA" in page
    assert "Queen" in page
    assert "hidden" not in re.sub(r"<[^>]*>", "", page)


async def test_a_list_takes_three_statements_whatever_its_columns(shop: Shop) -> None:
    """Two more are the session and its account; PostgreSQL is asked besides what it expects."""
    await filled(shop.database)
    async with shop.database.own_transaction():
        (queen,) = await AdmArtist.where(name="Queen")
    client = await shop.root()
    await client.get(LIST)
    more = 3 if shop.database.engine.dialect.name == "postgresql" else 2

    with assert_queries(at_most=2 + more):
        await client.get(f"{LIST}?q=record&f.format=single&f.artist={queen.id}&order=-year")


@pytest.mark.parametrize("is_long", [True, False])
async def test_names_of_rows_that_are_not_on_the_page_come_by_one_statement(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    """With the ends of the hierarchy, which a long list does not count; so that there are three."""
    if is_long:
        counted_up_to(monkeypatch, 5)
    await filled(shop.database, 20)
    async with shop.database.own_transaction():
        (abba,) = await AdmArtist.where(name="ABBA")
        (tag,) = await AdmTag.where(word="loud")
    client = await shop.root()
    # All that fit have that tag and another artist, so that no row of the page tells who ABBA is.
    asked = f"{LIST}?f.tags=0{tag.id}&where=artist:not:{abba.id}"
    await client.get(asked)
    more = 3 if shop.database.engine.dialect.name == "postgresql" else 2

    with assert_queries(at_most=3 + more):
        page = (await client.get(asked)).text

    assert len(numbers(page)) == 7
    assert "#loud" in page
    assert "Artist is not ABBA" in " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert f"f.created={date.today().year}" in page  # the hierarchy has its ends


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q=record+004", [4]),
        ("q=abba", [0, 3, 6, 9]),
        ("q=1973", [3]),
        ("q=nothing", []),
        ("q=%00", list(range(10))),
        ("f.format=tape", [2, 5, 8]),
        ("f.format=tape&f.format=lp", [0, 2, 3, 5, 6, 8, 9]),
        ("f.year__gte=1977", [7, 8, 9]),
        ("f.year__gte=1973&f.year__lte=1974", [3, 4]),
        ("f.year=1975", [5]),
        ("f.is_live=~", list(range(10))),
        ("f.is_live=true", []),
        ("f.title=D+00", list(range(10))),
        ("f.tags=~", [0, 2, 4, 6, 8]),
        ("f.created=today", list(range(10))),
        ("f.created__lte=2020-01-01", []),
        ("f.unknown=1", list(range(10))),
        ("order=-year", list(range(9, -1, -1))),
        ("order=format,-title", [9, 6, 3, 0, 7, 4, 1, 8, 5, 2]),
        ("order=secret,nothing", list(range(10))),
    ],
)
async def test_an_address_says_what_is_shown(shop: Shop, asked: str, expected: list[int]) -> None:
    await filled(shop.database, 10)
    client = await shop.root()

    answer = await client.get(f"{LIST}?{asked}")

    assert answer.status_code == 200
    assert numbers(answer.text) == expected


@pytest.mark.parametrize(
    "asked",
    [
        "f.year=x",
        "f.year__gte=1e99",
        f"f.year={2**70}",
        "f.format=cd",
        "f.artist=x",
        "f.artist=1,2",
        "f.created=2026-13",
        "f.created=99999",
        "f.created__gte=0",
        "f.is_live=maybe",
    ],
)
async def test_a_filter_that_cannot_be_read_leaves_nothing(shop: Shop, asked: str) -> None:
    await filled(shop.database, 3)
    client = await shop.root()

    answer = await client.get(f"{LIST}?{asked}")

    assert answer.status_code == 200
    assert numbers(answer.text) == []


async def test_pages_of_a_short_list_have_numbers(shop: Shop) -> None:
    await filled(shop.database, 60)
    client = await shop.root()

    second = (await client.get(f"{LIST}?size=25&page=2")).text
    far = (await client.get(f"{LIST}?size=25&page=999999")).text

    assert numbers(second) == list(range(25, 50))
    assert numbers(far) == list(range(50, 60))


async def test_numbers_of_pages_say_where_some_are_left_out(shop: Shop) -> None:
    await filled(shop.database, 160)
    client = await shop.root()

    page = (await client.get(f"{LIST}?size=25")).text

    pages = page[page.index('<nav aria-label="Pages">') :].partition("</nav>")[0]
    assert re.findall(r">([0-9…]+)<", pages) == ["1", "2", "3", "…", "7"]


async def test_the_least_of_a_range_stands_before_the_most(shop: Shop) -> None:
    client = await shop.root()

    page = (await client.get(f"{LIST}?f.year__lte=1980&f.year__gte=1970")).text

    assert page.index("≥ 1970") < page.index("≤ 1980")


async def test_a_browser_is_told_where_the_icon_is(shop: Shop) -> None:
    client = await shop.root()
    page = (await client.get(LIST)).text

    url = unescape(page.partition('<link rel="icon" href="')[2].partition('"')[0])
    icon = await client.get(url)

    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert (await client.get("/account/files/icon.svg")).status_code == 200
    assert 'rel="icon"' in (await shop.client().get("/account/sign-in")).text


async def test_nothing_is_said_of_changes_where_no_history_is_kept(shop: Shop) -> None:
    without = usual_shop(shop.database, history=False)
    said = (await (await shop.root()).get("/admin/")).text
    client = without.client()
    await client.post("/auth/sign-in", json={"log_in": "root@example.org", "password": PASSWORD})

    page = (await client.get("/admin/")).text

    assert "Nothing happened yet" in said
    assert "Nothing happened yet" not in page


@pytest.mark.parametrize("order", ["title", "-year", "format,-id", "-created"])
async def test_a_long_list_is_gone_through_by_the_index(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Every row once, forward by one link and back by the other."""
    counted_up_to(monkeypatch, 5)
    await filled(shop.database, 60)
    client = await shop.root()
    address: str | None = f"{LIST}?size=25&order={order}"
    pages: list[list[int]] = []

    while address is not None:
        page = (await client.get(address)).text
        pages.append(numbers(page))
        last, address = address, link(page, "after")
    assert sorted(chain.from_iterable(pages)) == list(range(60))

    back = link((await client.get(last)).text, "before")
    assert back is not None
    assert numbers((await client.get(back)).text) == pages[1]


def link(page: str, name: str) -> str | None:
    """Give the address of a link whose query has `name`."""
    found = re.search(rf'href="([^"]*[?;&]{name}=[^"]*)"', page)
    return None if found is None else unescape(found[1])


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "%00", "ä"])
async def test_a_place_that_is_none_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, cursor: str
) -> None:
    counted_up_to(monkeypatch, 1)
    await filled(shop.database, 5)
    client = await shop.root()

    assert (await client.get(f"{LIST}?after={cursor}")).status_code == 200


async def test_by_what_one_may_not_see_one_may_not_filter_sort_or_search(shop: Shop) -> None:
    shop.auth.rules.deny("view", AdmRecord, fields=["year"])(lambda user: user.is_staff)
    await filled(shop.database, 5)
    client = await shop.staff("adm_record.view")

    assert "1970" not in (await client.get(LIST)).text
    for asked in ("f.year=1972", "q=1972", "order=-year"):
        assert numbers((await client.get(f"{LIST}?{asked}")).text) == []


async def test_a_column_that_is_seen_on_some_rows_is_shown_on_these(shop: Shop) -> None:
    shop.auth.rules.allow("view", AdmRecord, fields=["price"])(lambda user: AdmRecord.year == 1971)
    await filled(shop.database, 3)
    client = await shop.staff("adm_record.view")

    page = (await client.get(LIST)).text

    assert numbers(page) == [0, 1, 2]
    assert page.count("9.90") == 1


async def test_a_list_shows_the_rows_that_one_may_see(shop: Shop) -> None:
    await filled(shop.database, 4)
    shop.auth.rules.allow("view", AdmRecord)(lambda user: AdmRecord.year > 1971)
    client = await shop.staff()

    assert numbers((await client.get(LIST)).text) == [2, 3]
    assert (await client.get("/admin/adm-artist/")).status_code == 403


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ({"columns": ["titel"]}, "title"),
        ({"search": ["artist__nam"]}, "artist"),
        ({"filters": ["yaer"]}, "year"),
        ({"fields": ["titel"]}, "title"),
        ({"exclude": ["formatt"]}, "format"),
        ({"hierarchy": "creatd"}, "created"),
        ({"totals": ["prise"]}, "price"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(said: dict[str, Any], nearest: str) -> None:
    shop = shop_on(Database("sqlite://"))
    declared: Any = type("SomeAdmin", (ModelAdmin,), said)
    shop.admin.add(AdmRecord, by=declared)

    with pytest.raises(SetupError, match=r"\[admin\.unknown-name\]") as told:
        shop.admin.check()

    assert nearest in str(told.value)


def test_a_mistake_is_told_with_its_file_and_line() -> None:
    class WrongAdmin(RecordAdmin):
        columns = ["nothing"]

    shop = shop_on(Database("sqlite://"))
    shop.admin.add(AdmRecord, by=WrongAdmin)

    with pytest.raises(SetupError, match=r"test_lists\.py:\d+"):
        shop.admin.check()


def test_a_model_is_registered_once() -> None:
    shop = shop_on(Database("sqlite://"))
    shop.admin.add(AdmArtist)

    with pytest.raises(SetupError, match=r"\[admin\.twice\]"):
        shop.admin.add(AdmArtist)


async def test_a_time_zone_that_is_none_is_utc(shop: Shop) -> None:
    await filled(shop.database, 1)
    client = await shop.signed_in("zoe@example.org", is_superuser=True, time_zone="Nowhere/../x")

    answers = [await client.get(f"{LIST}{asked}") for asked in ("", "?f.created=today")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(numbers(answer.text) == [0] for answer in answers)


@pytest.mark.parametrize("asked", ["f.created__gte=0001-01-01", "f.created__lte=9999-12-31"])
async def test_a_day_that_begins_before_all_days_leaves_nothing(shop: Shop, asked: str) -> None:
    """In Tokyo the first day begins before it does in UTC, in which moments are kept."""
    await filled(shop.database, 1)
    client = await shop.signed_in("tom@example.org", is_superuser=True, time_zone="Asia/Tokyo")

    answer = await client.get(f"{LIST}?{asked}")

    assert answer.status_code == 200
    assert numbers(answer.text) == []


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "\u202e")


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_stands_in_a_column_is_text_and_nothing_else(shop: Shop, text: str) -> None:
    async with shop.database.own_transaction():
        artist = await AdmArtist.create(name=text, notes=text)
        record = await AdmRecord.create(  # type: ignore[call-arg]  # `created` is filled in
            title=text, year=1999, artist_id=artist.id, story=text
        )
    client = await shop.root()
    here = f"{LIST}{record.id}"
    pages = [
        LIST,
        f"{LIST}?f.artist={artist.id}",
        here,
        f"{here}/history",
        f"{here}/delete",
        "/admin/",
    ]

    for path in pages:
        page = (await client.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in titles_of(page)
    assert (await client.get(f"/admin/adm-artist/pick?q={quote(text)}")).status_code == 200


def titles_of(page: str) -> str:
    """Give what a page is called, where a template in a text would have been filled in."""
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return "" if found is None else found[1]


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=20)), max_size=6))
def test_any_address_of_a_list_is_answered(told: Site, pairs: list[tuple[str, str]]) -> None:
    runner, client = told

    answer = runner.run(client.get(LIST, params=pairs))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("label", "plural", "told"),
    [("", "", "New adm artist"), ("Künstler", "", "New Künstler"), ("", "Bands", "New adm artist")],
)
def test_a_word_of_ones_own_stays_as_it_is_inside_of_a_sentence(
    label: str, plural: str, told: str
) -> None:
    kind = type("Own", (ModelAdmin,), {"label": label, "plural": plural, "model": AdmArtist})

    plan = plan_of(kind())

    assert f"New {plan.label_within}" == told
    assert plan.plural_within == (plural or (f"{label}s" if label else "adm artists"))


def test_the_search_says_where_it_looks_by_the_names_of_columns_as_headings_have_them() -> None:
    """Nouns are not written small in every language."""
    kind = type("Seeking", (RecordAdmin,), {"model": AdmRecord})

    plan = plan_of(kind())

    assert plan.search is not None
    assert plan.search.hint == "Title, Artist name, Year"
