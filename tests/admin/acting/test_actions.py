"""Actions: with rows that were chosen, with all that match, with one, and with the whole list."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from tests.admin.acting.store import AdxGood, goods, hidden, rows_of, text_of
from tests.admin.shop import Shop, shop_on
from trivet.admin import ModelAdmin, RichText, Url, action
from trivet.admin.history import changes_in
from trivet.db import Database
from trivet.errors import SetupError

LIST = "/admin/adx-good/"
ACTION = "/admin/adx-good/action"


async def ids(database: Database, *codes: str) -> list[str]:
    found = await rows_of(database, AdxGood.where(AdxGood.code.in_(codes)).order_by("code"))
    return [str(one.id) for one in found]


async def opened(database: Database) -> list[str]:
    found = await rows_of(database, AdxGood.where(is_open=True).order_by("code"))
    return [one.code for one in found]


async def test_an_action_is_done_with_the_rows_that_were_chosen(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()
    keys = await ids(store.database, "c00001", "c00003")

    answer = await client.post(LIST, data={"action": "open", "key": keys})

    assert answer.status_code == 303
    assert await opened(store.database) == ["c00001", "c00003"]
    assert "2 opened" in (await client.get(answer.headers["location"])).text


async def test_what_was_done_is_in_the_history_of_each_row(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()
    keys = await ids(store.database, "c00001", "c00003")

    await client.post(LIST, data={"action": "open", "key": keys})

    table = changes_in(store.database.metadata)
    async with store.database.own_transaction() as unit:
        found = await unit.rows(table.select().order_by(table.c.id))
    assert [(one.action, one.key) for one in found] == [("open", key) for key in keys]


async def test_all_that_match_are_asked_for_first(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()

    page = await client.post(LIST, data={"action": "open", "all": "1", "kept-f.stock__gte": "8"})
    assert await opened(store.database) == []
    assert "Rows: 2." in text_of(page.text)
    said = [*hidden(page.text), ("confirmed", "yes")]
    answer = await client.post(LIST, data=lists(said))

    assert answer.status_code == 303
    assert await opened(store.database) == ["c00008", "c00009"]
    assert answer.headers["location"] == f"{LIST}?f.stock__gte=8"


async def test_a_filter_that_cannot_be_read_leaves_nothing_to_act_on(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()
    said = {"action": "open", "all": "1", "kept-f.stock__gte": "x", "confirmed": "yes"}

    await client.post(LIST, data=said)

    assert await opened(store.database) == []


def lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


async def test_nothing_chosen_is_said(store: Shop) -> None:
    await goods(store.database)
    client = await store.root()

    answer = await client.post(LIST, data={"action": "open"})

    assert "Choose some rows first." in (await client.get(answer.headers["location"])).text


async def test_a_form_is_filled_in_first(store: Shop) -> None:
    await goods(store.database, 3)
    client = await store.root()
    (key,) = await ids(store.database, "c00001")
    said = {"action": "reprice", "key": key}

    asked = await client.post(LIST, data=said)
    refused = await client.post(LIST, data=said | {"confirmed": "yes", "percent": "500"})
    done = await client.post(LIST, data=said | {"confirmed": "yes", "percent": "10"})

    assert 'name="percent"' in asked.text
    assert refused.status_code == 422
    assert done.status_code == 303
    prices = [str(one.price) for one in await rows_of(store.database, AdxGood.all().order_by("id"))]
    assert prices == ["1.00", "1.10", "1.00"]


async def test_an_action_is_a_permission(store: Shop) -> None:
    await goods(store.database, 3)
    client = await store.staff("adx_good.view", "adx_good.pricing")
    keys = await ids(store.database, "c00001")

    page = (await client.get(LIST)).text
    answer = await client.post(LIST, data={"action": "open", "key": keys})

    assert 'value="reprice"' in page
    assert 'value="open"' not in page
    assert 'value="delete"' not in page
    assert answer.status_code == 403
    assert await opened(store.database) == []


async def test_rows_on_which_one_may_not_are_left_out_and_said_so(store: Shop) -> None:
    await goods(store.database, 4)
    store.auth.rules.allow("open", AdxGood)(lambda user: AdxGood.stock > 1)
    client = await store.staff("adx_good.view")
    keys = await ids(store.database, "c00001", "c00002", "c00003")

    page = await client.get(ACTION, params={"action": "open", "key": keys})
    await client.post(LIST, data={"action": "open", "key": keys})

    assert "Rows: 2." in text_of(page.text)
    assert "Left out, as you may not do it with them: 1." in text_of(page.text)
    assert await opened(store.database) == ["c00002", "c00003"]


async def test_rows_that_one_may_not_see_are_not_acted_on(store: Shop) -> None:
    await goods(store.database, 4)
    store.auth.rules.allow("view", AdxGood)(lambda user: AdxGood.stock > 1)
    client = await store.staff("adx_good.open")
    keys = await ids(store.database, "c00000", "c00002")

    page = await client.get(ACTION, params={"action": "open", "key": keys})
    await client.post(LIST, data={"action": "open", "key": keys})

    assert "Good 0" not in page.text
    assert await opened(store.database) == ["c00002"]


async def test_an_action_of_one_row_is_in_its_menu_and_on_its_page(store: Shop) -> None:
    await goods(store.database, 2)
    client = await store.root()
    (key,) = await ids(store.database, "c00001")
    link = f"{ACTION}?action=recount&amp;key={key}"

    assert link in (await client.get(LIST)).text
    assert link in (await client.get(f"{LIST}{key}")).text
    assert "Good 1" in (await client.get(ACTION, params={"action": "recount", "key": key})).text
    await client.post(ACTION, data={"action": "recount", "key": key, "confirmed": "yes"})

    rows = await rows_of(store.database, AdxGood.all().order_by("code"))
    assert [one.stock for one in rows] == [0, 99]


async def test_an_action_of_one_row_takes_no_more(store: Shop) -> None:
    await goods(store.database, 2)
    client = await store.root()

    answer = await client.post(ACTION, data={"action": "recount", "all": "1", "confirmed": "yes"})

    assert answer.status_code == 404


async def test_an_action_of_the_list_is_asked_for_by_a_link(store: Shop) -> None:
    await goods(store.database, 2)
    client = await store.root()

    page = await client.get(LIST)
    asked = await client.get(ACTION, params={"action": "close"})
    done = await client.post(ACTION, data=lists([*hidden(asked.text), ("confirmed", "yes")]))

    assert "action?action=close" in page.text
    assert "Nobody can buy then." in asked.text
    assert done.status_code == 303


async def test_what_is_done_with_a_list_is_in_the_palette_of_who_may(store: Shop) -> None:
    root, staff = await store.root(), await store.staff("adx_good.view")

    found = (await root.get("/admin/palette?q=close the")).json()
    others = (await staff.get("/admin/palette?q=close the")).json()

    assert [(one["label"], one["url"]) for one in found] == [
        ("Close the store", f"{ACTION}?action=close")
    ]
    assert others == []


@pytest.mark.parametrize("name", ["", "nothing", "function", "query", "restore", "__init__"])
async def test_what_is_no_action_is_not_found(store: Shop, name: str) -> None:
    client = await store.root()

    assert (await client.get(ACTION, params={"action": name})).status_code == 404
    assert (await client.post(LIST, data={"action": name, "key": "1"})).status_code == 404


async def test_keys_that_are_none_are_left_out(store: Shop) -> None:
    await goods(store.database, 2)
    client = await store.root()
    keys = ["x", "1,2", "-1", "\x00", *await ids(store.database, "c00001")]

    answer = await client.post(LIST, data={"action": "open", "key": keys})

    assert answer.status_code == 303
    assert await opened(store.database) == ["c00001"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: action()(lambda self, rows, values, visit: None), "cannot be awaited"),
        (lambda: action(form=int)(_async), "no Pydantic model"),
        (lambda: action(permission="Not one")(_async), "no word of a permission"),
        (lambda: action(on="all")(_async), "is on 'all'"),  # type: ignore[arg-type]
    ],
)
async def test_an_action_that_cannot_be_is_told_at_the_start(
    database: Database, made: Any, said: str
) -> None:
    shop = shop_on(database)
    shop.admin.add(AdxGood, by=type("BadAdmin", (ModelAdmin,), {"wrong": made()}))

    with pytest.raises(SetupError, match=said) as error:
        shop.admin.check()

    assert error.value.code == "admin.declared"


async def test_what_a_form_of_an_action_is_given_is_checked_as_in_a_form_of_rows(
    database: Database,
) -> None:
    class Notice(BaseModel):
        text: Annotated[str, RichText()]
        url: Annotated[str, Url(), Field(max_length=60)] = ""

    shop = shop_on(database)
    shop.admin.add(
        AdxGood, by=type("NoticeAdmin", (ModelAdmin,), {"tell": action(form=Notice)(_async)})
    )
    plan = shop.admin.site.plan.of(AdxGood)
    assert plan is not None
    form: Any = next(one.form for one in plan.actions if one.name == "tell")

    given = form(text="<b>new</b><script>alert(1)</script>", url="https://example.org")

    assert isinstance(given, Notice)
    assert "<b>new</b>" in given.text.replace("strong>", "b>")
    assert "script" not in given.text
    with pytest.raises(ValidationError):
        form(text="", url="javascript:alert(1)")
    with pytest.raises(ValidationError):
        form(text="", url=f"https://example.org/{'x' * 60}")


async def test_an_action_is_not_called_as_another_permission(database: Database) -> None:
    shop = shop_on(database)
    shop.admin.add(AdxGood, by=type("BadAdmin", (ModelAdmin,), {"change": action()(_async)}))

    with pytest.raises(SetupError, match="'change'"):
        shop.admin.check()


async def _async(self: Any, rows: Any, values: Any, visit: Any) -> None:
    """Do nothing."""
