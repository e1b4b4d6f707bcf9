"""What is posted is never believed: other fields, other rows, mark-up, and nonsense."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admin.forms.press import AdfBook, AdfTag, Desk, book, stored
from tests.admin.shop import Shop

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


async def test_other_fields_than_those_of_the_form_are_not_stored(press: Shop) -> None:
    first = await book(press.database)
    before = await stored(press.database, AdfBook, first.id)
    client = await press.root()
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.send(
        id="77",
        hidden="seen",
        key_hash="mine",
        made="2000-01-01T00:00",
        changed="2000-01-01T00:00",
        author_id="99",
        shelf_id="9",
        unknown="x",
        __class__="x",
    )

    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    for column in AdfBook.__table__.columns:
        assert getattr(found, column.key) == getattr(before, column.key), column.key


async def test_fields_that_one_may_not_change_are_shown_and_not_taken(press: Shop) -> None:
    first = await book(press.database, story="Long ago")

    @press.auth.rules.allow("change", AdfBook, fields=["title", "pages"])
    @press.auth.rules.allow("view", AdfBook, fields=["story"])
    def nobody(user: Any) -> Any:
        return False

    client = await press.staff("adf_book.view", "adf_book.change", "adf_author.view")
    desk = await Desk(client, f"/admin/adf-book/{first.id}").open()

    answer = await desk.type(title="Mine", pages="5", story="Mine", slug="mine").send()

    assert "title" not in Desk(client, desk.url).values
    assert "Birds" in desk.page
    assert "Long ago" not in desk.page
    assert answer.status_code == 303, answer.text
    found = await stored(press.database, AdfBook, first.id)
    assert (found.title, found.pages, found.story) == ("Birds", 10, "Long ago")
    assert found.slug == "mine"


async def test_a_row_that_one_may_not_see_is_not_there(press: Shop) -> None:
    first = await book(press.database)

    @press.auth.rules.deny("view", AdfBook)
    def all_of_them(user: Any) -> Any:
        return AdfBook.slug == "birds"

    client = await press.root()
    url = f"/admin/adf-book/{first.id}"

    assert (await client.get(url)).status_code == 404
    assert (await client.get(f"{url}/copy")).status_code == 404
    assert (await client.post(f"{url}/copy", data={})).status_code == 404
    assert (await client.get(f"{url}/file/raw")).status_code == 404
    assert (await client.post(url, data={"title": "Mine"})).status_code == 404


async def test_mark_up_is_text_wherever_it_stands(press: Shop) -> None:
    tag = EVIL[:40]
    async with press.database.own_transaction():
        tags = [await AdfTag.create(name=tag)]
    first = await book(
        press.database,
        title=EVIL[:100],
        slug=EVIL[:100],
        words=[EVIL],
        more={EVIL: EVIL},
        story=EVIL,
        html=EVIL,
        colour="<b>",
        link=EVIL[:200],
        tags=tags,
    )
    client = await press.root()
    staff = await press.staff("adf_book.view", "adf_tag.view")

    pages = [
        (await client.get(f"/admin/adf-book/{first.id}")).text,
        (await client.get(f"/admin/adf-book/{first.id}/copy")).text,
        (await staff.get(f"/admin/adf-book/{first.id}")).text,
        (
            await (await Desk(client, f"/admin/adf-book/{first.id}").open()).type(pages=EVIL).send()
        ).text,
        (await client.get("/admin/adf-book/add", params={"title": EVIL, "author": EVIL})).text,
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in page or "{{ 7*7 }}" in page
        assert "onerror=alert(1)>" not in page.replace("onerror=alert(1)&gt;", "")


async def test_a_preview_of_markdown_is_safe(press: Shop) -> None:
    client = await press.root()

    answer = await client.post(
        "/admin/preview",
        data={"text": "# Hi\n<script>x</script> [a](javascript:alert(1)) **b** ![i](data:x)"},
    )

    assert "<h1>Hi</h1>" in answer.text
    assert "<strong>b</strong>" in answer.text
    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
    assert 'src="data' not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]


_NAMES = st.sampled_from([
    "title", "slug", "author", "kind", "discount", "pages", "price", "weight", "is_out", "is_good",
    "out_on", "at", "sold_at", "naive_at", "takes", "number", "words-0", "words-add", "more",
    "size-width", "size-height", "raw", "cover", "cover-clear", "story", "html", "colour", "link",
    "shelf", "tags", "chapters-0", "chapters-0-title", "chapters-0-row_key_", "chapters-0-number",
    "chapters-0-words", "chapters-0-editor", "chapters-0-notes-0-text", "chapters-add",
    "chapters-remove", "chapters-99999-title", "chapters-1-notes-0-row_key_", "version", "_then",
    "keep-title", "chapters", "words", "", "-", "chapters--title", "made", "id",
])  # fmt: skip
_TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "0", "-1", "1", "2", "true", "sale", "9" * 40, "1e400", "nan", "inf", "\0", "\ud800", "{}",
        "[]", "null", '{"chapters.1.": "x"}', "2026-01-01", "0001-01-01T00:00", "9999-12-31T23:59",
        "10:00", "P1D", "#123456", "https://example.org", "1,2", "a~0b", "Ann Arch", "%", "_", "\\",
    ]),
)  # fmt: skip


_FORMS = st.lists(st.tuples(_NAMES, _TEXTS), max_size=25)


@pytest.mark.timeout(240)
async def test_whatever_is_posted_is_answered(press: Shop) -> None:
    """Every posted form gets an answer below 500, on a new row and on one that is there."""
    first = await book(press.database)
    client = await press.root()
    posts: list[list[tuple[str, str]]] = []

    @settings(max_examples=60, deadline=None, database=None)
    @given(posted=_FORMS)
    def gather(posted: list[tuple[str, str]]) -> None:
        posts.append(posted)

    gather()
    for posted in posts:
        data: dict[str, list[str]] = {}
        for name, text in posted:
            data.setdefault(name, []).append(text.encode("utf-8", "replace").decode())
        for url in (f"/admin/adf-book/{first.id}", "/admin/adf-book/add"):
            answer = await client.post(url, data=data)
            assert answer.status_code < 500, (posted, answer.text)


_ORDINARY = {
    "title": "Owls", "slug": "owls", "kind": "new", "pages": "3", "price": "1",
}  # fmt: skip


async def test_one_hostile_value_among_ordinary_ones_is_answered(press: Shop) -> None:
    first = await book(press.database)
    client = await press.root()
    names = ("title", "slug", "author", "pages", "price", "weight", "shelf", "tags", "sold_at")

    for name in (*names, "chapters-0-editor"):
        for text in ("\0", "9" * 40, "1e400", "'", "%00", "\\", "x" * 5000, "1,2", "~9"):
            data = {**_ORDINARY, "author": str(first.author_id), name: text}
            answer = await client.post("/admin/adf-book/add", data=data)
            assert answer.status_code in (303, 422), (name, text, answer.text)
