"""The admin as a part: ``admin = app.use(Admin())``, and a class for each model."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, Unpack

from sqlalchemy import Table
from starlette.requests import Request
from starlette.responses import Response

from trivet.admin.accounts import ready_for
from trivet.admin.added import Added
from trivet.admin.brought import Brought, bring
from trivet.admin.by_accounts import ByAccounts
from trivet.admin.by_key import ByKey
from trivet.admin.declared.dashboard import Card, Chart
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.declared.own_page import MenuLink, OwnPage
from trivet.admin.files import FileAddresses, add_files
from trivet.admin.history import History, changes_in
from trivet.admin.history.commands import commands_of
from trivet.admin.kept_views import KeptViews, views_in
from trivet.admin.options import AdminOptions
from trivet.admin.pages import PAGES
from trivet.admin.pages.own import UsersPage
from trivet.admin.pages.page import Refusal
from trivet.admin.showing import Site
from trivet.admin.visits import Access
from trivet.app.application import App
from trivet.app.part import Link, Part
from trivet.auth.pages import AccountPages
from trivet.auth.part import Auth
from trivet.db import Database
from trivet.db.reflect import reflect
from trivet.errors import SetupError
from trivet.forms import Forms
from trivet.routing.router import Router
from trivet.templates import Templates

__all__ = ["Admin"]

Declared = TypeVar("Declared", bound=type[ModelAdmin])
Shown = TypeVar("Shown", bound=Callable[..., Any])

_TEMPLATES = Path(__file__).parent / "templates"


class Admin(Part):
    """A site in which staff see and change the rows of models.

    Accounts that are staff may enter; what they may there, the rules of `auth` say: ``post.view``,
    ``post.add``, ``post.change``, ``post.delete``. Without `auth` it is the application's own
    `Auth`, which has to be there; `access` is another way in. `reflects` is a database that exists
    already: all of its tables are shown, or those that `only` names. Further options are those of
    `AdminOptions`. Raises `SetupError`.
    """

    name = "admin"
    may_be_several = True

    def __init__(
        self,
        auth: Auth | None = None,
        *,
        path: str = "/admin",
        title: str = "",
        access: Access | None = None,
        reflects: Database | None = None,
        only: Collection[str] | None = None,
        **options: Unpack[AdminOptions],
    ) -> None:
        if not path.startswith("/") or path.endswith("/"):
            raise SetupError(
                f"Admin cannot be at path={path!r}",
                code="admin.path",
                mend='write a path such as "/admin"',
            )
        self._auth = auth
        self._path = path
        self._title = title
        self._access = access
        self._reflects = reflects
        self._only = only
        self._options = options
        self._beside = (
            Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve().parent
        )
        self._added = Added(groups=options.get("groups", ()))
        self._own = Router()
        self._admins: dict[Any, ModelAdmin] = {}
        self._site: Site | None = None
        self._app: App | None = None

    @property
    def site(self) -> Site:
        """What is served; there once the part is installed."""
        assert self._site is not None, "app.use(admin) comes first"
        return self._site

    # -- declaring -------------------------------------------------------------------------------

    def register(self, model: Any) -> Callable[[Declared], Declared]:
        """Show a model: ``@admin.register(Post)`` above a class below `ModelAdmin`."""

        def registered(declared: Declared) -> Declared:
            self.add(model, by=declared)
            return declared

        return registered

    def add(self, *models: Any, by: type[ModelAdmin] = ModelAdmin) -> None:
        """Show models as they suit best: ``admin.add(Artist, Album)``; raises `SetupError`."""
        for model in models:
            if model in self._admins:
                raise SetupError(
                    f"{model.__name__} is registered twice in this admin",
                    code="admin.twice",
                    mend="one class for each model; a second Admin(path=…) may show it in another"
                    " way",
                )
            base = ready_for(model) if by is ModelAdmin else by
            kind = type(base.__name__, (base,), {"model": model, "__module__": ""})
            self._admins[model] = kind()

    def card(self, card: Card) -> Card:
        """Show a figure on the first page: ``admin.card(Card("Open orders", Order.where(…)))``."""
        self._added.cards.append(card)
        return card

    def chart(self, chart: Chart) -> Chart:
        """Draw numbers on the first page: ``admin.chart(Chart("Sales", rows=…, on=…))``."""
        self._added.charts.append(chart)
        return chart

    def link(self, label: str, url: str, **more: Any) -> None:
        """Put a link into the menu: to a page of the site (``order/?f.open=true``), or anywhere.

        `more` is what `MenuLink` has besides: `icon`, `group`, `permission`.
        """
        self._added.links.append(MenuLink(label, url, **more))

    def page(self, path: str, label: str, **more: Any) -> Callable[[Shown], Shown]:
        """Make an async function of the visit a page: ``@admin.page("/reports/sales", "Sales")``.

        It gives a response, or what its template shows, which extends ``admin/layout.html``.
        `more` is what `OwnPage` has besides: `icon`, `group`, `permission`, `template`, `posts`.
        Without a permission all who may enter have it. Raises `SetupError`.
        """
        if not re.fullmatch(r"(?:/[A-Za-z0-9{}_:.~-]+)+", path):
            raise SetupError(
                f"A page of the admin cannot be at {path!r}",
                code="admin.page-path",
                mend='a path below the admin, such as @admin.page("/reports/sales", "Sales")',
            )

        def made(function: Shown) -> Shown:
            declared = OwnPage(path, function, label, **more)
            self._added.pages.append(declared)
            if self._site is not None:
                UsersPage(self._site, declared).add_to(self._own)
            return function

        return made

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Bring what pages need, where the application does not have it yet."""
        self._app = app
        parts = list(app.parts.values())
        if not any(isinstance(one, Templates) for one in parts):
            app.use(Templates(_TEMPLATES))
        app.use(Forms())
        if self._access is None:
            auth = self._auth or next((one for one in parts if isinstance(one, Auth)), None)
            if auth is None:
                raise SetupError(
                    "The admin lets accounts in, and the application has none",
                    code="admin.no-accounts",
                    mend="app.use(Auth(db)), above app.use(Admin())",
                )
            pages = next((one for one in parts if isinstance(one, AccountPages)), None)
            pages = pages or app.use(AccountPages(auth))
            is_strict = self._options.get("requires_second_factor", False)
            if is_strict and not auth.signing_in.factors:
                raise SetupError(
                    "The admin asks for a second factor, and accounts cannot have any",
                    code="admin.no-second-factor",
                    mend="app.use(Totp(auth)), above app.use(Admin(requires_second_factor=True))",
                )
            self._access = ByAccounts(auth, pages.path, is_strict=is_strict)
        templates = next(one for one in app.parts.values() if isinstance(one, Templates))
        files = FileAddresses(self._path, self._users_files())
        kept = (
            self._own_database(app) if self._options.get("views", self._reflects is None) else None
        )
        self._site = Site(
            path=self._path,
            title=self._title or app.title,
            access=self._access,
            added=self._added,
            history=self._history(app),
            views=None if kept is None else KeptViews(kept, self._path),
            recent=self._options.get("recent"),
            templates=templates,
            files=files,
            brings=self._bring,
        )
        self._files = files

    def router(self) -> Router:
        """Give the pages."""
        assert self._site is not None, "it is installed"
        router = Router(prefix=self._path, include_in_schema=False)
        add_files(router, self._files)
        for declared in self._added.pages:
            UsersPage(self._site, declared).add_to(self._own)
        router.include_router(self._own)  # it grows: pages may be declared later, and come first
        for kind in PAGES:
            kind(self._site).add_to(router)
        return router

    def addresses(self) -> Sequence[Link]:
        """Give the first page."""
        about = "Rows of all models, for the staff to see and change."
        return [Link("Admin", f"{self._path}/", about)]

    def commands(self) -> Sequence[Any]:
        """Give `trivet admin-history purge`, where there is a history."""
        history = None if self._site is None else self._site.history
        return [] if history is None else commands_of(history)

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer a refusal by its page."""

        async def refused(request: Request, error: Refusal) -> Response:
            return error.page

        return {Refusal: refused}

    def template_folders(self) -> Sequence[Path]:
        """Give the folder of the pages."""
        return [_TEMPLATES]

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Read what was declared; raises `SetupError`."""
        return self._checked()

    @asynccontextmanager
    async def _checked(self) -> AsyncIterator[None]:
        if self._reflects is not None:
            found = await reflect(self._reflects, only=self._only)
            self.add(*found)
            if isinstance(self._access, ByKey):
                self._access.fixed = found.views
        self.check()
        yield

    def check(self) -> None:
        """Read what was declared; raises `SetupError`."""
        _ = self.site.brought

    @staticmethod
    def tables(database: Database) -> Sequence[Table]:
        """Give the tables that the admin keeps its own things in."""
        return [changes_in(database.metadata), views_in(database.metadata)]

    def _history(self, app: App) -> History | None:
        """Give where changes are kept, and let the table be known to migrations."""
        keeps = self._options.get("history", self._reflects is None)
        if not keeps:
            return None
        database = self._own_database(app)
        return None if database is None else History(database, lambda: self.site.plan)

    def _own_database(self, app: App) -> Database | None:
        """Give where the admin keeps its own things: beside the accounts."""
        found = [one for one in app.parts.values() if isinstance(one, Database)]
        database = self._access.auth.database if isinstance(self._access, ByAccounts) else None
        return database or next(iter(found), None)

    def _users_files(self) -> dict[str, Path]:
        """Give the style sheet and the logo of the user; raises `SetupError`."""
        found = {}
        for option in ("theme", "logo"):
            given = self._options.get(option)
            if not given:
                continue
            file = self._beside / str(given)
            if not file.is_file():
                raise SetupError(
                    f"Admin({option}={str(given)!r}): there is no file {str(file)!r}",
                    code="admin.no-file",
                    mend="name one that is there, beside the file that says so",
                )
            found["theme.css" if option == "theme" else f"logo{file.suffix.lower()}"] = file
        return found

    def _bring(self, site: Site) -> Brought:
        assert self._app is not None, "it is installed"
        return bring(
            site,
            self._admins.values(),
            self._app.parts,
            reflects=self._reflects,
            is_live=self._options.get("live", True),
        )
