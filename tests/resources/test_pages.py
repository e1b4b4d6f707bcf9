"""The pages of a resource speak the visitor's language, and English where nothing translates."""

from __future__ import annotations

import re

import pytest

from tests.resources.conftest import app_of
from tests.resources.models import Novel
from trivet import App
from trivet.db import Database
from trivet.i18n import I18n
from trivet.resources import CursorPages, resource
from trivet.testing import async_client

PAGE = {"accept": "text/html"}


def site_of(database: Database) -> App:
    novels = resource(
        Novel, open_writing=True, filters=[Novel.title], pages=CursorPages(size=1, most=9)
    )
    return app_of(database, novels)


async def shown(app: App, database: Database, language: str) -> tuple[str, str, str]:
    """Give the pages of a list and of one row, and by which headers the list was chosen."""
    async with database.own_transaction():
        (row, _) = [await Novel.create(title=title) for title in ("a", "b")]
    headers = {**PAGE, "accept-language": language}
    async with async_client(app) as client:
        listed = await client.get("/novels", headers=headers)
        one = await client.get(f"/novels/{row.id}", headers=headers)
    assert (listed.status_code, one.status_code) == (200, 200)
    return listed.text, one.text, listed.headers["vary"]


def words(page: str) -> list[str]:
    """Give what the buttons and the links to other pages say."""
    found = r"<button[^>]*>([^<]+)</button>|rel=\"(?:next|prev)\">([^<]+)<"
    return [one or other for one, other in re.findall(found, page)]


@pytest.mark.parametrize(
    ("language", "direction", "in_list", "in_row", "question"),
    [
        ("de", "ltr", ["Filtern", "Nächste Seite", "Anlegen"], ["Ersetzen", "Löschen"],
         "Wirklich löschen?"),
        ("ar", "rtl", ["تصفية", "الصفحة التالية", "إنشاء"], ["استبدال", "حذف"],
         "هل تريد الحذف؟"),
    ],
)  # fmt: skip
async def test_pages_speak_the_language_of_the_request(
    lite: Database,
    language: str,
    direction: str,
    in_list: list[str],
    in_row: list[str],
    question: str,
) -> None:
    app = site_of(lite)
    app.use(I18n(locales=["en", "de", "ar"]))

    listed, one, vary = await shown(app, lite, language)

    assert f'<html lang="{language}" dir="{direction}">' in listed
    assert f'<html lang="{language}" dir="{direction}">' in one
    assert words(listed) == in_list
    assert words(one) == in_row
    assert f'data-question="{question}"' in one
    assert {one.strip() for one in vary.split(",")} == {"Accept", "Accept-Language", "Cookie"}


async def test_json_and_addresses_run_from_left_to_right_in_every_language(lite: Database) -> None:
    app = site_of(lite)
    app.use(I18n(locales=["en", "ar"]))

    listed, one, _ = await shown(app, lite, "ar")

    for page in (listed, one):
        assert re.findall(r'<(\w+)[^>]* dir="ltr"', page) == ["h2", "pre", "textarea"]


async def test_pages_are_english_where_nothing_translates(lite: Database) -> None:
    listed, one, vary = await shown(site_of(lite), lite, "de")

    assert '<html lang="en" dir="ltr">' in listed
    assert words(listed) == ["Filter", "Next page", "Create"]
    assert words(one) == ["Replace", "Delete"]
    assert 'data-question="Delete this?"' in one
    assert vary == "Accept"


async def test_a_resource_in_two_applications_speaks_as_each_of_them(lite: Database) -> None:
    novels = resource(Novel, open_writing=True)
    german, plain = app_of(lite, novels), app_of(lite, novels)
    german.use(I18n(locales=["de"]))

    found = [(await shown(app, lite, "de"))[1] for app in (german, plain, german)]

    assert [words(page)[0] for page in found] == ["Ersetzen", "Replace", "Ersetzen"]
