"""What a hostile provider, a hostile page and a hostile visitor try, and what becomes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws

from tests.auth.providers.conftest import PAGE, Acme, Making
from tests.auth.providers.own_provider import (
    CLIENT,
    SECRET,
    Claims,
    ec,
    part,
    rsa,
    shared,
    signed,
    unsigned,
)
from trivet.auth import GuessingRates
from trivet.auth.providers import OidcProvider, ProviderUntrue, Returned
from trivet.auth.providers.id_token import Expected, checked_claims, read_head
from trivet.auth.providers.tables import StoredTrip


@pytest.fixture(scope="module")
def kind() -> str:
    """Give one kind of database: what is refused here is refused before any is asked."""
    return "sqlite"


async def refused(shop: Acme, answer: httpx2.Response, status: int = 400) -> None:
    """See that nobody was signed in, and that no account was made."""
    assert answer.status_code == status, answer.text
    async with shop.site.auth.database.own_transaction():
        assert await shop.site.auth.user.all().count() == 0
    assert "signed-in" not in await shop.site.trail()


# -- identity tokens -----------------------------------------------------------------------------

NOW = int(time.time())
UNTRUE: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda claims: claims | {"iss": "https://accounts.google.com"},
    "an issuer with a slash": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "several issuers": lambda claims: claims | {"iss": [claims["iss"]]},
    "another audience": lambda claims: claims | {"aud": "other"},
    "a longer audience": lambda claims: claims | {"aud": CLIENT + "2"},
    "no audience": lambda claims: claims | {"aud": []},
    "an audience that is an object": lambda claims: claims | {"aud": {CLIENT: 1}},
    "several audiences and no party": lambda claims: claims | {"aud": [CLIENT, "other"]},
    "another party": lambda claims: claims | {"azp": "other"},
    "another nonce": lambda claims: claims | {"nonce": "x" * 43},
    "no nonce": lambda claims: {name: claims[name] for name in claims if name != "nonce"},
    "a nonce that is null": lambda claims: claims | {"nonce": None},
    "a nonce of half a pair": lambda claims: claims | {"nonce": "\ud800"},
    "an end in the past": lambda claims: claims | {"exp": NOW - 3600},
    "no end": lambda claims: claims | {"exp": None},
    "an end that is text": lambda claims: claims | {"exp": str(NOW + 3600)},
    "an end that is true": lambda claims: claims | {"exp": True},
    "an end without an end": lambda claims: claims | {"exp": float("inf")},
    "an end that is no number": lambda claims: claims | {"exp": float("nan")},
    "a beginning in the future": lambda claims: claims | {"nbf": NOW + 3600},
    "made in the future": lambda claims: claims | {"iat": NOW + 3600},
    "never made": lambda claims: {name: claims[name] for name in claims if name != "iat"},
    "another access token": lambda claims: claims | {"at_hash": "x" * 22},
    "a hash that is a number": lambda claims: claims | {"at_hash": 7},
    "no subject": lambda claims: {name: claims[name] for name in claims if name != "sub"},
    "an empty subject": lambda claims: claims | {"sub": ""},
    "a subject that is a number": lambda claims: claims | {"sub": 7},
    "a long subject": lambda claims: claims | {"sub": "7" * 256},
    "a subject with a line break": lambda claims: claims | {"sub": "7\n8"},
}


@pytest.mark.parametrize("what", UNTRUE)
async def test_claims_that_prove_nothing_are_refused(shop: Acme, what: str) -> None:
    shop.provider.sign = lambda claims: signed(UNTRUE[what](claims), rsa("one"))

    await refused(shop, await shop.traveller().travel())


async def test_claims_that_prove_it_are_taken(shop: Acme) -> None:
    more = {"aud": [CLIENT, "other"], "azp": CLIENT, "unknown": [1]}
    shop.provider.sign = lambda claims: signed(claims | more, rsa("one"))

    assert (await shop.traveller().travel()).status_code == 303


def _by_another_key(claims: Claims) -> str:
    return signed(claims, rsa("two"), kid="one")


def _by_embedded_key(claims: Claims) -> str:
    return signed(claims, rsa("two"), kid="one", jwk=rsa("two").as_dict(private=False))


def _by_linked_key(claims: Claims) -> str:
    return signed(claims, rsa("two"), kid="two", jku="https://evil.example/keys")


def _by_public_key_as_secret(claims: Claims) -> str:
    """Take the public key, which everybody has, for the secret that a MAC is made with."""
    text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    mac = hmac.digest(rsa("one").as_pem(private=False), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _changed(claims: Claims) -> str:
    head, _, signature = signed(claims, rsa("one")).split(".")
    return f"{head}.{part(claims | {'sub': 'boss'})}.{signature}"


FORGED: dict[str, Callable[[Claims], str]] = {
    "unsigned": lambda claims: unsigned(claims, kid="one"),
    "unsigned in capitals": lambda claims: unsigned(claims, alg="NONE", kid="one"),
    "unsigned with a list": lambda claims: unsigned(claims, alg=["RS256"], kid="one"),
    "without its signature": lambda claims: signed(claims, rsa("one")).rpartition(".")[0] + ".",
    "changed": _changed,
    "by another key under its id": _by_another_key,
    "by a key that it brings": _by_embedded_key,
    "by a key that it links to": _by_linked_key,
    "by an unknown key": lambda claims: signed(claims, rsa("two")),
    "by the public key as a secret": _by_public_key_as_secret,
    "by the client's secret": lambda claims: signed(claims, shared(), alg="HS256"),
    "by an algorithm that is not named": lambda claims: signed(claims, rsa("one"), alg="RS512"),
    "with what has to be understood": lambda claims: signed(claims, rsa("one"), crit=["kid"]),
    "with a key id that is an object": lambda claims: (
        f"{part({'alg': 'RS256', 'kid': {'one': 1}})}.{part(claims)}.AAAA"
    ),
    "in two parts": lambda claims: signed(claims, rsa("one")).rpartition(".")[0],
    "in five parts": lambda claims: signed(claims, rsa("one")) + ".a.b",
    "no text": lambda claims: "a.b.c",
    "a head that is a list": lambda claims: f"{part([1])}.{part(claims)}.AAAA",
    "claims that are a list": lambda claims: signed_text(json.dumps([claims])),
    "claims that are deep": lambda claims: signed_text("[" * 12_000),
    "a long token": lambda claims: signed(claims | {"x": "x" * 20_000}, rsa("one")),
}


def signed_text(text: str) -> str:
    return jws.serialize_compact({"alg": "RS256", "kid": "one"}, text, rsa("one"))


@pytest.mark.parametrize("what", FORGED)
async def test_forged_tokens_are_refused(shop: Acme, what: str) -> None:
    shop.provider.sign = FORGED[what]

    await refused(shop, await shop.traveller().travel())


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda some: some.decode("latin-1")))
@settings(max_examples=200)
def test_whatever_stands_for_a_token_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(ProviderUntrue):
        read_head(text, ("RS256",))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "sub", "at_hash"]),
    JSON_VALUES,
)
def test_whatever_a_claim_is_breaks_nothing(name: str, value: Any) -> None:
    expected = Expected("https://id.test", CLIENT, "nonce", "access", now=1000.0)
    claims = {"iss": "https://id.test", "aud": CLIENT, "nonce": "nonce", "sub": "7"}
    token = signed(claims | {"exp": 2000, "iat": 900} | {name: value}, rsa("one"))
    head = read_head(token, ("RS256",))

    try:
        found = checked_claims(token, head, rsa("one"), expected)
    except ProviderUntrue:
        return
    assert found["iss"] == "https://id.test"
    assert found["nonce"] == "nonce"
    assert isinstance(found["sub"], str)


async def test_shared_secret_signs_only_where_that_was_said(making: Making) -> None:
    shop = making(algorithms=("HS256",))
    shop.provider.sign = lambda claims: signed(claims, shared(), alg="HS256")
    assert (await shop.traveller().travel()).status_code == 303

    shop.provider.sign = lambda claims: signed(claims, rsa("one"))
    assert (await shop.traveller().travel()).status_code == 400


async def test_small_keys_are_no_keys(shop: Acme) -> None:
    with pytest.warns(UserWarning, match="2048"):
        small = rsa("one", 1024)
    shop.provider.keys = [small]
    shop.provider.sign = lambda claims: signed(claims, small)

    await refused(shop, await shop.traveller().travel())


async def test_curve_is_taken_by_its_own_algorithm(shop: Acme) -> None:
    shop.provider.keys = [ec("curve"), rsa("one")]

    shop.provider.sign = lambda claims: signed(claims, ec("curve"), alg="ES256")
    assert (await shop.traveller().travel()).status_code == 303

    shop.provider.sign = lambda claims: signed(claims, rsa("one"), kid="curve")
    assert (await shop.traveller().travel()).status_code == 400


async def test_without_a_key_id_one_key_is_known_and_two_are_a_guess(shop: Acme) -> None:
    def sign(claims: Claims) -> str:
        return jws.serialize_compact({"alg": "RS256"}, json.dumps(claims), rsa("one"))

    shop.provider.sign = sign
    assert (await shop.traveller().travel()).status_code == 303

    shop = _anew(shop)
    shop.provider.keys = [rsa("one"), rsa("two")]
    assert (await shop.traveller().travel()).status_code == 400


def _anew(shop: Acme) -> Acme:
    """Forget what was read from the provider."""
    provider: Any = shop.part.flow.providers["acme"]
    provider._published.__init__(provider.issuer)
    return shop


# -- keys that change ----------------------------------------------------------------------------


async def test_new_key_is_found_and_the_old_one_counts_no_more(shop: Acme) -> None:
    assert (await shop.traveller().travel()).status_code == 303

    shop.provider.keys = [rsa("two")]

    assert (await shop.traveller().travel()).status_code == 303
    shop.provider.sign = lambda claims: signed(claims, rsa("one"))
    assert (await shop.traveller().travel()).status_code == 400


async def test_unknown_keys_do_not_make_us_ask_again_and_again(shop: Acme) -> None:
    shop.provider.sign = lambda claims: signed(claims, rsa("two"))

    for _ in range(4):
        assert (await shop.traveller().travel()).status_code == 400

    assert shop.provider.asked.count("/keys") == 2
    assert shop.provider.asked.count("/.well-known/openid-configuration") == 1


async def test_what_is_published_is_read_once(shop: Acme) -> None:
    for _ in range(3):
        assert (await shop.traveller().travel()).status_code == 303

    assert shop.provider.asked.count("/keys") == 1


@pytest.mark.parametrize(
    "keys",
    [
        b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7, null, {}]}', b"not json", b"[" * 100_000,
        b'{"keys": [{"kty": "RSA", "kid": "one", "n": "AA", "e": "AQAB"}]}',
        b'{"keys": [{"kty": "RSA", "kid": "one", "n": 7, "e": []}]}',
        b'{"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]}',
        b'{"keys": [{"kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA"}]}',
    ],
)  # fmt: skip
async def test_keys_that_are_none_break_nothing(shop: Acme, keys: bytes) -> None:
    shop.provider.answers["/keys"] = lambda: (200, keys)

    answer = await shop.traveller().travel()

    assert answer.status_code in (400, 502)


# -- states and codes ----------------------------------------------------------------------------


async def test_state_counts_once(shop: Acme) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())
    assert (await ann.back(brought)).status_code == 303

    again = await ann.back(brought)

    assert again.status_code == 400


async def test_state_is_used_up_whatever_comes_of_it(shop: Acme) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())
    await refused(shop, await ann.back(brought | {"code": "wrong"}))

    await refused(shop, await ann.back(brought))


async def test_state_of_another_session_does_not_count(shop: Acme) -> None:
    eve, ann = shop.traveller(), shop.traveller()
    hers = shop.provider.grant(await eve.go(), sub="eve")
    await ann.go()

    # Who is led to this address would be signed in as Eve.
    await refused(shop, await ann.back(hers))

    assert await ann.me() is None
    assert (await eve.back(hers)).status_code == 303  # and nobody has used it up for her


async def test_state_without_a_session_does_not_count(shop: Acme) -> None:
    hers = shop.provider.grant(await shop.traveller().go())

    await refused(shop, await shop.traveller().back(hers))


@pytest.mark.parametrize("state", [None, "", "x", "x" * 43, "x" * 5000, "\x00", "é"])
async def test_invented_states_do_not_count(shop: Acme, state: str | None) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())
    brought.pop("state")

    answer = await ann.back(brought if state is None else brought | {"state": state})

    await refused(shop, answer)


async def test_state_whose_time_is_over_does_not_count(shop: Acme) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())
    async with shop.site.auth.database.own_transaction():
        (trip,) = await StoredTrip.all()
        await StoredTrip.all().update(expires_at=trip.expires_at.replace(year=2020))

    await refused(shop, await ann.back(brought))


async def test_code_of_another_visitor_is_worth_nothing(shop: Acme) -> None:
    eve, ann = shop.traveller(), shop.traveller()
    stolen = shop.provider.grant(await ann.go())
    hers = shop.provider.grant(await eve.go(), sub="eve")

    # Its verifier is Ann's, and the provider asks for it.
    await refused(shop, await eve.back(hers | {"code": stolen["code"]}))


async def test_code_that_a_careless_provider_takes_is_refused_for_its_nonce(shop: Acme) -> None:
    shop.provider._is_right = lambda form, asked: True  # type: ignore[method-assign]
    eve, ann = shop.traveller(), shop.traveller()
    stolen = shop.provider.grant(await ann.go())
    hers = shop.provider.grant(await eve.go(), sub="eve")

    await refused(shop, await eve.back(hers | {"code": stolen["code"]}))


async def test_values_that_are_there_twice_do_not_count(shop: Acme) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())

    query = {**brought, "code": [brought["code"], "other"]}
    answer = await ann.client.get("/auth/with/acme/callback", params=query)

    await refused(shop, answer)


async def test_state_is_its_providers_alone(making: Making) -> None:
    """Two providers of which one is hostile: what the one began, the other cannot end."""
    shop = making()
    evil = OidcProvider("evil", issuer=shop.provider.issuer + "/e", client_id="x")
    shop.part.flow.providers = {**shop.part.flow.providers, "evil": evil}
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())

    answer = await ann.client.get("/auth/with/evil/callback", params=brought)

    await refused(shop, answer)
    assert shop.provider.seen == []


# -- mix-up (RFC 9207) ---------------------------------------------------------------------------


async def test_answer_of_another_issuer_is_refused_before_the_code_is_shown(shop: Acme) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())

    await refused(shop, await ann.back(brought | {"iss": "https://evil.example"}))

    assert shop.provider.seen == []


async def test_issuer_has_to_be_named_where_it_was_announced(shop: Acme) -> None:
    shop.provider.metadata["authorization_response_iss_parameter_supported"] = True
    ann, bob = shop.traveller(), shop.traveller()

    await refused(shop, await ann.travel())

    brought = shop.provider.grant(await bob.go())
    assert (await bob.back(brought | {"iss": shop.provider.issuer})).status_code == 303


async def test_refusal_of_another_issuer_does_not_count_as_its_own(shop: Acme) -> None:
    ann = shop.traveller()
    state = shop.provider.grant(await ann.go())["state"]

    answer = await ann.back(
        {"state": state, "error": "access_denied", "iss": "https://evil.example"}
    )

    await refused(shop, answer)


async def test_metadata_of_another_issuer_is_refused(shop: Acme) -> None:
    shop.provider.metadata["issuer"] = "https://accounts.google.com"

    answer = await shop.traveller().client.get("/auth/with/acme")

    assert answer.status_code == 502


async def test_profile_of_another_person_is_refused(shop: Acme) -> None:
    told = {"sub": "boss", "email": "boss@example.org", "email_verified": True}
    shop.provider.answers["/userinfo"] = lambda: (200, json.dumps(told).encode())

    await refused(shop, await shop.traveller().travel())


# -- what providers answer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("access_denied", 403),
        ("server_error", 502),
        ("temporarily_unavailable", 502),
        ("interaction_required", 400),
        ("<script>alert(1)</script>", 400),
        ("", 400),
        ("x" * 5000, 400),
        ("\r\nset-cookie: a=b", 400),
    ],
)
async def test_refusal_of_a_provider_is_told_in_our_words(
    shop: Acme, error: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    ann = shop.traveller()
    state = shop.provider.grant(await ann.go())["state"]
    said = {"state": state, "error": error, "error_description": "<img src=x onerror=alert(1)>"}

    answer = await ann.back(said, headers=PAGE)

    await refused(shop, answer, status)
    assert "Acme" in answer.text
    assert "script" not in answer.text
    assert "img" not in answer.text
    assert "img" not in caplog.text
    assert "set-cookie" not in caplog.text


ODD: dict[str, tuple[int, bytes]] = {
    "an error": (500, b"{}"),
    "a redirect": (302, b""),
    "nothing": (200, b""),
    "a list": (200, b"[]"),
    "null": (200, b"null"),
    "a page": (200, b"<html>"),
    "deep": (200, b"[" * 100_000),
    "numbers": (200, b'{"access_token": 1, "token_type": 2, "id_token": 3}'),
    "no token": (200, b'{"error": "bad_verification_code"}'),
    "no bearer": (200, b'{"access_token": "a", "token_type": "mac", "id_token": "a.b.c"}'),
    "no identity": (200, b'{"access_token": "a", "token_type": "bearer"}'),
    "line breaks": (200, b'{"access_token": "a\\r\\nb", "token_type": "bearer"}'),
    "bytes": (200, b"\xff\xfe\x00"),
    "long": (200, b'"' + b"x" * 1_000_000 + b'"'),
}


@pytest.mark.parametrize("what", ODD)
async def test_odd_answers_for_a_code_break_nothing(shop: Acme, what: str) -> None:
    shop.provider.answers["/token"] = lambda: ODD[what]

    answer = await shop.traveller().travel()

    assert answer.status_code in (400, 502)
    assert "signed-in" not in await shop.site.trail()


@pytest.mark.parametrize("what", ["an error", "nothing", "a list", "null", "deep", "long"])
async def test_odd_metadata_breaks_nothing(shop: Acme, what: str) -> None:
    shop.provider.answers["/.well-known/openid-configuration"] = lambda: ODD[what]

    answer = await shop.traveller().client.get("/auth/with/acme")

    assert answer.status_code == 502


@pytest.mark.parametrize(
    "endpoint",
    [
        None, 7, "", "javascript:alert(1)", "http://evil.example/", "//evil.example", "/authorize",
        "https://evil.example\r\nx: y", "https://user@evil.example/", "https://[/", "file:///etc",
        "https://evil.example/#", "http://127.0.0.1.evil.example/", "http://169.254.169.254/",
    ],
)  # fmt: skip
async def test_people_are_sent_to_nothing_but_https(shop: Acme, endpoint: object) -> None:
    shop.provider.metadata["authorization_endpoint"] = endpoint

    answer = await shop.traveller().client.get("/auth/with/acme")

    assert answer.status_code == 502


@pytest.mark.parametrize("endpoint", [None, 7, "http://169.254.169.254/", "file:///etc/passwd"])
async def test_codes_and_secrets_are_sent_to_nothing_but_https(
    shop: Acme, endpoint: object
) -> None:
    shop.provider.metadata["token_endpoint"] = endpoint

    await refused(shop, await shop.traveller().travel(), 502)


async def test_slow_answers_are_not_waited_for(shop: Acme) -> None:
    over = threading.Event()

    def never() -> tuple[int, bytes]:
        over.wait(30)
        return 200, b"{}"

    shop.provider.answers["/token"] = never
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())
    shop.part.flow._fetcher._timeout = 0.2  # it has read what is published, in its own time

    try:
        answer = await ann.back(brought)
    finally:
        over.set()

    await refused(shop, answer, 502)


async def test_provider_that_is_not_there_is_told_of(shop: Acme) -> None:
    gone = OidcProvider("gone", issuer="http://127.0.0.1:1", client_id="x")
    shop.part.flow.providers = {"gone": gone}

    answer = await shop.traveller().client.get("/auth/with/gone", headers=PAGE)

    assert answer.status_code == 502
    assert "Gone does not answer" in answer.text


async def test_secret_goes_where_the_provider_wants_it(shop: Acme) -> None:
    shop.provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    assert (await shop.traveller().travel()).status_code == 303

    assert shop.provider.seen[0]["client_secret"] == SECRET


async def test_provider_that_does_not_answer_is_left_alone_for_a_moment(shop: Acme) -> None:
    shop.provider.answers["/.well-known/openid-configuration"] = lambda: (500, b"")

    for _ in range(3):
        assert (await shop.traveller().client.get("/auth/with/acme")).status_code == 502

    assert len(shop.provider.asked) == 1


async def test_log_says_what_the_provider_did_not_like_and_no_secret(
    shop: Acme, caplog: pytest.LogCaptureFixture
) -> None:
    ann = shop.traveller()
    brought = shop.provider.grant(await ann.go())

    await ann.back(brought | {"code": "a-code"})

    assert "(invalid_grant)" in caplog.text
    assert "a-code" not in caplog.text
    assert brought["state"] not in caplog.text
    assert SECRET not in caplog.text


# -- how often -----------------------------------------------------------------------------------


async def test_beginning_is_counted_by_address(making: Making) -> None:
    shop = making(rates=GuessingRates(address="3/hour"))

    statuses = [(await shop.traveller().client.get("/auth/with/acme")).status_code for _ in "1234"]

    assert statuses == [303, 303, 303, 429]


async def test_coming_back_is_counted_by_address(making: Making) -> None:
    shop = making(rates=GuessingRates(address="3/hour"))

    statuses = [(await shop.traveller().back({"state": "x"})).status_code for _ in "1234"]

    assert statuses == [400, 400, 400, 429]


def test_secrets_are_not_in_what_is_shown() -> None:
    assert "a code" not in repr(Returned(state="state", code="a code"))
