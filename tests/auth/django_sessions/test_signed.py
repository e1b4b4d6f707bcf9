"""What Django's own code has signed is read as Django reads it, and nothing else is."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.cached_db import (  # type: ignore[import-untyped]
    SessionStore as CachedStore,
)
from django.contrib.sessions.backends.db import SessionStore  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.auth.django_sessions.site import OLD_SECRET, SECRET, digest_of, signed_data
from trivet.auth.django_sessions.signed import MOST_OF_DATA, is_digest_of, read_session

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), JSON, max_size=5), st.text(min_size=1))
def test_sessions_are_read_as_django_reads_them(values: dict[str, Any], secret: str) -> None:
    data = signed_data(values, secret=secret)

    assert read_session(data, [secret]) == values
    assert read_session(data, ["another", secret]) == values
    assert read_session(data, ["another"]) is None


@settings(max_examples=50)
@given(st.integers(0), st.characters(codec="latin-1"))
def test_text_with_another_sign_in_it_is_nobodys(place: int, sign: str) -> None:
    data = signed_data({"_auth_user_id": "7", "cart": ["tea"] * 9})
    at = place % len(data)
    changed = data[:at] + sign + data[at + 1 :]

    found = read_session(changed, [SECRET])

    assert (found is not None) == (changed == data)
    with override_settings(SECRET_KEY=SECRET):
        assert bool(SessionStore().decode(changed)) == (changed == data)


def test_cached_sessions_are_signed_alike() -> None:
    with override_settings(SECRET_KEY=SECRET):
        data = CachedStore().encode({"a": 1})

    assert read_session(data, [SECRET]) == {"a": 1}


def test_text_beyond_the_bound_is_not_looked_at() -> None:
    data = signed_data({"noise": [str(number**7) for number in range(120_000)]})

    assert len(data) > MOST_OF_DATA
    assert read_session(data, [SECRET]) is None


@settings(max_examples=50)
@given(st.text(), st.text(min_size=1))
def test_digests_of_passwords_are_djangos(password: str, secret: str) -> None:
    digest = digest_of(password, secret=secret)

    assert is_digest_of(digest, password, [OLD_SECRET, secret])
    assert not is_digest_of(digest, password + "x", [secret])
    assert not is_digest_of(digest.upper() + "A", password, [secret])
    assert not is_digest_of(None, password, [secret])
