"""Who may look: this machine, by its own names, and no other site."""

from __future__ import annotations

import pytest

from tests.devtools.conftest import LOCAL
from trivet import App
from trivet.devtools import DevTools
from trivet.devtools.guard import is_local, is_loopback
from trivet.errors import SetupError
from trivet.testing import TestClient


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = App(debug=True)
    app.use(DevTools(hosts=["shop.test"]))

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    return TestClient(app, client=LOCAL, base_url="http://localhost:8000")


LINK = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}
PAGES = (
    *("/_dev", "/_dev/requests", "/_dev/requests/1", "/_dev/requests/1/queries/1", "/_dev/jobs"),
    *("/_dev/exceptions", "/_dev/logs", "/_dev/cache", "/_dev/sent", "/_dev/loop"),
)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9"),
        *("[::1]:8000", "shop.localhost:8000", "shop.test", "shop.test:8000"),
    ],
)
def test_the_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/_dev", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("192.168.1.7:8000", "other.test", "shop.test.evil.example", "notlocalhost"),
        "0.0.0.0:8000",
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(client: TestClient, host: str) -> None:
    for page in PAGES:
        answer = client.get(page, headers={"host": host})

        assert answer.status_code == 403
        assert "localhost" in answer.text


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "2001:db8::1", "testclient", ""])
def test_another_machine_is_refused(client: TestClient, address: str) -> None:
    away = TestClient(client.app, client=(address, 50_000), base_url="http://localhost:8000")

    for page in PAGES:
        assert away.get(page).status_code == 403
    assert "x-trivet-request" not in away.get("/hello").headers


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-for": "203.0.113.9, 127.0.0.1"},
        {"x-real-ip": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
    ],
)
def test_what_came_through_a_proxy_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/_dev", headers=headers).status_code == 403


def test_a_proxy_of_this_machine_is_let_through(client: TestClient) -> None:
    assert client.get("/_dev", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
    ],
)
def test_another_site_reads_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/_dev/requests", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:8000"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        LINK,
    ],
)
def test_the_pages_themselves_and_links_to_them_are_let_through(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert client.get("/_dev/requests", headers=headers).status_code == 200


def test_pages_may_be_framed_and_kept_by_nobody(client: TestClient) -> None:
    headers = client.get("/_dev").headers

    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_two_hosts_or_none_are_not_local() -> None:
    scope = {"client": LOCAL, "headers": [(b"host", b"localhost"), (b"host", b"localhost")]}

    assert not is_local(scope)
    assert not is_local({"client": LOCAL, "headers": []})
    assert not is_local({"client": None, "headers": [(b"host", b"localhost")]})


def test_an_address_of_ipv4_in_ipv6_is_what_it_is() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:192.0.2.1")


@pytest.mark.parametrize("host", ["", "Shop.test", "shop.test:8000", "*.test", "http://shop.test"])
def test_a_host_that_is_none_is_told(host: str) -> None:
    with pytest.raises(SetupError) as told:
        DevTools(hosts=[host])

    assert told.value.code == "devtools.host"
