"""Which language somebody is given for what a browser sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.i18n.negotiate import Negotiator, ranges_of

SPOKEN = ("en", "de", "pt-BR", "zh-Hans", "zh-Hant", "sr-Latn", "fr-CA", "fr")

tags = st.from_regex(r"[a-z]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
weights = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de", "de"),
        ("DE-at", "de"),
        ("de-CH-1996, en;q=0.5", "de"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK, en", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("fr-CA", "fr-CA"),
        ("fr-FR", "fr"),
        ("sr-Cyrl", None),
        ("it", None),
        ("*", None),
        ("it, *;q=0.1", None),
        ("de;q=0", None),
        ("de-x-private", "de"),
        ("de;q=0, de-AT", None),
        ("fr, fr-CA;q=0", "fr"),
        ("de ; q=0.7 , en ; Q=0.8", "en"),
        ("", None),
    ],
)
def test_header_finds_the_nearest_language(header: str, expected: str | None) -> None:
    assert Negotiator(SPOKEN).chosen(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "\x00\xff",
        ",,,;;;===",
        "de;q=1e9",
        "de;q=-1",
        "de;q=nan",
        "de;q=0.1234",
        "../../etc/passwd",
        "de_DE",
        "ä",
        "\uff11",
        "*-*",
        "de\r\nset-cookie: a=b",
    ],
)
def test_what_is_no_range_is_left_out(header: str) -> None:
    assert Negotiator(SPOKEN).chosen(header) is None


@given(st.text())
def test_no_header_raises(header: str) -> None:
    assert Negotiator(SPOKEN).chosen(header) in {None, *SPOKEN}
    assert Negotiator(SPOKEN).find(header) in {None, *SPOKEN}


@given(st.lists(st.tuples(tags, weights), max_size=20))
def test_what_is_written_is_read(ranges: list[tuple[str, int]]) -> None:
    header = ", ".join(f"{tag};q={weight / 1000:.3f}" for tag, weight in ranges)

    expected = sorted(((tag, weight / 1000) for tag, weight in ranges), key=lambda one: -one[1])

    assert ranges_of(header) == expected[:32] or len(header) > 1000


@given(st.permutations(SPOKEN), st.sampled_from(SPOKEN))
def test_who_asks_for_a_language_that_is_there_gets_it(order: list[str], wanted: str) -> None:
    negotiator = Negotiator(order)

    assert negotiator.chosen(wanted) == negotiator.find(wanted) == wanted


def test_endless_headers_are_read_in_part() -> None:
    assert len(ranges_of(",".join(["aa"] * 100_000))) == 32
    assert ranges_of("a" * 5000) == []
    assert ranges_of("it," * 330 + "de-AT" * 10) == [("it", 1.0)] * 32


def test_a_header_that_is_cut_is_not_cut_within_a_language() -> None:
    header = "xx-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa," * 30

    assert all(name.startswith("xx-") for name, _ in ranges_of(header))
    assert len({name for name, _ in ranges_of(header)}) == 1
