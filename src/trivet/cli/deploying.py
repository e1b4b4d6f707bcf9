"""What `trivet check --deploy` looks for: what a service on the internet needs, and lacks.

Each function is one check: it takes the application and gives findings, each with the line to
write. What parts know of themselves they say by `Part.deploy_checks`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trivet.app.application import App
from trivet.binding.plan import Call
from trivet.checks import Finding, Level
from trivet.cli.listing import where
from trivet.middleware.cors import Cors
from trivet.middleware.headers import SecureHeaders
from trivet.middleware.hook import hooked
from trivet.middleware.hosts import AllowedHosts
from trivet.middleware.proxy import ProxyHeaders
from trivet.middleware.sessions import Sessions
from trivet.routing.contexts import contexts
from trivet.routing.state import RouteState
from trivet.security.api_key import APIKeyCookie
from trivet.security.http import HTTPBasic, HTTPDigest
from trivet.security.rate import MemoryRates
from trivet.security.rate_limit import RateLimit

__all__ = ["DEPLOYING"]

_SIGN_IN = re.compile(
    r"(?:log|sign)[-_]?(?:in|on|up)|token|password|passwd|register|authenticate|otp|mfa|2fa"
    r"|reset|forgot|recover",
    re.IGNORECASE,
)
_COUNTS_ITSELF = "trivet.auth."
_HEALTH = frozenset({"/health", "/healthz", "/live", "/livez"})
_READY = frozenset({"/ready", "/readyz"})
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def shows_nothing(app: App) -> Iterator[Finding]:
    """Nothing is shown to strangers that is meant for developers."""
    if app.debug:
        yield Finding(
            Level.ERROR,
            "deploy.debug",
            "debug is on: errors show source and values to everybody",
            "App(debug=False); trivet dev switches it on while you write",
        )
    shown = [url for url in (app.docs_url, app.redoc_url, app.openapi_url) if url]
    if app.openapi_url and shown:
        yield Finding(
            Level.INFO,
            "deploy.docs",
            f"everybody can read {', '.join(shown)}",
            "App(openapi_url=None) hides the document and its pages, if they are not meant for all",
        )


def guards_hosts(app: App) -> Iterator[Finding]:
    """Only the application's own host names are served."""
    if not _has(app, "hosts", "TrustedHostMiddleware"):
        yield Finding(
            Level.WARNING,
            "deploy.hosts",
            "every Host header is accepted, and links made from it may lead anywhere",
            'app.add_hook(AllowedHosts(allowed_hosts=["shop.example"])), '
            "from trivet.middleware.hosts",
        )
    for hook in _hooks(app, AllowedHosts):
        if "*" in hook.allowed_hosts:
            yield Finding(
                Level.WARNING,
                "deploy.hosts",
                "AllowedHosts lets every host through: '*' is among its hosts",
                'AllowedHosts(allowed_hosts=["shop.example"])',
            )


def guards_answers(app: App) -> Iterator[Finding]:
    """Answers carry the headers that browsers need to be careful."""
    headers = list(_hooks(app, SecureHeaders))
    if not headers and app.secure_headers is not None:
        headers.append(app.secure_headers)
    if not headers:
        yield Finding(
            Level.WARNING,
            "deploy.headers",
            "answers have no security headers (nosniff, frame and referrer policy)",
            "App(...) without secure_headers=None",
        )
    for hook in headers:
        if hook.hsts is None:
            yield Finding(
                Level.INFO,
                "deploy.hsts",
                "browsers are not told to use HTTPS alone: a request may go by plain HTTP",
                "careful_headers(hsts=Hsts(max_age=3600)), from trivet.middleware.headers; more,"
                " once it is known to be right",
            )
        if not any(map(_says_which_scripts, (hook.pages, hook.content_security_policy))):
            yield Finding(
                Level.INFO,
                "deploy.csp",
                "no Content-Security-Policy says which scripts run: one that is smuggled in does",
                "SecureHeaders(pages=PAGE_POLICY), from trivet.middleware.headers, or without"
                " pages=None",
            )


def _says_which_scripts(policy: Mapping[str, str] | str | None) -> bool:
    return policy is not None and any(name in policy for name in ("script-src", "default-src"))


def guards_transport(app: App) -> Iterator[Finding]:
    """Plain HTTP leads to HTTPS."""
    if not _has(app, "https", "HTTPSRedirectMiddleware"):
        yield Finding(
            Level.INFO,
            "deploy.https",
            "plain HTTP is served like HTTPS, unless a proxy in front redirects it",
            "app.add_hook(HttpsRedirect()), from trivet.middleware.https",
        )


def guards_cookies(app: App) -> Iterator[Finding]:
    """Other sites' pages cannot act in a visitor's name, and cookies go by HTTPS alone."""
    if not _has(app, "csrf"):
        if _has(app, "sessions", "SessionMiddleware"):
            what: str | None = (
                "there are sessions, and pages of other sites may send requests with their cookies"
            )
        else:
            what = _remembered(app)
        if what:
            yield Finding(
                Level.WARNING,
                "deploy.csrf",
                what,
                "app.add_hook(Csrf()), from trivet.middleware.csrf",
            )
    is_redirected = _has(app, "https", "HTTPSRedirectMiddleware")
    for hook in _hooks(app, Sessions):
        if hook.secure is False or (hook.secure is None and not is_redirected):
            yield Finding(
                Level.WARNING,
                "deploy.cookies",
                f"the cookie {hook.cookie!r} may go by plain HTTP, where others can read it",
                "Sessions(…, secure=True), or host_prefix=True, which keeps subdomains off it too",
            )


def keeps_secrets_out_of_the_code(app: App) -> Iterator[Finding]:
    """Secrets come from outside: who reads the code must not be able to sign."""
    secrets: list[tuple[str, str]] = []
    for hook in app.hooks:
        given = getattr(hook, "secrets", None)
        several = [given] if isinstance(given, str) or given is None else list(given)
        for secret in several:
            text = getattr(secret, "get_secret_value", lambda found=secret: found)()
            if isinstance(text, str) and text:
                secrets.append((type(hook).__name__, text))
    if not secrets:
        return
    for path, source in _sources():
        for owner, secret in secrets:
            place = source.find(secret)
            if place >= 0:
                yield Finding(
                    Level.ERROR,
                    "deploy.secret-in-code",
                    f"a secret of {owner} is written in the code",
                    "take it from the settings, and give production another one: this one is known",
                    f"{path}:{source.count(chr(10), 0, place) + 1}",
                )


def limits_guessing(app: App) -> Iterator[Finding]:
    """Who guesses passwords is slowed down, and in all processes alike."""
    counts_alone = False
    for route in _routes(app):
        limits = [limit for limit in map(_limit_of, _calls(route.plan)) if limit is not None]
        counts_alone = counts_alone or any(isinstance(one.store, MemoryRates) for one in limits)
        # Those of `trivet.auth` count attempts themselves, by account and by address.
        is_ours = getattr(route.endpoint, "__module__", "").startswith(_COUNTS_ITSELF)
        is_sign_in = "POST" in route.methods and not is_ours and _SIGN_IN.search(route.path)
        if is_sign_in and not limits:
            yield Finding(
                Level.WARNING,
                "deploy.rate-limit",
                f"POST {route.path} looks like a place to guess at, and has no rate limit",
                'dependencies=[Depends(RateLimit("10/minute"))], from trivet.security.rate_limit',
                where(route.endpoint) or None,
            )
    if counts_alone:
        yield Finding(
            Level.INFO,
            "deploy.rates",
            "rates are counted in memory: several workers allow several times the limit",
            "RateLimit(…, store=DatabaseRates(db)), or RedisRates, where several processes serve",
        )


def bounds_bodies(app: App) -> Iterator[Finding]:
    """Nobody can fill the memory with one request."""
    if app.max_body_size is None:
        yield Finding(
            Level.WARNING,
            "deploy.body-size",
            "bodies may have any size: one request can fill the memory",
            "App(max_body_size=16_000_000), and more at the routes that need it",
        )


def trusts_few(app: App) -> Iterator[Finding]:
    """Only a known proxy says who the client is; only known sites read with cookies."""
    for hook in _hooks(app, ProxyHeaders):
        if "*" in hook.trusted:
            yield Finding(
                Level.WARNING,
                "deploy.proxies",
                "every client may say by a header who it is: limits by address count for nothing",
                'ProxyHeaders(trusted=["10.0.0.0/8"]), the addresses of your proxies',
            )
    for cors in _hooks(app, Cors):
        if cors.allow_credentials and (
            "*" in cors.allow_origins or _is_open(cors.allow_origin_regex)
        ):
            yield Finding(
                Level.ERROR,
                "deploy.cors",
                "pages of every site may read answers that are made for a visitor's cookies",
                'Cors(allow_origins=["https://app.example.com"], allow_credentials=True)',
            )


def says_how_it_is(app: App) -> Iterator[Finding]:
    """Whatever runs the application can ask whether it lives, and whether it can serve."""
    paths = {route.path for route in _routes(app) if "GET" in route.methods}
    if not paths & _HEALTH:
        yield Finding(
            Level.WARNING,
            "deploy.health",
            "there is no /health: a process that hangs is not seen, and gets requests",
            "app.use(Observe()), from trivet.observe, or a route of your own",
        )
    elif app.parts and not paths & _READY:
        yield Finding(
            Level.INFO,
            "deploy.ready",
            "there is no /ready: requests come before what the application stands on answers",
            "app.use(Observe()), from trivet.observe, which asks every part",
        )


DEPLOYING: list[Callable[[App], Iterator[Finding]]] = [
    shows_nothing,
    guards_hosts,
    guards_answers,
    guards_transport,
    guards_cookies,
    keeps_secrets_out_of_the_code,
    limits_guessing,
    bounds_bodies,
    trusts_few,
    says_how_it_is,
]
"""The checks of production, in the order in which they are reported."""


def _has(app: App, hook: str, middleware: str | None = None) -> bool:
    return any(hooked(found).name == hook for found in app.hooks) or any(
        getattr(found.cls, "__name__", None) == middleware for found in app.user_middleware
    )


def _hooks(app: App, kind: type[Any]) -> list[Any]:  # Any: the hooks of one kind
    return [hook for hook in app.hooks if isinstance(hook, kind)]


def _routes(app: App) -> Iterator[RouteState]:
    for context in contexts(app.routes):
        if isinstance(context.effective, RouteState):
            yield context.effective


def _calls(call: Call) -> Iterator[Call]:
    yield call
    for inner in call.dependencies:
        yield from _calls(inner)


def _limit_of(call: Call) -> RateLimit | None:
    function: Any = call.function  # Any: whatever is called
    return function if isinstance(function, RateLimit) else None


def _remembered(app: App) -> str | None:
    """Name a route that may change something for what a browser sends by itself."""
    for route in _routes(app):
        if not _UNSAFE & route.methods:
            continue
        for call in _calls(route.plan):
            if isinstance(call.scheme, APIKeyCookie | HTTPBasic | HTTPDigest):
                kind = type(call.scheme).__name__
                return (
                    f"{route.path} knows its visitors by {kind}, which browsers send by themselves,"
                    " also for pages of other sites"
                )
    return None


def _is_open(pattern: str | re.Pattern[str] | None) -> bool:
    """Tell whether an origin that nobody can have meant fits."""
    return pattern is not None and re.fullmatch(pattern, "https://a.invalid") is not None


def _sources() -> Iterator[tuple[str, str]]:
    """Give the files of the user's own that were imported, with their text."""
    here = Path.cwd()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not file or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        if path.is_relative_to(here) and "site-packages" not in path.parts:
            try:
                yield str(path.relative_to(here)), path.read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
