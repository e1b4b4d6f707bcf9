"""What stands around all views of a Django project, and whether it may give or change an answer.

Of the middleware only Django's own is known, as `startproject` lists it. It puts headers on
answers, and answers by itself only where settings say so.
"""

from __future__ import annotations

from trivet.adopt.django.project import Site
from trivet.adopt.django.said import Said, Sayings

__all__ = ["COMMON", "FRAME", "LOCALE", "SECURITY", "allowed_hosts", "reason_to_stay"]

SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
FRAME = "django.middleware.clickjacking.XFrameOptionsMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_KNOWN = frozenset(
    {SECURITY, COMMON, FRAME, _CSRF, _SESSIONS,
     "django.contrib.auth.middleware.AuthenticationMiddleware",
     "django.contrib.messages.middleware.MessageMiddleware"}
)  # fmt: skip

# Settings that let middleware answer, or change answers, before or after any view.
_ANSWERING = {
    "SECURE_SSL_REDIRECT": (SECURITY, "sends plain requests to HTTPS, with 301"),
    "PREPEND_WWW": (COMMON, "sends requests to another host"),
    "DISALLOWED_USER_AGENTS": (COMMON, "refuses some clients"),
    "SESSION_SAVE_EVERY_REQUEST": (_SESSIONS, "sends the session's cookie with each answer"),
    "CSRF_USE_SESSIONS": (_CSRF, "makes each answer vary by its cookie"),
    "FORCE_SCRIPT_NAME": ("", "takes a beginning off all addresses"),
    "USE_X_FORWARDED_HOST": (COMMON, "lets another header say the host"),
}
_POLICIES = frozenset(
    {"no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin",
     "same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url"}
)  # fmt: skip
_OPENERS = frozenset({"same-origin", "same-origin-allow-popups", "unsafe-none"})
_LOCAL = '[".localhost", "127.0.0.1", "[::1]"]'


def reason_to_stay(site: Site, sayings: Sayings) -> str | None:
    """Tell why no view can be moved; None where some may be."""
    middleware = site.settings.get("MIDDLEWARE") or []
    for one in middleware:
        if one not in _KNOWN:
            return f"{one} stands around every view"
    for listener in site.listeners:
        return f"{listener}, around every view"
    for name, (by, what) in _ANSWERING.items():
        said = sayings.of(name)
        if by and by not in middleware:
            continue
        if not said.is_fixed or said.value:
            may = "" if said.value else "may be set when the project starts; it "
            return f"{name} {may}{what}"
    if (site.settings.get("DEFAULT_CHARSET") or "utf-8").lower() != "utf-8":
        return "DEFAULT_CHARSET is not utf-8"
    if COMMON in middleware and allowed_hosts(sayings) is None:
        return "no hosts are allowed by ALLOWED_HOSTS"
    return _odd_header(middleware, sayings)


def _odd_header(middleware: list[str], sayings: Sayings) -> str | None:
    values: dict[str, frozenset[object]] = {}
    if FRAME in middleware:
        values["X_FRAME_OPTIONS"] = frozenset({"DENY", "SAMEORIGIN", "deny", "sameorigin"})
    if SECURITY in middleware:
        values["SECURE_REFERRER_POLICY"] = _POLICIES | {None}
        values["SECURE_CROSS_ORIGIN_OPENER_POLICY"] = _OPENERS | {None}
    for name, known in values.items():
        value = sayings.of(name).value
        if isinstance(value, list) or value not in known:
            return f"{name} is {value!r}, which the hook SecureHeaders does not send"
    return None


def allowed_hosts(sayings: Sayings) -> Said | None:
    """Give the hosts as they are said; None where there are none, so that Django refuses all."""
    hosts, debug = sayings.of("ALLOWED_HOSTS"), sayings.of("DEBUG")
    if hosts.is_fixed and not hosts.value and debug.is_fixed and not debug.value:
        return None
    if hosts.value and hosts.is_fixed:
        return hosts
    text = hosts.text if not (hosts.is_fixed and not hosts.value) else ""
    # With DEBUG and without hosts of its own, Django serves this machine alone.
    local = _LOCAL if debug.is_fixed and debug.value else f"({_LOCAL} if {debug.text} else [])"
    if debug.is_fixed and not debug.value:
        local = ""
    both = " or ".join(one for one in (text, local) if one)
    return Said(
        hosts.name, both, hosts.value, is_given=hosts.is_given, is_fixed=False,
        is_code=hosts.is_code, reads=hosts.reads + debug.reads,
    )  # fmt: skip
