"""`trivet adopt django-users`: accounts, groups, permissions and the admin's log of Django's."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from trivet.admin import Admin
from trivet.admin.history import changes_in
from trivet.adopt import Kind, Note, report_of
from trivet.adopt.accounts import already_there, plan_accounts, read_tables, take_over
from trivet.adopt.accounts.planning import AccountPlan
from trivet.app.application import App
from trivet.auth import Auth
from trivet.auth.django_sessions import DjangoSessions
from trivet.auth.permissions import permission_name
from trivet.cli.opened import open_app
from trivet.cli.options import AppArgument, LoadOptions
from trivet.cli.trouble import EXIT_FOUND
from trivet.db import Database
from trivet.errors import SetupError
from trivet.terminal import Pen

__all__ = ["django_users"]


def django_users(
    options: LoadOptions,
    source: Annotated[
        str,
        typer.Option("--from", metavar="URL", help="Django's database: postgresql://…, mysql://…"),
    ],
    argument: AppArgument = None,
    user_table: Annotated[
        str, typer.Option(help="The table of accounts, where the project has a model of its own")
    ] = "auth_user",
    write: Annotated[
        bool, typer.Option("--write", help="Write it; without it is only said what would be")
    ] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Go on without what cannot be taken over")
    ] = False,
) -> None:
    """Take over Django's accounts, groups, permissions and admin log, in one transaction.

    People keep their passwords. Accounts that are there already stay as they are, so that it can be
    run again. Who is signed in stays so where the application uses DjangoSessions.

    \b
      trivet adopt django-users --from sqlite:///db.sqlite3
      trivet --app shop.web:app adopt django-users --from postgresql://…/shop --write
    """
    app = open_app(options, argument)
    plan, is_written = asyncio.run(_run(app, source, user_table, write, leave_out))
    pen = Pen()
    pen.write(report_of([*_counted(plan), *plan.notes, _about_sessions(app)]).rstrip("\n"))
    pen.write()
    if is_written:
        pen.write("Written, all in one transaction.")
    elif write:
        pen.write(f"Nothing is written: {plan.refused} cannot be taken over. --leave-out goes on.")
        raise typer.Exit(EXIT_FOUND)
    else:
        pen.write("Nothing is written; --write does.")


async def _run(
    app: App, source: str, user_table: str, write: bool, leave_out: bool
) -> tuple[AccountPlan, bool]:
    auth: Any = next((part for part in app.parts.values() if isinstance(part, Auth)), None)
    if auth is None:
        raise SetupError(
            "the application has no accounts into which Django's could be taken",
            code="adopt.no-auth",
            mend="app.use(Auth(database)), and trivet migrate",
        )
    keeps_log = any(isinstance(part, Admin) for part in app.parts.values())
    log = changes_in(auth.database.metadata) if keeps_log else None
    tables = await read_tables(Database(source), user_table=user_table)
    try:
        known = await already_there(auth.database, auth.user, log)
        plan = plan_accounts(
            tables,
            known,
            [mapper.class_ for mapper in auth.user.registry.mappers],
            user=permission_name("", auth.user).rstrip("."),
            log_in=auth.options.log_in,
            keeps_log=keeps_log,
        )
        is_written = write and (leave_out or not plan.refused)
        if is_written:
            await take_over(plan, auth.database, auth.user, log)
    finally:
        await auth.database.close()
    return plan, is_written


def _about_sessions(app: App) -> Note:
    """Tell what becomes of those who are signed in; their sessions are taken over as they come."""
    if any(isinstance(part, DjangoSessions) for part in app.parts.values()):
        return Note(Kind.STAYS, "sessions", "who is signed in in Django is so here: DjangoSessions")
    return Note(
        Kind.DECIDE,
        "sessions",
        "everybody signs in once more, unless the application takes Django's sessions over",
        "app.use(DjangoSessions(auth, secrets=[SECRET_KEY, *SECRET_KEY_FALLBACKS])), of"
        " trivet.auth.django_sessions",
    )


def _counted(plan: AccountPlan) -> list[Note]:
    counts = {
        "accounts, with their passwords": len(plan.users),
        "groups": len(plan.groups),
        "memberships": len(plan.members),
        "lines of the admin's log": len(plan.log),
    }
    return [Note(Kind.REWRITTEN, str(count), what) for what, count in counts.items()]
