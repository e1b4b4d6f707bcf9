"""Access tokens: only what we signed, as we sign it, for us, and now."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.auth.tokens.people import PASSWORD, SECRET, Site, bearer
from trivet.auth import Auth
from trivet.auth.jwt import JwtTokens, SigningKeys, StoredFamily
from trivet.auth.jwt.claims import Statement, Statements
from trivet.db import Database
from trivet.errors import SetupError

P256 = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
KEYS = SigningKeys(secrets=SECRET)
STATEMENTS = Statements("https://shop.example.org", "shop", 600)
NOW = 1_800_000_000.0
GOOD = STATEMENTS.write(Statement("ann", frozenset({"post.read"}), NOW, NOW, "app"))


def pem(key: Any, *, private: bool = True) -> str:
    found: str = key.as_pem(private=private).decode()
    return found


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=="))
    return found


def encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def own_key(keys: SigningKeys) -> OctKey:
    found = keys._first.key
    assert isinstance(found, OctKey)
    return found


@pytest.mark.parametrize("key", [P256, ED])
def test_keys_sign_by_the_one_algorithm_they_are_for(key: Any) -> None:
    keys = SigningKeys(keys=pem(key))
    token = keys.sign({"sub": "ann"})
    header = decoded(token.split(".")[0])

    assert keys.verify(token) == {"sub": "ann"}
    assert header == {
        "alg": "ES256" if key is P256 else "Ed25519",
        "kid": key.thumbprint(),
        "typ": "at+jwt",
    }


def test_a_second_key_verifies_and_the_first_one_signs() -> None:
    old = SigningKeys(keys=pem(P256)).sign({"n": 1})
    both = SigningKeys(keys=[pem(ED), pem(P256, private=False)])
    older = SigningKeys(secrets=SECRET).sign({"n": 2})
    secrets = SigningKeys(secrets=["another-secret-" * 3 + "x1", SECRET])

    assert both.verify(old) == {"n": 1}
    assert decoded(both.sign({}).split(".")[0])["alg"] == "Ed25519"
    assert secrets.verify(older) == {"n": 2}
    assert SigningKeys(secrets=SECRET).verify(secrets.sign({})) is None


def test_the_key_set_has_public_halves_alone() -> None:
    keys = SigningKeys(keys=[pem(ED), pem(P256)]).jwks()["keys"]

    assert [one["alg"] for one in keys] == ["Ed25519", "ES256"]
    assert all("d" not in one and one["use"] == "sig" for one in keys)
    assert SigningKeys(secrets=SECRET).jwks() == {"keys": []}
    assert SECRET not in repr(SigningKeys(secrets=SECRET))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS384"},
        {"alg": "HS512"},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "another"},
        {"kid": None},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"jwk": OctKey.generate_key(256).as_dict()},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/keys"},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
)
def test_a_header_that_is_not_ours_is_refused_however_it_is_signed(header: dict[str, Any]) -> None:
    own = decoded(KEYS.sign({}).split(".")[0])
    changed = {k: v for k, v in {**own, **header}.items() if v is not None}
    signed = f"{encoded(changed)}.{encoded(GOOD)}"
    signature = KEYS.sign(GOOD).split(".")[2]
    right = jws.serialize_compact(own, json.dumps(GOOD), own_key(KEYS), algorithms=["HS256"])

    assert KEYS.verify(right) == GOOD  # so that it is the header for which the rest is refused
    for token in (f"{signed}.", f"{signed}.{signature}", f"{signed}.{encoded('x')}"):
        assert KEYS.verify(token) is None
    if changed["alg"] != "none" and "crit" not in header:
        registry = jws.JWSRegistry(algorithms=[changed["alg"]], strict_check_header=False)
        text = jws.serialize_compact(changed, json.dumps(GOOD), own_key(KEYS), registry=registry)
        assert KEYS.verify(text) is None


@pytest.mark.parametrize(
    "keys",
    [KEYS, SigningKeys(keys=pem(P256)), SigningKeys(keys=pem(ED))],
    ids=["HS256", "ES256", "Ed25519"],
)
def test_a_token_counts_as_it_was_written_and_with_no_letter_changed(keys: SigningKeys) -> None:
    token = keys.sign({"sub": "ann"})

    assert keys.verify(token) == {"sub": "ann"}
    for place, letter in enumerate(token):
        # The last letter has bits that stand for nothing: they are no second spelling either.
        for other in "AB_z":
            if other != letter:
                assert keys.verify(token[:place] + other + token[place + 1 :]) is None, place
    for wrong in (token[:-1], token + "A", token + "=", token + "\n", token.replace(".", "..", 1)):
        assert keys.verify(wrong) is None


def test_a_public_key_is_no_secret() -> None:
    keys = SigningKeys(keys=pem(P256))
    own = decoded(keys.sign({}).split(".")[0])
    public = pem(P256, private=False)
    for secret in (public, public.strip()):
        header = f"{encoded({**own, 'alg': 'HS256'})}.{encoded(GOOD)}"
        mac = hmac.digest(secret.encode(), header.encode(), hashlib.sha256)
        forged = f"{header}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
        same = keys.sign({}).split(".")[0] + "." + encoded(GOOD) + "." + forged.split(".")[2]

        assert keys.verify(forged) is None
        assert keys.verify(same) is None


def test_the_secret_itself_signs_no_token() -> None:
    own = decoded(KEYS.sign({}).split(".")[0])
    token = jwt.encode(own, GOOD, OctKey.import_key(SECRET.encode()), algorithms=["HS256"])

    assert KEYS.verify(token) is None


def test_an_encrypted_token_is_refused() -> None:
    key = OctKey.generate_key(256)
    token = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, b"{}", key)

    assert KEYS.verify(token) is None


def test_a_huge_token_and_one_of_no_object_are_refused() -> None:
    assert KEYS.verify(KEYS.sign({"x": "y" * 5000})) is None
    for payload in (b"[]", b"1", b"{", b"\xff", b"[" * 500):
        assert KEYS.verify(KEYS._first.sign(payload)) is None


@given(st.text(max_size=60) | st.text("AZaz09_-.=", max_size=200))
def test_no_text_of_others_is_a_token_or_an_error(text: str) -> None:
    header, payload, signature = KEYS.sign(GOOD).split(".")

    assert KEYS.verify(text) is None
    assert KEYS.verify(f"{header}.{text}.{signature}") is None or text == payload
    assert KEYS.verify(f"{text}.{payload}.{signature}") is None or text == header


# -- what a token says ---------------------------------------------------------------------------


def test_what_is_written_is_read() -> None:
    assert STATEMENTS.read(GOOD, NOW + 1) == Statement(
        "ann", frozenset({"post.read"}), NOW, NOW, "app"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"aud": ["shop"]},
        {"aud": None},
        {"exp": None},
        {"exp": NOW},
        {"exp": NOW + 9999},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"iat": None},
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
        {"nbf": "x"},
        {"sub": None},
        {"sub": 1},
        {"sub": ""},
        {"jti": None},
        {"scope": None},
        {"scope": ["*"]},
        {"scope": " "},
        {"auth_time": "now"},
        {"client_id": 1},
    ],
)
def test_a_claim_that_lacks_or_does_not_fit_refuses_the_token(changed: dict[str, Any]) -> None:
    claims = {k: v for k, v in {**GOOD, **changed}.items() if v is not None}

    assert STATEMENTS.read(claims, NOW + 1) is None


@given(
    st.dictionaries(
        st.sampled_from(sorted(GOOD)),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
        min_size=1,
    )
)
def test_no_claims_are_an_error(changed: dict[str, Any]) -> None:
    found = STATEMENTS.read({**GOOD, **changed}, NOW + 1)

    assert found is None or isinstance(found, Statement)


def test_a_token_is_over_at_its_last_moment() -> None:
    assert STATEMENTS.read(GOOD, NOW + 599.9) is not None
    assert STATEMENTS.read(GOOD, NOW + 600) is None


# -- in an application ---------------------------------------------------------------------------


@pytest.mark.anyio
async def test_tokens_of_other_purposes_are_refused_at_the_door(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    good = await site.access(ann)
    key, own = own_key(site.jwt.keys), decoded(good.split(".")[0])
    claims = decoded(good.split(".")[1])

    def signed(header: dict[str, Any], **changes: Any) -> str:
        return jwt.encode({**own, **header}, {**claims, **changes}, key, algorithms=["HS256"])

    id_token = signed({"typ": "JWT"})
    others_audience = site.jwt.keys.sign({**claims, "aud": "other"})
    others_key = SigningKeys(secrets="z" + SECRET).sign(claims)
    over = site.jwt.keys.sign({**claims, "iat": time.time() - 700, "exp": time.time() - 100})
    nobody = site.jwt.keys.sign({**claims, "sub": "nobody"})

    assert (await client.get("/who", headers=bearer(good))).json() == ann.handle
    for token in (id_token, others_audience, others_key, over, nobody, good + "A", good[:-2]):
        answer = await client.get("/maybe", headers=bearer(token))
        assert answer.status_code == 401, token
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.anyio
async def test_tokens_stand_behind_another_word_where_the_options_say_so(
    database: Database,
) -> None:
    site = Site(database, scheme="Token")
    async with site.client() as client:
        ann = await site.person()
        tokens = [await site.access(ann), await site.token(ann, "*")]
        for token in tokens:
            behind = [{"authorization": f"{word} {token}"} for word in ("Token", "token")]
            assert [(await client.get("/who", headers=one)).json() for one in behind] == [
                ann.handle
            ] * 2
            other = await client.get("/who", headers=bearer(token))
            assert other.status_code == 401
            assert other.headers["www-authenticate"] == "Token"
            wrong = await client.get("/who", headers={"authorization": f"Token {token}x"})
            assert wrong.headers["www-authenticate"] == 'Token error="invalid_token"'
        form = {"username": "ann@example.org", "password": PASSWORD}
        assert (await client.post("/auth/token", data=form)).json()["token_type"] == "token"

    schemes = site.app.openapi()["components"]["securitySchemes"]
    for name in ("ApiToken", "AccessToken"):
        shown = [schemes[name][one] for one in ("type", "in", "name")]
        assert shown == ["apiKey", "header", "Authorization"]


@pytest.mark.anyio
async def test_an_access_token_alone_stores_nothing(site: Site, client: httpx2.AsyncClient) -> None:
    ann = await site.person()

    grant = await site.jwt.granting.issue(ann, is_refreshed=False)

    assert grant.refresh_token is None
    assert (await client.get("/who", headers=bearer(grant.access_token))).json() == ann.handle
    assert await site.inside(StoredFamily.all().count) == 0


@pytest.mark.anyio
async def test_a_token_that_is_given_right_behind_a_new_password_counts(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    moment = int(time.time() * 1000) / 1000
    changed_at = datetime.fromtimestamp(moment + 0.0001, UTC)
    await site.inside(lambda: ann.update(password_changed_at=changed_at))

    async def status(issued_at: float) -> int:
        statement = Statement(ann.handle, frozenset("*"), issued_at, issued_at)
        token = site.jwt.keys.sign(Statements("trivet", "trivet", 600).write(statement))
        return (await client.get("/who", headers=bearer(token))).status_code

    assert await status(moment + 0.0004) == 200
    assert await status(moment - 0.001) == 401


@pytest.mark.anyio
async def test_the_keys_are_served_where_there_are_public_ones(
    database: Database, site: Site, client: httpx2.AsyncClient
) -> None:
    other = Site(database, keys=pem(P256))
    async with other.client() as found:
        answer = await found.get("/auth/jwks.json")
        ann = await other.person()
        who = await found.get("/who", headers=bearer(await other.access(ann)))

    assert [one["kid"] for one in answer.json()["keys"]] == [P256.thumbprint()]
    assert "d" not in answer.json()["keys"][0]
    assert who.json() == ann.handle
    assert (await client.get("/auth/jwks.json")).status_code == 404


@pytest.mark.parametrize(
    ("given_ones", "code"),
    [
        ({}, "auth.jwt-keys"),
        ({"secrets": SECRET, "keys": "x"}, "auth.jwt-keys"),
        ({"keys": "x"}, "auth.jwt-keys"),
        ({"keys": pem(RSAKey.generate_key(2048))}, "auth.jwt-keys"),
        ({"keys": pem(ECKey.generate_key("P-384"))}, "auth.jwt-keys"),
        ({"keys": pem(ED, private=False)}, "auth.jwt-keys"),
        ({"secrets": "short"}, "security.weak-secret"),
        ({"secrets": "ab" * 40}, "security.weak-secret"),
        ({"secrets": SECRET, "lifetime": 86_400}, "auth.jwt-lifetime"),
        ({"secrets": SECRET, "refresh_lifetime": 1}, "auth.jwt-lifetime"),
    ],
)
def test_what_cannot_sign_or_last_is_told(given_ones: dict[str, Any], code: str) -> None:
    with pytest.raises(SetupError) as raised:
        JwtTokens(Auth(Database("sqlite://")), **given_ones)

    assert raised.value.code == code
    assert not any(str(one) in str(raised.value) for one in given_ones.values() if one == SECRET)
