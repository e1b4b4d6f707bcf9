"""Signatures of others, checked against what their own packages sign and verify."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from trivet.errors import SetupError
from trivet.webhooks import (
    BadMessage,
    BadSignature,
    GitHubSignature,
    Scheme,
    StandardSignature,
    StripeSignature,
    Verified,
)
from trivet.webhooks.secrets import new_secret
from trivet.webhooks.signing import signed_headers

NOW = 1_700_000_000
SECRET = new_secret()
BODY = b'{"id":"evt_1","type":"invoice.paid","data":{}}'


def standard_headers(body: bytes = BODY, *, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    """Sign as the official package does."""
    # It takes what is no moment in UTC for one.
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, body.decode()),
    }


def stripe_headers(body: bytes = BODY, *, secret: str = "whsec_x", at: int = NOW) -> dict[str, str]:
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return {"stripe-signature": made}


# -- Standard Webhooks ---------------------------------------------------------------------------


def test_what_the_official_package_signs_is_good() -> None:
    found = StandardSignature(SECRET).verify(standard_headers(), BODY, NOW)

    assert found == Verified("msg_1", "invoice.paid")


@given(st.binary(min_size=24, max_size=64), st.text(max_size=200))
def test_what_we_sign_is_good_to_the_official_package(key: bytes, text: str) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    body = json.dumps(text).encode()
    headers = signed_headers([new_secret(), secret], "msg_1", int(time.time()), body)

    assert Webhook(secret).verify(body, headers) == text


def test_either_of_two_secrets_is_good() -> None:
    scheme = StandardSignature(new_secret(), SECRET)

    assert scheme.verify(standard_headers(), BODY, NOW).id == "msg_1"


@pytest.mark.parametrize("event", [b"[1]", b"7", b"\xff", b'{"type":7}', b"[" * 20_000])
def test_a_body_without_a_type_has_no_event(event: bytes) -> None:
    headers = signed_headers([SECRET], "msg_1", NOW, event)

    assert StandardSignature(SECRET).verify(headers, event, NOW) == Verified("msg_1", "")


# -- Stripe --------------------------------------------------------------------------------------


def test_what_stripes_package_signs_is_good() -> None:
    found = StripeSignature("whsec_x").verify(stripe_headers(), BODY, NOW)

    assert found == Verified("evt_1", "invoice.paid")


def test_several_signatures_and_other_schemes_in_the_header_are_passed_over() -> None:
    made = stripe_headers()["stripe-signature"].replace("v1=", "v0=abc,v1=def,v1=")

    found = StripeSignature(SecretStr("whsec_x")).verify({"stripe-signature": made}, BODY, NOW)

    assert found.id == "evt_1"


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"type":"a"}', b'{"id":7,"type":"a"}'])
def test_a_good_signature_of_no_event_is_a_bad_message(body: bytes) -> None:
    with pytest.raises(BadMessage, match="the body has no"):
        StripeSignature("whsec_x").verify(stripe_headers(body), body, NOW)


# -- GitHub --------------------------------------------------------------------------------------

GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB_HEADERS = {
    "x-hub-signature-256": "sha256="
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-github-event": "push",
}


def test_githubs_documented_example_is_good() -> None:
    found = GitHubSignature(GITHUB_SECRET).verify(GITHUB_HEADERS, b"Hello, World!", NOW)

    assert found == Verified("72d3162e-cc78-11e3-81ab-4c9367dc0958", "push")


def test_githubs_action_is_a_part_of_the_event() -> None:
    body = b'{"action":"opened"}'
    made = "sha256=" + hmac.new(b"secret", body, "sha256").hexdigest()
    headers = {**GITHUB_HEADERS, "x-hub-signature-256": made, "x-github-event": "issues"}

    assert GitHubSignature("secret").verify(headers, body, NOW).event == "issues.opened"


# -- all of them ---------------------------------------------------------------------------------

GOOD: list[tuple[str, Scheme, dict[str, str], bytes]] = [
    ("standard", StandardSignature(SECRET), standard_headers(), BODY),
    ("stripe", StripeSignature("whsec_x"), stripe_headers(), BODY),
    ("github", GitHubSignature(GITHUB_SECRET), GITHUB_HEADERS, b"Hello, World!"),
]
each = pytest.mark.parametrize(
    ("scheme", "headers", "body"), [one[1:] for one in GOOD], ids=[one[0] for one in GOOD]
)


@each
def test_another_body_is_refused(scheme: Scheme, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature, match="no signature fits"):
        scheme.verify(headers, body + b" ", NOW)


@each
def test_a_missing_header_is_named(scheme: Scheme, headers: dict[str, str], body: bytes) -> None:
    for name in headers:
        with pytest.raises(BadSignature, match=f"the header {name} is missing"):
            scheme.verify({k: v for k, v in headers.items() if k != name}, body, NOW)


@each
@given(st.data())
def test_whatever_the_headers_hold_is_refused_and_no_error(
    scheme: Scheme, headers: dict[str, str], body: bytes, data: st.DataObject
) -> None:
    signature = next(name for name in headers if "signature" in name)
    text = data.draw(st.text(max_size=80))

    with pytest.raises(BadSignature):
        scheme.verify({**headers, signature: text}, body, NOW)


@pytest.mark.parametrize(
    "scheme", [StandardSignature(SECRET), StripeSignature("whsec_x")], ids=["standard", "stripe"]
)
@pytest.mark.parametrize("at", [NOW - 301, NOW + 301])
def test_an_old_signature_and_one_of_the_future_are_refused(scheme: Scheme, at: int) -> None:
    headers = {**standard_headers(at=at), **stripe_headers(at=at)}

    with pytest.raises(BadSignature, match="too long ago, or in the future"):
        scheme.verify(headers, BODY, NOW)


@pytest.mark.parametrize("text", ["", "now", "-5", "1e9", "9" * 400, "١٢٣"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    headers = {**standard_headers(), "webhook-timestamp": text}

    with pytest.raises(BadSignature):
        StandardSignature(SECRET).verify(headers, BODY, NOW)
    with pytest.raises(BadSignature):
        StripeSignature("a").verify({"stripe-signature": f"t={text},v1=00"}, BODY, NOW)


@pytest.mark.parametrize("scheme", [StandardSignature, StripeSignature, GitHubSignature])
@pytest.mark.parametrize(
    "given", [(), ("",), (" ",), (None,), ("whsec_YWJj", ""), (SecretStr(""),)]
)
def test_no_secret_is_refused_when_the_scheme_is_made(scheme: type, given: tuple) -> None:
    with pytest.raises(SetupError, match="was given no secret, or an empty one") as caught:
        scheme(*given)

    assert caught.value.code == "webhooks.secret"
    assert scheme.__name__ in str(caught.value.mend)


def test_a_secret_of_standard_webhooks_is_base64() -> None:
    with pytest.raises(SetupError, match="is base64"):
        StandardSignature("whsec_öäü")
