"""Mailboxes as people write them, and what is refused."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.errors import MissingExtraError
from trivet.mail.addresses import Mailbox

# Whatever a person may be called: no controls, no surrogates, no blanks around or in a row.
NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"), exclude_characters="\x85"),
    min_size=1,
    max_size=100,
)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ann@example.org", "", "ann@example.org"),
        ("<ann@example.org>", "", "ann@example.org"),
        (" Ann Lee <ann@Example.ORG> ", "Ann Lee", "ann@example.org"),
        ('"Lee, Ann" <a.n+n@example.org>', "Lee, Ann", "a.n+n@example.org"),
        (r'"A \"x\" B" <ann@example.org>', 'A "x" B', "ann@example.org"),
        ("Lee, Ann <ann@example.org>", "Lee, Ann", "ann@example.org"),
        ("ann@localhost", "", "ann@localhost"),
        ("Jörg <jörg@bücher.example>", "Jörg", "jörg@xn--bcher-kva.example"),
        ("ann@straße.example", "", "ann@xn--strae-oqa.example"),
    ],
)
def test_a_mailbox_is_read(text: str, name: str, address: str) -> None:
    found = Mailbox.read(text)

    assert (found.name, found.address) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "@example.org", "ann@", "ann@@example.org", "a b@example.org",
        ".ann@example.org",
        "ann.@example.org", "a..b@example.org", "ann@example..org", "ann@-example.org",
        "ann@exa_mple.org", "ann@[127.0.0.1]", "ann@example.org, bob@example.org",
        "Ann <ann@example.org> <bob@example.org>", "Ann <ann@example.org", '"a b"@example.org',
        "ann@example.org\nBcc: bob@example.org", "Ann\r <ann@example.org>", "ann@exam\0ple.org",
        "Ann\u2028 <ann@example.org>", "a" * 65 + "@example.org", "ann@" + "a." * 130 + "org",
        "ann@\u2488com.example", "x" * 201 + " <ann@example.org>", "ann@example.org>",
    ],
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Mailbox.read(text)


@given(NAMES)
def test_a_mailbox_reads_as_it_was_written(name: str) -> None:
    written = Mailbox(name, "ann", "example.org")

    assert Mailbox.read(str(written)) == written


@given(st.text(max_size=60))
def test_any_text_is_a_mailbox_on_one_line_or_refused(text: str) -> None:
    try:
        found = Mailbox.read(text)
    except ValueError:
        return

    assert len(str(found).splitlines()) == 1
    assert Mailbox.read(str(found)) == found


def test_without_the_library_for_domains_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)

    with pytest.raises(MissingExtraError, match=r"trivet\[mail\]"):
        Mailbox.read("ann@bücher.example")
