"""Conditions of a list: on its page, in their form, for whoever may not see all, and elsewhere."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin.acting.store import hidden
from tests.admin.shop import (
    AdmArtist,
    AdmRecord,
    RecordAdmin,
    Shop,
    counted_up_to,
    filled,
    shop_on,
)
from tests.admin.test_lists import LIST, link, numbers
from trivet.admin import action
from trivet.db import Query
from trivet.testing import assert_queries

FORM = f"{LIST}conditions"


class TellingAdmin(RecordAdmin):
    """Records with an action that says how many it is done with."""

    @action(label="Reprice")
    async def reprice(self, rows: Query[AdmRecord], values: Any, visit: Any) -> str:
        """Give them one price."""
        return f"{await rows.update(price=7)} repriced"


def chips(page: str) -> str:
    """Give what narrows the list, as it is read."""
    found = re.search(r'<ul class="chips".*?</ul>', page, re.DOTALL)
    return "" if found is None else " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


async def shown(client: httpx2.AsyncClient, where: str, **more: Any) -> list[int]:
    """Give the numbers of the records that a list shows."""
    answer = await client.get(LIST, params={"where": where, **more})
    assert answer.status_code == 200, answer.text
    return numbers(answer.text)


# -- on the page ----------------------------------------------------------------------------------


async def test_conditions_are_read_above_the_list_and_taken_away_one_by_one(shop: Shop) -> None:
    await filled(shop.database, 5)
    client = await shop.root()
    where = "format:is:lp,any(year:min:1972,title:contains:d 000)"

    page = (await client.get(LIST, params={"where": where, "order": "-year"})).text

    assert numbers(page) == [3, 0]
    assert "Format is Lp and ( Year is at least 1972 or Title contains “d 000” )" in chips(page)
    rest = [unescape(one) for one in re.findall(r'href="([^"]*)" aria-label="Without', page)]
    assert [numbers((await client.get(url)).text) for url in rest] == [[4, 3, 2, 0], [0], [3]]
    assert all("order=-year" in url for url in rest)


@pytest.mark.parametrize("where", ["", "format:is:lp", "any(artist:is:{queen},year:min:1972)"])
async def test_conditions_cost_no_statement(shop: Shop, where: str) -> None:
    await filled(shop.database)
    async with shop.database.own_transaction():
        (queen,) = await AdmArtist.where(name="Queen")
    client = await shop.root()
    params = {"where": where.format(queen=queen.id)} if where else {}
    await client.get(LIST, params=params)
    more = 3 if shop.database.engine.dialect.name == "postgresql" else 2

    with assert_queries(at_most=2 + more):
        page = (await client.get(LIST, params=params)).text

    assert not where or "artist" not in where or "Artist is Queen" in chips(page)


async def test_rows_that_are_not_on_the_page_are_named_too(shop: Shop) -> None:
    await filled(shop.database, 3)
    async with shop.database.own_transaction():
        (abba,) = await AdmArtist.where(name="ABBA")
    client = await shop.root()

    page = (await client.get(LIST, params={"where": f"artist:not:{abba.id}"})).text

    assert numbers(page) == [1, 2]
    assert "Artist is not ABBA" in chips(page)


@pytest.mark.parametrize(
    "where",
    [
        "year:is:x",
        "year:contains:1",
        "year:is",
        "year:between:1",
        "nothing:is:1",
        "story:contains:a",
        "secret:starts:h",
        "artist__secret:is:1",
        "artist__records__title:is:1",
        "any(year:min:1970,secret:starts:h)",
        "any(year:min:1970,nothing:empty)",
        "created:is:2026",
        "created:after:9999-12-31",
    ],
)
async def test_what_cannot_be_asked_leaves_nothing_and_is_told(shop: Shop, where: str) -> None:
    await filled(shop.database, 3)
    client = await shop.root()

    page = (await client.get(LIST, params={"where": where})).text
    exported = await client.get(f"{LIST}export", params={"where": where, "as": "csv"})

    assert numbers(page) == []
    assert "Nothing is shown" in page
    assert exported.status_code == 400


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (",".join(["year:min:1"] * 21), "At most 20 conditions"),
        ("any(" * 9 + "year:min:1" + ")" * 9, "at most 3 deep"),
        ("year:min", "Nothing is shown"),
        ("year", "end too early"),
        ("year:is:1)", "cannot be read from"),
        ("title:is:" + "x" * 201, "at most 200 characters"),
    ],
)
async def test_too_much_is_told_in_clear_words(shop: Shop, where: str, told: str) -> None:
    client = await shop.root()
    wants = {"accept": "text/html"}

    answer = await client.get(LIST, params={"where": where}, headers=wants)
    form = await client.get(FORM, params={"where": where}, headers=wants)

    assert answer.status_code == (200 if told == "Nothing is shown" else 400)
    assert told in unescape(answer.text)
    assert form.status_code == answer.status_code


async def test_a_long_list_is_gone_through_with_its_conditions(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted_up_to(monkeypatch, 5)
    await filled(shop.database, 60)
    client = await shop.root()
    url: str | None = f"{LIST}?size=25&order=title&where=any(year:min:2000,title:contains:00)"
    found: list[int] = []

    while url is not None:
        page = (await client.get(url)).text
        found += numbers(page)
        url = link(page, "after")

    assert found == [*range(10), *range(30, 60)]


# -- who may ask ----------------------------------------------------------------------------------


async def test_nothing_is_asked_about_a_column_that_is_not_seen(shop: Shop) -> None:
    """Told of in the same words as a column that there is not."""
    shop.auth.rules.deny("view", AdmRecord, fields=["year"])(lambda user: user.is_staff)
    await filled(shop.database, 3)
    client = await shop.staff("adm_record.view", "adm_record.export")

    pages = [
        (await client.get(LIST, params={"where": f"any({name}:is:1971,title:filled)"})).text
        for name in ("year", "there_is_none")
    ]
    form = (await client.get(FORM)).text

    told = [re.findall(r"Nothing can be asked about “\w+” here", unescape(one)) for one in pages]
    assert [numbers(one) for one in pages] == [[], []]
    assert [len(one) for one in told] == [1, 1]
    assert 'value="title"' in form
    assert 'value="year"' not in form
    asked = {"where": "year:is:1971", "as": "csv"}
    assert (await client.get(f"{LIST}export", params=asked)).status_code == 400


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("year:min:1900", [1]),
        ("year:not:1900", [1]),
        ("year:max:1900", []),
        ("any(year:min:1900,title:contains:d 003)", [1, 3]),
    ],
)
async def test_a_column_that_is_seen_on_some_rows_is_asked_about_on_these(
    shop: Shop, where: str, expected: list[int]
) -> None:
    shop.auth.rules.allow("view", AdmRecord, fields=["year"])(lambda user: AdmRecord.year == 1971)
    await filled(shop.database, 4)
    client = await shop.staff("adm_record.view")

    assert await shown(client, where) == expected


async def test_a_related_row_that_is_not_seen_is_not_asked_about(shop: Shop) -> None:
    await filled(shop.database, 4)
    shop.auth.rules.allow("view", AdmArtist)(lambda user: AdmArtist.name == "Queen")
    may = await shop.staff("adm_record.view")

    assert await shown(may, "artist__name:starts:q") == [1, 2]
    assert await shown(may, "artist__name:starts:a") == []
    assert await shown(may, "artist__name:lacks:zz") == [0, 1, 2, 3]


async def test_related_rows_are_not_asked_about_where_their_model_or_column_is_not_seen(
    shop: Shop,
) -> None:
    shop.auth.rules.deny("view", AdmArtist, fields=["name"])(lambda user: user.name == "Bob")
    await filled(shop.database, 4)
    ann = await shop.staff("adm_record.view")
    rights = ["adm_record.view", "adm_artist.view"]
    bob = await shop.signed_in("bob@example.org", is_staff=True, name="Bob", permissions=rights)

    for client in (ann, bob):
        page = (await client.get(LIST, params={"where": "artist__name:lacks:zz"})).text
        assert numbers(page) == []
        assert 'value="artist__name"' not in (await client.get(FORM)).text


# -- elsewhere ------------------------------------------------------------------------------------


async def test_an_export_has_the_rows_that_fit(shop: Shop) -> None:
    await filled(shop.database, 6)
    client = await shop.root()
    page = (await client.get(LIST, params={"where": "any(year:is:1971,year:is:1974)"})).text

    url = link(page, "as")
    assert url is not None
    exported = (await client.get(url)).text

    assert re.findall(r"Record \d{3}", exported) == ["Record 001", "Record 004"]


@pytest.mark.parametrize(
    ("where", "number"),
    [("any(year:is:1971,year:is:1974)", 2), ("year:is:x", 0), ("year", 0), ("secret:filled", 0)],
)
async def test_an_action_with_all_that_match_reaches_the_rows_that_fit(
    shop: Shop, where: str, number: int
) -> None:
    """And none where the conditions cannot be read."""
    telling = shop_on(shop.database)
    telling.admin.add(AdmRecord, by=TellingAdmin)
    await filled(shop.database, 6)
    client = await telling.root()
    sent = {"action": "reprice", "all": "1", "kept-where": where}

    asked = await client.post(LIST, data=sent)
    done = await client.post(
        f"{LIST}action", data={**dict(hidden(asked.text)), **sent, "confirmed": "yes"}
    )

    assert done.status_code in (303, 404)
    async with shop.database.own_transaction():
        assert await AdmRecord.where(price=7).count() == number
    assert dict(hidden(asked.text)).get("kept-where", where) == where


async def test_a_kept_view_has_its_conditions(shop: Shop) -> None:
    await filled(shop.database, 6)
    client = await shop.root()
    where = "any(year:is:1971,title:contains:d 004)"
    views = f"{LIST}views"

    kept = await client.post(views, params={"where": where}, data={"label": "Two of them"})
    page = (await client.get(LIST)).text
    told = (await client.get(views)).text
    refused = await client.post(views, params={"where": "year"}, data={"label": "Broken"})

    assert kept.status_code == 303
    url = re.search(r'href="([^"]*where=[^"]*)"[^>]*>Two of them', page)
    assert url is not None
    opened = (await client.get(unescape(url[1]))).text
    assert numbers(opened) == [1, 4]
    assert 'aria-current="true">Two of them' in opened
    assert "Year is 1971 or Title contains “d 004”" in told
    assert refused.status_code == 400


# -- the form -------------------------------------------------------------------------------------


async def pressed(
    client: httpx2.AsyncClient, page: str, button: str, **typed: str
) -> httpx2.Response:
    """Send the form of a page by a button, as a browser without scripts does."""
    form = page.split('<form id="conditions"')[1].split("</form>")[0]
    sent: list[tuple[str, str]] = [
        (unescape(name), unescape(value))
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    ]
    for name, inner in re.findall(r'<select id="[^"]*" name="([^"]+)".*?>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        first = re.search(r'value="([^"]*)"', inner)
        sent.append((name, (chosen or first or [""] * 2)[1]))
    for tag in re.findall(r"<input id=[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            sent.append((name[1], unescape(value[1]) if value else ""))
    for name, text in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form):
        sent.append((name, unescape(text)))
    named = {name.replace("__", "."): value for name, value in typed.items()}
    assert f'value="{button}"' in form or button in ("show", "again")
    assert set(named) <= {name for name, _ in sent}, named
    data = [(name, value) for name, value in sent if name not in named]
    return await client.get(FORM, params=[*data, *named.items(), ("do", button)])


async def test_conditions_are_put_together_without_a_script(shop: Shop) -> None:
    await filled(shop.database, 6)
    client = await shop.root()
    page = (await client.get(f"{FORM}?q=record&f.format=lp&f.format=single")).text

    page = (await pressed(client, page, "again", of__0="title")).text
    page = (await pressed(client, page, "add", by__0="contains", is__0="Record")).text
    page = (await pressed(client, page, "drop.1")).text
    page = (await pressed(client, page, "group")).text
    page = (await pressed(client, page, "again", of__1__0="year")).text
    page = (await pressed(client, page, "add.1", by__1__0="max", is__1__0="1970")).text
    page = (await pressed(client, page, "again", of__1__1="year", is__1__0="1970")).text
    page = (await pressed(client, page, "again", by__1__1="between")).text
    went = await pressed(client, page, "show", is__1__1="1974", to__1__1="1975")

    assert went.status_code == 303
    listed = (await client.get(went.headers["location"])).text
    assert numbers(listed) == [0, 4]
    assert "Title contains “Record” and ( Year is at most 1970 or Year is between" in chips(listed)
    assert "q=record" in went.headers["location"]
    again = (await client.get(went.headers["location"].replace("/?", "/conditions?"))).text
    same = await pressed(client, again, "show")
    assert same.headers["location"] == went.headers["location"]


async def test_what_is_missing_or_wrong_is_said_beside_it(shop: Shop) -> None:
    client = await shop.root()
    page = (await client.get(f"{FORM}?where=year:is:1")).text

    for value in ("", "x"):
        answer = await pressed(client, page, "show", is__0=value)
        assert answer.status_code == 422
        assert 'aria-invalid="true" aria-describedby="wrong.0"' in answer.text
        assert 'id="wrong.0"' in answer.text


async def test_a_line_without_a_column_asks_nothing(shop: Shop) -> None:
    client = await shop.root()
    page = (await client.get(FORM)).text

    went = await pressed(client, page, "show")

    assert went.headers["location"] == LIST


async def test_there_is_an_end_of_conditions_and_of_groups(shop: Shop) -> None:
    client = await shop.root()
    asked = {"where": ",".join(["year:min:1"] * 20)}
    deep = {"where": "year:min:1,any(year:min:2,all(year:min:3,year:min:4))"}

    full = (await client.get(FORM, params=asked)).text
    page = (await client.get(FORM, params=deep)).text

    assert 'value="add"' not in full
    assert "At most 20 conditions" in full
    assert 'value="group.1"' in page
    assert 'value="group.1.1"' not in page
    more = [("how", "all"), *((f"of.{number}", "year") for number in range(21))]
    assert (await client.get(FORM, params=more)).status_code == 400


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("how", "how.0", "how.1", "how.1.0", "how.1.0.0", "of.0", "of.1", "of.1.0"),
                    *("of.1.0.0", "of.1.0.0.0", "by.0", "by.1", "is.0", "is.1", "to.0", "to.1"),
                    *("do", "where", "of.999999", "how.", "f.year", "q"),
                ]
            ),
            st.one_of(
                st.sampled_from(
                    [
                        *("all", "any", "year", "title", "artist", "secret", "is", "between", "in"),
                        *("show", "again", "add", "add.1", "group", "group.1.0", "drop", "drop.1"),
                        *("drop.0", "add.9", "year:is:1", "any(", "1", "created", "within"),
                    ]
                ),
                st.text(max_size=10),
            ),
        ),
        max_size=14,
    )
)
async def test_any_address_of_the_form_and_the_list_is_answered(
    shop: Shop, pairs: list[tuple[str, str]]
) -> None:
    client = BROWSERS.get(id(shop)) or await shop.root()
    BROWSERS[id(shop)] = client

    for page in (FORM, LIST):
        answer = await client.get(page, params=pairs)
        assert answer.status_code in (200, 303, 400, 422)


BROWSERS: dict[int, httpx2.AsyncClient] = {}
"""One browser for all examples on one shop."""
