"""Django's settings as what Trivet's application is given: options, hooks, parts, typed settings.

No secret is written: what has one reads it from the environment, or from Django's settings when the
file runs. What has no counterpart, and what nobody uses yet, is told with the line to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from trivet.adopt.django.around import COMMON, FRAME, LOCALE, SECURITY, allowed_hosts
from trivet.adopt.django.project import Site
from trivet.adopt.django.said import Read, Said, Sayings
from trivet.errors import SetupError
from trivet.mail.addresses import Mailbox
from trivet.middleware.hosts import AllowedHosts

__all__ = ["Configured", "configured"]

_HEADERS = '''

class DjangoHeaders(SecureHeaders):
    """The headers of the project's middleware; what Django answers itself keeps its own."""

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Leave streamed answers alone, as those of what is mounted are."""
        return send
'''
_MAIL_URL = '''

def mail_url() -> str:
    """Give the address of the mail server, with the name and password of the environment."""
    who = ""
    if site.{user}:
        password = site.{password}.get_secret_value()
        who = f"{{quote(site.{user}, safe='')}}:{{quote(password, safe='')}}@"
    return f"{scheme}://{{who}}{host}:{port}"
'''
_STATIC = """
# What `collectstatic` has put together is served without Django, where a web server did it.
if not settings.DEBUG and Path(settings.STATIC_ROOT).is_dir():
    app.use(Static(Path(settings.STATIC_ROOT).resolve(), path={path}))
"""
_CONSOLE = "django.core.mail.backends.console.EmailBackend"
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_FILES = "django.core.mail.backends.filebased.EmailBackend"


@dataclass
class Configured:
    """What the written file says in the place of settings."""

    options: dict[str, str] = field(default_factory=dict)
    """Options of `App`, as code."""
    reads: dict[str, Read] = field(default_factory=dict)
    """Fields that are read from the environment, by their names."""
    secrets: list[str] = field(default_factory=list)
    """Lines of fields that nobody may see."""
    imports: set[str] = field(default_factory=set)
    standard: set[str] = field(default_factory=set)
    """Imports of the standard library."""
    before: str = ""
    """What stands before the application."""
    parts: str = ""
    """What stands after it."""
    written: list[tuple[str, str]] = field(default_factory=list)
    """Settings, and what they have become."""
    open: list[tuple[str, str, str]] = field(default_factory=list)
    """Settings, what is to be said of them, and the line to write."""
    needs_settings: bool = False
    """True where Django's own settings are asked."""

    def use(self, said: Said) -> str:
        """Give a setting as code, and note what it needs."""
        for one in said.reads:
            self.reads[one.name] = one
        if "settings." in said.text:
            self.needs_settings = True
        return said.text


def configured(site: Site, sayings: Sayings) -> Configured:
    """Give all settings that Trivet's application takes."""
    found = Configured()
    debug = sayings.of("DEBUG")
    if not debug.is_fixed or debug.value:
        found.options["debug"] = found.use(debug)
        found.written.append(("DEBUG", "App(debug=…)"))
    _hosts(site, sayings, found)
    _headers(site, sayings, found)
    _mail(site, sayings, found)
    _files(site, sayings, found)
    _languages(site, sayings, found)
    found.open += _told(site, sayings)
    return found


def _hosts(site: Site, sayings: Sayings, found: Configured) -> None:
    if COMMON not in site.settings.get("MIDDLEWARE", []):
        return
    middleware = site.settings["MIDDLEWARE"]
    others = [one for one in middleware[: middleware.index(COMMON)] if not _is_djangos(one)]
    forwarded = sayings.of("USE_X_FORWARDED_HOST")
    said = allowed_hosts(sayings)
    line = f"hooks=[AllowedHosts(allowed_hosts={said.text if said else '[…]'}, www_redirect=False)]"
    if said is None:
        found.open.append(("ALLOWED_HOSTS", "allows no host, and Django refuses all", line))
    elif others:
        what = f"is asked by Django after {others[0]}, which may answer before"
        found.open.append(("ALLOWED_HOSTS", what, line))
    elif forwarded.value or not forwarded.is_fixed:
        what = "is compared with another header than Host, by USE_X_FORWARDED_HOST"
        found.open.append(("ALLOWED_HOSTS", what, "the hook ProxyHeaders before AllowedHosts"))
    elif said.is_fixed and not _is_taken(said.value):
        what = "has names that no request can have, or that AllowedHosts does not know"
        found.open.append(("ALLOWED_HOSTS", what, line))
    else:
        text = found.use(said)
        text = text.replace(" or ([", "\n            or ([")
        found.options["hooks"] = (
            f"[\n        AllowedHosts(\n            allowed_hosts={text},\n"
            "            www_redirect=False,\n        )\n    ]"
        )
        found.imports.add("from trivet.middleware.hosts import AllowedHosts")
        found.written.append(("ALLOWED_HOSTS", "the hook AllowedHosts"))


def _is_taken(hosts: object) -> bool:
    try:
        AllowedHosts(allowed_hosts=hosts)  # type: ignore[arg-type]
    except SetupError:
        return False
    return True


def _is_djangos(name: str) -> bool:
    return name.startswith("django.")


def _headers(site: Site, sayings: Sayings, found: Configured) -> None:
    middleware = site.settings.get("MIDDLEWARE", [])
    given: dict[str, str] = {"content_type_options": "False", "frame_options": "None"}
    given |= {"referrer_policy": "None", "cross_origin_opener_policy": "None"}
    if FRAME in middleware:
        said = sayings.of("X_FRAME_OPTIONS")
        upper = isinstance(said.value, str) and said.is_fixed
        given["frame_options"] = (
            f'"{said.value.upper()}"' if upper else f"{found.use(said)}.upper()"
        )
    if SECURITY in middleware:
        for option, name in (
            ("content_type_options", "SECURE_CONTENT_TYPE_NOSNIFF"),
            ("referrer_policy", "SECURE_REFERRER_POLICY"),
            ("cross_origin_opener_policy", "SECURE_CROSS_ORIGIN_OPENER_POLICY"),
        ):
            given[option] = found.use(sayings.of(name))
        hsts = _hsts(sayings, found)
        if hsts:
            given["hsts"] = hsts
            found.imports.add("from trivet.middleware.headers import Hsts")
    if not {FRAME, SECURITY} & set(middleware):
        return
    lines = "".join(f"        {name}={code},\n" for name, code in given.items())
    found.options["secure_headers"] = f"DjangoHeaders(\n{lines}    )"
    found.before += _HEADERS
    found.imports |= {
        "from trivet.http.exchange import Exchange, Send",
        "from trivet.middleware.headers import SecureHeaders",
    }
    found.written.append(("MIDDLEWARE", "the hook SecureHeaders, for what is answered here"))


def _hsts(sayings: Sayings, found: Configured) -> str:
    seconds = sayings.of("SECURE_HSTS_SECONDS")
    if seconds.is_fixed and not seconds.value:
        return ""
    subdomains = sayings.of("SECURE_HSTS_INCLUDE_SUBDOMAINS")
    preload = sayings.of("SECURE_HSTS_PRELOAD")
    parts = [f"max_age={found.use(seconds)}", f"include_subdomains={found.use(subdomains)}"]
    is_listed = subdomains.value and isinstance(seconds.value, int) and seconds.value >= 31_536_000
    if preload.value and is_listed:
        parts.append(f"preload={found.use(preload)}")
    elif preload.value or not preload.is_fixed:
        what = "asks for subdomains and a year, and is left out"
        found.open.append(("SECURE_HSTS_PRELOAD", what, "Hsts(…, preload=True)"))
    found.written.append(("SECURE_HSTS_SECONDS", "Hsts(…), which is not sent for localhost"))
    made = f"Hsts({', '.join(parts)})"
    return made if seconds.is_fixed else f"{made} if {seconds.text} else None"


def _mail(site: Site, sayings: Sayings, found: Configured) -> None:
    backend, host = sayings.of("EMAIL_BACKEND"), sayings.of("EMAIL_HOST")
    if not (backend.is_given or host.is_given):
        return
    said = sayings.of("DEFAULT_FROM_EMAIL")
    sender = said.text
    made = {_CONSOLE: "ConsoleTransport()", _FILES: "FileTransport(settings.EMAIL_FILE_PATH)"}
    if not backend.is_fixed or backend.value not in (*made, _SMTP):
        what = f"is {backend.value}" if backend.is_fixed else "is chosen when the project starts"
        line = f'app.use(Mail(SmtpTransport("smtp://…"), sender={sender}))'
        found.open.append(("EMAIL_BACKEND", what, line))
        return
    if backend.value == _FILES and "EMAIL_FILE_PATH" not in site.has:
        found.open.append(("EMAIL_FILE_PATH", "is not set", 'Mail(FileTransport("mails"), …)'))
        return
    if said.is_fixed and not _can_send(said.value):
        what = "is no address that can send"
        found.open.append((said.name, what, 'Mail(…, sender="Shop <shop@example.org>")'))
        return
    if backend.value == _SMTP:
        transport = _smtp(site, sayings, found)
        if transport is None:
            return
        found.open.append(
            ("EMAIL_BACKEND", "SmtpTransport needs aiosmtplib", 'pip install "trivet[mail]"')
        )
    else:
        transport = made[backend.value]
        found.needs_settings |= "settings." in transport
    name = transport.partition("(")[0]
    found.imports.add(f"from trivet.mail import Mail, {name}")
    found.use(said)
    found.parts += f"mail = app.use(Mail({transport}, sender={sender}, inbox=False))\n"
    found.written.append(("EMAIL_BACKEND", f"Mail with {name}"))


def _smtp(site: Site, sayings: Sayings, found: Configured) -> str | None:
    tls, ssl = sayings.of("EMAIL_USE_TLS"), sayings.of("EMAIL_USE_SSL")
    if not (tls.is_fixed and ssl.is_fixed):
        line = 'app.use(Mail(SmtpTransport("smtp://…"), sender="…"))'
        found.open.append(("EMAIL_USE_TLS", "is said when the project starts", line))
        return None
    has_user = "EMAIL_HOST_USER" in site.has or "EMAIL_HOST_PASSWORD" in site.has
    names = [
        (sayings.variable_of(one) or one).lower()
        for one in ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")
    ]
    host, port = found.use(sayings.of("EMAIL_HOST")), found.use(sayings.of("EMAIL_PORT"))
    scheme = "smtps" if ssl.value else "smtp"
    timeout = sayings.of("EMAIL_TIMEOUT")
    more = f", timeout={found.use(timeout)}" if timeout.value else ""
    if not (tls.value or ssl.value) and not has_user:
        more = f", starttls=False{more}"
    elif not (tls.value or ssl.value):
        what = (
            "is off, and a password would cross the network in the clear: TLS is begun all the same"
        )
        found.open.append(("EMAIL_USE_TLS", what, "EMAIL_USE_TLS = True, if the server has it"))
    host, port = _inside(host), _inside(port)
    if not has_user and sayings.variable_of("EMAIL_HOST_USER") is None:
        is_plain = "{" not in host + port
        return f'SmtpTransport({"" if is_plain else "f"}"{scheme}://{host}:{port}"{more})'
    user, password = names
    found.secrets += [f'{user}: str = ""', f'{password}: SecretStr = SecretStr("")']
    found.before += _MAIL_URL.format(
        user=user, password=password, scheme=scheme, host=host, port=port
    )
    found.standard.add("from urllib.parse import quote")
    line = "".join(f"{one.upper()}=…\n" for one in names)
    found.open.append(
        ("EMAIL_HOST_PASSWORD", "is read from the environment, and written nowhere", line.rstrip())
    )
    return f"SmtpTransport(mail_url(){more})"


def _can_send(sender: object) -> bool:
    try:
        Mailbox.read(str(sender))
    except ValueError:
        return False
    return True


def _inside(code: str) -> str:
    """Give code as it stands within a text."""
    if code.isdecimal():
        return code
    if code.startswith('"') and code.count('"') == 2 and code.endswith('"') and "{" not in code:
        return code[1:-1]
    return "{" + code.replace('"', "'") + "}"


def _files(site: Site, sayings: Sayings, found: Configured) -> None:
    url = site.settings.get("STATIC_URL")
    if "STATIC_ROOT" in site.has and isinstance(url, str):
        path = "/" + url.strip("/")
        others = [one.path for one in site.urls if f"/{one.path}".startswith(f"{path}/")]
        is_served = any("whitenoise" in one.lower() for one in site.settings.get("MIDDLEWARE", []))
        if "//" in url or path == "/" or not sayings.of("STATIC_URL").is_fixed:
            what = "is at an address of another server, or said when the project starts"
            found.open.append(("STATIC_URL", what, 'app.use(Static("…", url="https://…"))'))
        elif not others and not is_served:
            found.parts += _STATIC.format(path=f'"{path}"')
            found.imports.add("from trivet.static import Static")
            found.standard.add("from pathlib import Path")
            found.needs_settings = True
            found.written.append(("STATIC_ROOT", "Static, once `collectstatic` has been run"))
    if "MEDIA_ROOT" in site.has:
        found.parts += (
            "# What is uploaded stays in the project's folder, readable as Django makes it.\n"
            "media = LocalStorage(\n    Path(settings.MEDIA_ROOT).resolve(), file_mode=0o644,"
            " folder_mode=0o755\n)\n"
        )
        found.standard.add("from pathlib import Path")
        found.imports.add("from trivet.storage import LocalStorage")
        found.needs_settings = True
        found.written.append(("MEDIA_ROOT", "LocalStorage; nothing of it is served that was not"))


def _languages(site: Site, sayings: Sayings, found: Configured) -> None:
    languages, zone = sayings.of("LANGUAGES"), sayings.of("TIME_ZONE")
    first = str(site.settings.get("LANGUAGE_CODE") or "en")
    known = [one[0] for one in languages.value or [] if isinstance(one, list)]
    names = list(dict.fromkeys([first, *known])) if languages.is_given else [first]
    listed = ", ".join(f'"{one}"' for one in names)
    line = f"app.use(I18n(locales=[{listed}], timezone={zone.text}))"
    if LOCALE in site.settings.get("MIDDLEWARE", []) and languages.is_given and languages.is_fixed:
        found.parts += f"i18n = app.use(I18n(locales=[{listed}], timezone={found.use(zone)}))\n"
        found.imports.add("from trivet.i18n import I18n")
        found.written.append(("LANGUAGES", "I18n, for what is answered here"))
        found.open.append(("LANGUAGES", "I18n needs Babel", 'pip install "trivet[i18n]"'))
    elif (zone.is_given and zone.value not in (None, "UTC")) or first.partition("-")[0] != "en":
        what = f"is {zone.value}, with the language {first}: of use to Trivet's handlers only"
        found.open.append(("TIME_ZONE", what, line))


def _told(site: Site, sayings: Sayings) -> Iterator[tuple[str, str, str]]:
    """Tell of what has a counterpart that nobody uses yet, where it is not Trivet's default."""
    cookies = {
        "SESSION_COOKIE_AGE": ("idle", 1_209_600),
        "SESSION_COOKIE_SAMESITE": ("same_site", "Lax"),
        "SESSION_COOKIE_SECURE": ("secure", False),
    }
    for name, (option, default) in cookies.items():
        said = sayings.of(name)
        if said.is_given and said.value != default:
            text = said.text.lower() if option == "same_site" else said.text
            what = "is for Django's sessions, which stay with it"
            yield name, what, f"app.use(Sessions({option}={text})), once sessions move"
    if sayings.of("SESSION_COOKIE_HTTPONLY").value is False:
        what = "is off; the cookie of Trivet's sessions cannot be read by scripts"
        yield "SESSION_COOKIE_HTTPONLY", what, ""
    origins = sayings.of("CSRF_TRUSTED_ORIGINS")
    if origins.value:
        line = f"Csrf(trusted_origins={origins.text})"
        yield "CSRF_TRUSTED_ORIGINS", "is for Django's forms, which stay with it", line
    if sayings.of("SECURE_SSL_REDIRECT").value:
        line = "hooks=[HttpsRedirect(permanent=True)]"
        yield "SECURE_SSL_REDIRECT", "is Django's: 301, where HttpsRedirect answers 308", line
    if sayings.of("SECURE_PROXY_SSL_HEADER").value:
        line = 'hooks=[ProxyHeaders(trusted=["10.0.0.0/8"]), …]'
        yield "SECURE_PROXY_SSL_HEADER", "is for Django alone: who else is behind the proxy?", line
