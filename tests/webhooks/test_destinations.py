"""Which URLs webhooks are sent to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.errors import SetupError
from trivet.webhooks import DestinationRefused, Destinations
from trivet.webhooks.addresses import Address, read_address

PUBLIC = Destinations()


def leading_to(*texts: str, **options: object) -> Destinations:
    async def look_up(host: str, port: int) -> Sequence[Address]:
        return [found for text in texts if (found := read_address(text))]

    return Destinations(look_up=look_up, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hook",
        "https://example.org:8443/hook?key=1",
        "https://exämple.org/",
        "https://93.184.216.34/hook",
        "https://[2606:4700:4700::1111]/hook",
        "HTTPS://EXAMPLE.org",
    ],
)
def test_a_url_of_the_public_internet_is_read(url: str) -> None:
    assert PUBLIC.read(url).scheme == "https"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "begins with 'http'"),
        ("ftp://example.org/", "begins with 'ftp'"),
        ("file:///etc/passwd", "begins with 'file'"),
        ("//example.org/", "begins with ''"),
        ("example.org", "begins with ''"),
        ("", "begins with ''"),
        ("https://ann:secret@example.org/", "a user or a password"),
        ("https://@example.org/", "a user or a password"),
        ("https://example.org:22/", "port is not one of 443, 8443"),
        ("https://example.org:0/", "port is not one of"),
        ("https:///hook", "no host"),
        ("https://a b.org/", "no host"),
        ("https://example.org\\@127.0.0.1/", "a user or a password"),
        ("https://a\\b/", "no host"),
        ("https://exa%6dple.org/", "no host"),
        ("https://.example.org/", "no host"),
        ("https://example..org/", "no host"),
        ("https://" + "a" * 64 + ".org/", "no host"),
        ("https://" + "a." * 127 + "org/", "no host"),
        ("https://example.org\n/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://example.org/" + "a" * 2000, "more than 2000 characters"),
        ("https://127.0.0.1/", "not public"),
        ("https://[::1]/", "not public"),
        ("https://[::ffff:127.0.0.1]/", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
    ],
)
def test_other_urls_are_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(DestinationRefused, match=why):
        PUBLIC.read(url)


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "https://127.0.0.1", ""]))
def test_whatever_a_url_is_it_is_read_or_refused(text: str, before: str) -> None:
    try:
        url = PUBLIC.read(before + text)
    except DestinationRefused:
        return

    assert (url.scheme, url.port or 443, url.userinfo) == ("https", 443, b"")


def test_without_the_library_the_extra_is_named() -> None:
    code = "import sys; sys.modules['httpx2'] = None; import trivet.webhooks"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 'pip install "trivet[webhooks]"' in done.stderr


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "017700000001", "localhost"])
async def test_other_ways_to_write_loopback_are_found_by_looking_up(host: str) -> None:
    with pytest.raises(DestinationRefused, match="not public"):
        await PUBLIC.addresses(PUBLIC.read(f"https://{host}/"))


async def test_a_name_is_refused_if_one_of_its_addresses_is_not_public() -> None:
    destinations = leading_to("93.184.216.34", "10.0.0.7")

    with pytest.raises(DestinationRefused, match="is, or leads to") as caught:
        await destinations.addresses(destinations.read("https://example.org/"))

    assert "10.0.0.7" not in str(caught.value)


async def test_the_addresses_of_a_name_are_given_in_order() -> None:
    destinations = leading_to("2606:4700:4700::1111", "1.1.1.1")

    found = await destinations.addresses(destinations.read("https://example.org/"))

    assert [str(one) for one in found] == ["2606:4700:4700::1111", "1.1.1.1"]


async def test_a_name_without_addresses_is_an_error_of_the_network() -> None:
    destinations = leading_to()

    with pytest.raises(OSError, match="no address"):
        await destinations.addresses(destinations.read("https://example.org/"))


async def test_networks_can_be_let_through_and_kept_out() -> None:
    destinations = leading_to("10.1.0.7", allowed=["10.1.0.0/16"])
    own = leading_to("93.184.216.34", refused=["93.184.216.0/24"])

    assert await destinations.addresses(destinations.read("https://inside.example/"))
    with pytest.raises(DestinationRefused):
        await own.addresses(own.read("https://ours.example/"))


def test_http_and_other_ports_are_settings() -> None:
    here = Destinations(allow_http=True, ports=None)

    assert here.read("http://example.org:8000/").port == 8000
    assert Destinations(allow_http=True).read("http://example.org/").scheme == "http"
    with pytest.raises(DestinationRefused, match="port"):
        Destinations(allow_http=True).read("http://example.org:8000/")


@pytest.mark.parametrize("wrong", ["10.0.0.0/8", ["10.0.0.0/99"], [7.5]])
def test_a_network_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(SetupError) as caught:
        Destinations(allowed=wrong)  # type: ignore[arg-type]

    assert caught.value.code == "webhooks.network"
