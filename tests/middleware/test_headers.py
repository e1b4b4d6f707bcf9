from __future__ import annotations

from typing import Any

import pytest

from tests.middleware.exchanges import MemoryExchange, answered, one, ready, streamed, values
from trivet.errors import SetupError
from trivet.middleware.headers import Hsts, SecureHeaders

DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
}


def test_careful_headers_are_sent_without_any_argument() -> None:
    answer = answered(SecureHeaders(), MemoryExchange(), ready("x"))

    assert {name: one(answer, name) for name in DEFAULTS} == DEFAULTS


def test_a_handlers_own_header_wins() -> None:
    hook = SecureHeaders()
    route = ready("x", headers=[("x-frame-options", "DENY")], extra=[("referrer-policy", "origin")])

    for _ in range(3):
        answer = answered(hook, MemoryExchange(), route)
        assert values(answer, "x-frame-options") == ["DENY"]
        assert values(answer, "referrer-policy") == ["origin"]
        assert values(answer, "x-content-type-options") == ["nosniff"]


async def test_streamed_answers_have_the_same_headers() -> None:
    own = [("x-frame-options", "DENY")]

    answer = await streamed(SecureHeaders(), MemoryExchange(), [b"a"], own)

    assert {name: one(answer, name) for name in DEFAULTS} == DEFAULTS | dict(own)


def test_none_leaves_a_header_out() -> None:
    hook = SecureHeaders(
        content_type_options=False,
        frame_options=None,
        referrer_policy=None,
        cross_origin_opener_policy=None,
    )

    assert answered(hook, MemoryExchange(), ready()).headers() == [(b"content-length", b"0")]


@pytest.mark.parametrize(("scheme", "sent"), [("http", None), ("https", "max-age=3600")])
def test_transport_security_is_sent_by_https_only(scheme: str, sent: str | None) -> None:
    exchange = MemoryExchange(scheme=scheme)

    answer = answered(SecureHeaders(hsts=Hsts(max_age=3600)), exchange, ready())

    assert one(answer, "strict-transport-security") == sent


def test_every_policy_is_written_as_its_standard_has_it() -> None:
    hook = SecureHeaders(
        hsts=Hsts(include_subdomains=True, preload=True),
        cross_origin_resource_policy="same-site",
        cross_origin_embedder_policy="require-corp",
        referrer_policy="no-referrer, same-origin",
        permissions={"camera": "()", "geolocation": "(self)", "fullscreen": "*"},
        content_security_policy={"default-src": "'self'", "upgrade-insecure-requests": ""},
        content_security_policy_report_only="img-src *",
    )

    answer = answered(hook, MemoryExchange(scheme="https"), ready())

    expected = {
        "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
        "cross-origin-resource-policy": "same-site",
        "cross-origin-embedder-policy": "require-corp",
        "referrer-policy": "no-referrer, same-origin",
        "permissions-policy": "camera=(), geolocation=(self), fullscreen=*",
        "content-security-policy": "default-src 'self'; upgrade-insecure-requests",
        "content-security-policy-report-only": "img-src *",
    }
    assert {name: one(answer, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        ({"frame_options": "ALLOW-FROM https://a.example"}, "DENY, SAMEORIGIN"),
        ({"referrer_policy": "never"}, "no-referrer"),
        ({"cross_origin_opener_policy": "same-site"}, "same-origin"),
        ({"permissions": {"Camera!": "()"}}, "geolocation"),
        ({"permissions": {"camera": "none"}}, "for nobody"),
        ({"content_security_policy": {"default-src": "'self'; img-src *"}}, "sources"),
        ({"content_security_policy": {"Default Src": "'self'"}}, "default-src"),
        ({"content_security_policy": "default-src 'self'\r\nx: y"}, "on one line"),
    ],
)
def test_what_browsers_would_ignore_is_refused(arguments: dict[str, Any], mend: str) -> None:
    with pytest.raises(SetupError, match=mend):
        SecureHeaders(**arguments)


def test_preloading_needs_a_year_and_subdomains() -> None:
    with pytest.raises(SetupError, match="include_subdomains=True"):
        Hsts(preload=True)


def test_a_negative_age_is_refused() -> None:
    with pytest.raises(SetupError, match="0 or more"):
        Hsts(max_age=-1)
