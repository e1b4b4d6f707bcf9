"""The pages and the toolbar in a real browser: live, without a broken policy, on any width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.devtools.conftest import music
from tests.examples.browser import Page, browsing
from trivet.testing.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_WIDTH = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
_BAR = "document.querySelector('trivet-toolbar').shadowRoot"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with LiveServer(music()) as server:
        yield server.url


@pytest.fixture(scope="module")
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder: Path = tmp_path_factory.mktemp("browser")
    with browsing(chromium, folder) as page:
        yield page


def test_a_request_appears_in_the_list_by_itself(page: Page, url: str) -> None:
    page.open(f"{url}/_dev/requests")
    page.wait_for("document.querySelector('main[data-live]') !== null")

    httpx2.get(f"{url}/songs?limit=4")

    page.wait_for("document.body.innerText.includes('N+1: 4 queries')")
    assert page.complaints() == []


def test_explain_opens_in_place(page: Page, url: str) -> None:
    name = httpx2.get(f"{url}/bands/2").headers["x-trivet-request"]
    page.open(f"{url}{name}")
    page.wait_for("document.querySelector('a[data-explain]') !== null")

    page.run("document.querySelector('a[data-explain]').click()")

    told = page.wait_for("document.querySelector('.explained')?.textContent")
    assert "SEARCH dev_band" in told
    assert page.run("location.pathname") == name
    assert page.complaints() == []


def test_the_toolbar_opens_leads_to_its_request_and_goes(page: Page, url: str) -> None:
    page.open(f"{url}/page")
    page.wait_for("document.querySelector('trivet-toolbar') !== null")
    assert page.run(f"getComputedStyle({_BAR}.querySelector('.more')).display") == "none"

    page.run(f"{_BAR}.querySelector('button').click()")

    assert page.run(f"getComputedStyle({_BAR}.querySelector('.more')).display") == "flex"
    assert "/_dev/requests/" in page.run(f"{_BAR}.querySelector('.more a').getAttribute('href')")

    page.run(f"{_BAR}.querySelector('.more button').click()")
    assert page.run("document.querySelector('trivet-toolbar')") is None
    page.open(f"{url}/page?again")
    page.wait_for("location.search === '?again' && document.readyState === 'complete'")
    assert page.run("document.querySelector('trivet-toolbar')") is None
    page.run("sessionStorage.clear()")
    assert page.complaints() == []


def test_pages_fit_a_telephone(page: Page, url: str) -> None:
    httpx2.get(f"{url}/boom")
    name = httpx2.get(f"{url}/songs?limit=4").headers["x-trivet-request"]
    page._ask(
        "Emulation.setDeviceMetricsOverride",
        width=390,
        height=800,
        deviceScaleFactor=1,
        mobile=True,
    )
    for path in ("/_dev", "/_dev/requests", name, "/_dev/exceptions", "/_dev/logs", "/_dev/loop"):
        page.open(url + path)
        page.wait_for(f"location.pathname === '{path}' && document.readyState === 'complete'")

        assert page.run(_WIDTH), path
        assert page.complaints() == []
