from __future__ import annotations

from typing import Any

import pytest

from tests.middleware.exchanges import MemoryExchange, answered, one, ready, streamed, values
from trivet import App, HTMLResponse, Request, StreamingResponse
from trivet.errors import SetupError
from trivet.http.exchange import Answer
from trivet.middleware.headers import Hsts, SecureHeaders, csp_nonce
from trivet.testing import TestClient

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


@pytest.mark.parametrize(
    ("host", "is_told"),
    [
        ("shop.example", True),
        ("SHOP.example:8443", True),
        ("shop", True),
        ("localhost", False),
        ("localhost:8000", False),
        ("app.localhost.", False),
        ("127.0.0.1:8000", False),
        ("192.0.2.7", False),
        ("[::1]:8000", False),
        ("localhost.example", True),
    ],
)
def test_transport_security_is_not_told_of_this_machine_and_of_addresses(
    host: str, is_told: bool
) -> None:
    hook = SecureHeaders(hsts=Hsts())
    route = ready("x")
    headers = [("host", host)]
    for _ in range(3):
        exchange = MemoryExchange(scheme="https", headers=headers)
        ways = [hook.after(exchange, route), hook.put_on(exchange, ready("x"))]
        for answer in ways:
            told = one(answer, "strict-transport-security")
            assert told == ("max-age=31536000" if is_told else None)


def test_an_answer_that_is_shared_tells_https_alone_of_it() -> None:
    hook = SecureHeaders(hsts=Hsts())
    route = ready("x")
    for _ in range(3):
        for scheme in ("https", "http"):
            answer = hook.put_on(MemoryExchange(scheme=scheme), route)
            assert (one(answer, "strict-transport-security") is not None) is (scheme == "https")
            assert one(answer, "x-frame-options") == "SAMEORIGIN"


def test_preloading_needs_a_year_and_subdomains() -> None:
    with pytest.raises(SetupError, match="include_subdomains=True"):
        Hsts(preload=True)


def test_a_negative_age_is_refused() -> None:
    with pytest.raises(SetupError, match="0 or more"):
        Hsts(max_age=-1)


NONCED = {"default-src": "'self'", "script-src": "'self' 'nonce'", "style-src": "'nonce'"}
POLICY = "content-security-policy"


def asked(hook: SecureHeaders, route: Answer) -> tuple[str, Answer]:
    """Give the nonce of a request that asks for one, and its answer."""
    exchange = MemoryExchange()
    nonce = csp_nonce(exchange.starlette())
    return nonce, answered(hook, exchange, route)


def test_a_policy_names_the_nonce_of_the_request_that_asked_for_one() -> None:
    hook = SecureHeaders(content_security_policy=NONCED)
    route = ready("x")

    found = [asked(hook, route) for _ in range(3)]

    for nonce, answer in found:
        script = f"script-src 'self' 'nonce-{nonce}'"
        assert values(answer, POLICY) == [
            f"default-src 'self'; {script}; style-src 'nonce-{nonce}'"
        ]
        assert {name: one(answer, name) for name in DEFAULTS} == DEFAULTS
    assert len({nonce for nonce, _ in found}) == 3


def test_a_policy_allows_no_nonce_where_none_was_asked_for() -> None:
    hook = SecureHeaders(content_security_policy=NONCED)
    route = ready("x")
    asked(hook, route)

    for _ in range(3):
        answer = answered(hook, MemoryExchange(), route)
        assert values(answer, POLICY) == ["default-src 'self'; script-src 'self'; style-src"]


def test_a_nonce_stays_the_same_all_through_a_request() -> None:
    exchange = MemoryExchange()

    assert csp_nonce(exchange.starlette()) == csp_nonce(exchange.starlette())


def test_a_nonce_stands_in_a_whole_value_and_in_reports_too() -> None:
    hook = SecureHeaders(
        content_security_policy="script-src 'nonce' 'strict-dynamic'",
        content_security_policy_report_only={"style-src": "'nonce'"},
    )

    nonce, answer = asked(hook, ready("x"))

    assert one(answer, POLICY) == f"script-src 'nonce-{nonce}' 'strict-dynamic'"
    assert one(answer, POLICY + "-report-only") == f"style-src 'nonce-{nonce}'"


def test_a_handlers_own_policy_wins_over_one_with_a_nonce() -> None:
    own = ready("x", headers=[(POLICY, "default-src 'none'")])

    _, answer = asked(SecureHeaders(content_security_policy=NONCED), own)

    assert values(answer, POLICY) == ["default-src 'none'"]


def test_pages_and_streams_of_an_application_have_their_nonce() -> None:
    app = App(hooks=[SecureHeaders(content_security_policy={"script-src": "'nonce'"})])

    @app.get("/page")
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(csp_nonce(request))

    @app.get("/stream")
    async def stream(request: Request) -> StreamingResponse:
        nonce = csp_nonce(request)
        return StreamingResponse(iter([nonce[:5], nonce[5:]]), media_type="text/html")

    @app.get("/plain")
    def plain() -> str:
        return "x"

    client = TestClient(app)

    for path in ("/page", "/stream"):
        answer = client.get(path)
        assert answer.headers.get_list(POLICY) == [f"script-src 'nonce-{answer.text}'"]
    assert client.get("/plain").headers[POLICY] == "script-src"
