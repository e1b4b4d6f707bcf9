"""What `trivet add` can put into an application: the line for each part, and what it stands on.

In a line ``{db}`` is the name that the application has for its `Database`, and so on; ``{file}`` is
a name for files of its own, ``{title}`` what it is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

__all__ = ["ADDITIONS", "Addition", "known_additions"]


@dataclass(frozen=True, slots=True)
class Addition:
    """One part: what is imported, the line, what must be there before, what comes next."""

    about: str
    module: str
    names: tuple[str, ...] = ()
    """What is imported; the first is the class of the part."""
    line: str = ""
    variable: str = ""
    extra: str = ""
    needs: tuple[str, ...] = ()
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the line that come from other modules: module → names."""
    folder: str = ""
    """A folder beside the file that has to be there."""
    then: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """Give the name of the part's class; empty for what is no part."""
        return self.names[0] if self.line else ""


_MIGRATE = "trivet makemigrations && trivet migrate"

ADDITIONS: dict[str, Addition] = {
    "db": Addition(
        "models, queries, migrations, on SQLite, PostgreSQL or MariaDB",
        "trivet.db",
        ("Database",),
        'db = app.use(Database("sqlite:///{file}.db"))',
        "db",
        extra="db",
        then=("write a model (class Note(Model): …)", _MIGRATE),
    ),
    "auth": Addition(
        "accounts, sign-in, permissions",
        "trivet.auth",
        ("Auth",),
        "auth = app.use(Auth({db}))",
        "auth",
        extra="auth",
        needs=("db",),
        then=(_MIGRATE, "trivet createsuperuser"),
    ),
    "admin": Addition(
        "a site in which staff see and change rows, at /admin/",
        "trivet.admin",
        ("Admin",),
        "admin = app.use(Admin())",
        "admin",
        extra="admin",
        needs=("auth",),
        then=("show a model in it: admin.add(Note)", _MIGRATE, "trivet createsuperuser"),
    ),
    "jobs": Addition(
        "work outside of requests, kept in the database; schedules",
        "trivet.jobs",
        ("Jobs",),
        "jobs = app.use(Jobs({db}))",
        "jobs",
        extra="jobs",
        needs=("db",),
        then=("write a job: @jobs.job above async def send(id: int) -> None", _MIGRATE),
    ),
    "webhooks": Addition(
        "signed webhooks, sent and received",
        "trivet.webhooks",
        ("Webhooks",),
        "webhooks = app.use(Webhooks({jobs}))",
        "webhooks",
        extra="webhooks",
        needs=("jobs",),
        then=(_MIGRATE,),
    ),
    "events": Addition(
        "typed events inside of the application",
        "trivet.events",
        ("Events",),
        "events = app.use(Events({db}))",
        "events",
        extra="db",
        needs=("db",),
    ),
    "mail": Addition(
        "letters, by SMTP; to the terminal at first",
        "trivet.mail",
        ("Mail",),
        'mail = app.use(Mail(ConsoleTransport(), sender="{title} <hello@example.org>"))',
        "mail",
        extra="mail",
        uses={"trivet.mail": ("ConsoleTransport",)},
        then=(
            "SmtpTransport(settings.mail_url) in the place of ConsoleTransport() in production",
            "let accounts send letters: Auth(…, mail=mail), behind this line",
        ),
    ),
    "cache": Addition(
        "values, results and answers that are kept for a time",
        "trivet.cache",
        ("Cache",),
        "cache = app.use(Cache())",
        "cache",
        then=('Cache(RedisStore(url)) where several processes serve: pip install "trivet[redis]"',),
    ),
    "realtime": Addition(
        "channels over WebSocket and server-sent events",
        "trivet.realtime",
        ("Realtime",),
        "realtime = app.use(Realtime())",
        "realtime",
        then=(
            'declare a channel: realtime.channel("prices", dict[str, float], public=True)',
            "Realtime(RedisBackend(url)) where several processes serve",
        ),
    ),
    "sessions": Addition(
        "sessions that are kept in the database",
        "trivet.sessions",
        ("Sessions",),
        "sessions = app.use(Sessions(DatabaseSessions({db})))",
        "sessions",
        extra="db",
        needs=("db",),
        uses={"trivet.sessions": ("DatabaseSessions",)},
        then=(_MIGRATE,),
    ),
    "templates": Addition(
        "pages, by Jinja2",
        "trivet.templates",
        ("Templates",),
        'templates = app.use(Templates("templates"))',
        "templates",
        extra="templates",
        folder="templates",
        then=('put a page into templates/, and @templates.page("home.html") above its handler',),
    ),
    "forms": Addition(
        "forms that are made from models",
        "trivet.forms",
        ("Forms",),
        "app.use(Forms())",
        extra="templates",
        needs=("static", "templates"),
    ),
    "static": Addition(
        "files as they are, with fingerprints",
        "trivet.static",
        ("Static",),
        'static = app.use(Static("static"))',
        "static",
        folder="static",
    ),
    "account-pages": Addition(
        "signing up and in, as pages at /account",
        "trivet.auth.pages",
        ("AccountPages",),
        "app.use(AccountPages({auth}))",
        extra="auth",
        needs=("templates", "auth"),
    ),
    "i18n": Addition(
        "languages of texts, dates and numbers",
        "trivet.i18n",
        ("I18n",),
        'i18n = app.use(I18n(locales=["en"]))',
        "i18n",
        extra="i18n",
        then=("trivet messages extract",),
    ),
    "resources": Addition(
        "a model as REST routes",
        "trivet.resources",
        extra="resources",
        needs=("db",),
        then=(
            "from trivet.resources import resource",
            "app.include_router(resource(Note)), for each model",
        ),
    ),
    "mcp": Addition(
        "routes as tools for models, by the Model Context Protocol, at /mcp",
        "trivet.ai.mcp",
        ("MCP",),
        "app.use(MCP())",
        extra="ai",
        then=("@tool above a handler, from trivet.ai, makes it a tool",),
    ),
    "observe": Addition(
        "/health, /ready, metrics and traces",
        "trivet.observe",
        ("Observe",),
        "app.use(Observe())",
        extra="observe",
    ),
}
"""By the word that is typed."""


def known_additions() -> dict[str, Addition]:
    """Give what this version of Trivet has."""
    return {word: one for word, one in ADDITIONS.items() if _is_there(one.module)}


def _is_there(module: str) -> bool:
    # The package alone: a module of it may need an extra that is not installed yet.
    return find_spec(".".join(module.split(".")[:2])) is not None
