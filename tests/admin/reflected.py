"""Databases that were there before their admin: a record shop with keys of all kinds, and how one
goes through the admin of any of them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.admin.forms.press import form_in
from trivet.cli.admin import admin_on
from trivet.testing import async_client

HOST = "http://127.0.0.1"
TABLES = (
    "CREATE TABLE adr_staff (id INTEGER PRIMARY KEY, last_name VARCHAR(20) NOT NULL,"
    " first_name VARCHAR(20) NOT NULL, reports_to INTEGER,"
    " FOREIGN KEY (reports_to) REFERENCES adr_staff (id))",
    "CREATE TABLE adr_song (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL,"
    " price NUMERIC(8, 2) NOT NULL)",
    "CREATE TABLE adr_mix (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, made DATE)",
    "CREATE TABLE adr_mix_song (mix_id INTEGER NOT NULL, song_id INTEGER NOT NULL,"
    " PRIMARY KEY (mix_id, song_id), FOREIGN KEY (mix_id) REFERENCES adr_mix (id),"
    " FOREIGN KEY (song_id) REFERENCES adr_song (id))",
    "CREATE TABLE adr_bill (id INTEGER PRIMARY KEY, street VARCHAR(80), city VARCHAR(80),"
    " staff_id INTEGER NOT NULL, FOREIGN KEY (staff_id) REFERENCES adr_staff (id))",
)
ROWS = (
    "INSERT INTO adr_staff VALUES (1, 'Adams', 'Andrew', NULL), (2, 'Edwards', 'Nancy', 1)",
    "INSERT INTO adr_song VALUES (1, 'One', 0.99), (2, 'Two', 1.99), (3, 'Three', 2.99)",
    "INSERT INTO adr_mix VALUES (1, 'Loud', '2026-01-01'), (2, 'Soft', NULL)",
    "INSERT INTO adr_mix_song VALUES (1, 1), (1, 2), (2, 3)",
    "INSERT INTO adr_bill VALUES (1, 'High Street 1', 'Leeds', 2), (2, 'Low Lane 2', 'York', 1)",
)


async def make_shop(engine: AsyncEngine) -> None:
    """Make the tables of the shop, and store what is in them."""
    async with engine.begin() as connection:
        for statement in (*TABLES, *ROWS):
            await connection.exec_driver_sql(statement)


@asynccontextmanager
async def opened(url: str, *, writes: bool = True) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a browser in which the admin of a database was entered."""
    app, path = admin_on(url, writes=writes)
    async with async_client(
        app, base_url=HOST, headers={"origin": HOST}, follow_redirects=False
    ) as client:
        assert (await client.get(path)).status_code == 303
        yield client


async def page(client: httpx2.AsyncClient, url: str) -> str:
    """Give a page that has to be there."""
    answer = await client.get(url)
    assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text[:300]}"
    return answer.text


def lists_of(home: str) -> list[str]:
    """Give the addresses of the lists in the menu, each once."""
    return list(dict.fromkeys(re.findall(r'href="(/admin/[a-z0-9-]+/)"', home)))


def rows_in(text: str) -> list[str]:
    """Give the addresses of the rows of a list."""
    return [unescape(one) for one in re.findall(r'<th scope="row"><a href="([^"]+)"', text)]


async def save(client: httpx2.AsyncClient, url: str, **changes: str) -> httpx2.Response:
    """Send the form of a page as it is, but for some of its fields."""
    data = form_in(await page(client, url)) | {name: [text] for name, text in changes.items()}
    return await client.post(url, data=data)


async def deleted(client: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Delete a row as its page has it."""
    await page(client, f"{url}/delete")
    return await client.post(f"{url}/delete")


async def walked(client: httpx2.AsyncClient) -> dict[str, list[str]]:
    """Open every list, sort it by three columns, search and filter it, and open a row.

    Gives the addresses of the rows of each list.
    """
    found = {}
    for url in lists_of(await page(client, "/admin/")):
        text = await page(client, url)
        found[url] = rows_in(text)
        assert found[url], f"{url} shows no rows"
        assert 'type="search"' in text or 'class="filters"' in text
        for order in re.findall(r'href="([^"]+order=[^"]+)"', text)[:3]:
            assert rows_in(await page(client, unescape(order)))
        await page(client, f"{url}?q=a+1")
        for name in re.findall(r'name="(f\.[a-z_]+)"', text):
            await page(client, f"{url}?{name}=1")
        for below in ("", "/delete", "/copy"):
            await page(client, found[url][0] + below)
        await page(client, f"{url}add")
    return found
