"""The application and its batteries; what they are used for is in the files beside this one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subscriptions.flags import keeping_flags
from subscriptions.settings import settings
from trivet import App
from trivet.ai.tokens import Price, TokenStreams
from trivet.auth import Auth, AuthOptions
from trivet.auth.organisations import Organisations
from trivet.auth.pages import AccountPages
from trivet.auth.totp import Totp
from trivet.db import Database
from trivet.events import Events
from trivet.jobs import Jobs, Stop
from trivet.mail import ConsoleTransport, Mail, MailRefused, Message, SmtpTransport
from trivet.observe import Observe
from trivet.observe.logs import Logs
from trivet.observe.otel import OpenTelemetry
from trivet.templates import Templates
from trivet.webhooks import Webhooks

__all__ = ["app", "auth", "db", "events", "jobs", "mail", "organisations", "streams", "webhooks"]


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Keep the flags fresh while the application runs."""
    async with keeping_flags(db):
        yield


app = App(
    title="Subscriptions",
    version="1.0",
    summary="Notes and an assistant, for teams",
    lifespan=lifespan,
)
app.use(Observe())
app.use(Logs())
# Requests, queries, jobs and mails, joined; where the standard variables say where to.
app.use(OpenTelemetry(continues=False))
db = app.use(Database(settings.database_url))
jobs = app.use(Jobs(db))
events = app.use(Events(db))
templates = app.use(Templates("templates"))
transport = SmtpTransport(settings.smtp_url) if settings.smtp_url else ConsoleTransport()
mail = app.use(Mail(transport, sender="Subscriptions <hello@example.org>", templates=templates))


@mail.outbox
@jobs.job(queue="mail", max_attempts=12)
async def send_mail(message: Message) -> None:
    """Send what a transaction has put in; no attempt can mend what the server refuses."""
    try:
        await mail.deliver(message)
    except MailRefused as error:
        raise Stop(str(error)) from error


auth = app.use(Auth(db, mail=mail, events=events, options=AuthOptions(site=settings.site)))
app.use(Totp(auth, secrets=settings.secret))
app.use(AccountPages(auth))
organisations = app.use(
    Organisations(
        auth,
        roles={
            "admin": ["organisation.change", "member.*", "note.*", "assistant.ask", "billing.view"],
            "writer": ["member.read", "note.*", "assistant.ask"],
            "reader": ["member.read", "note.view"],
        },
    )
)
streams = app.use(TokenStreams(prices={"small": Price(0.2, 0.8), "large": Price(2.0, 8.0)}))
webhooks = app.use(Webhooks(jobs).seal_with(settings.secret))
