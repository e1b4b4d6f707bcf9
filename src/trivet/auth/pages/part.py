"""Pages for accounts, as a part: ``app.use(AccountPages(auth))``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request

from trivet.app.application import App
from trivet.app.part import Link, Part
from trivet.auth.current import user_shown
from trivet.auth.pages.acting import add_acting
from trivet.auth.pages.again import add_again
from trivet.auth.pages.factors import add_app, add_recovery, add_second_factor
from trivet.auth.pages.files import FOLDER, add_files, file_addresses
from trivet.auth.pages.forms import log_in_label, profile_model
from trivet.auth.pages.guard import PageGuard
from trivet.auth.pages.letters import add_confirming, add_magic, add_resetting
from trivet.auth.pages.linked import add_linked
from trivet.auth.pages.own import add_own
from trivet.auth.pages.pages import POLICY, Account, Entry, Pages
from trivet.auth.pages.passkeys import add_passkeys
from trivet.auth.pages.sent_on import handlers_of
from trivet.auth.pages.signing import add_signing
from trivet.auth.pages.tokens import add_tokens
from trivet.auth.part import Auth
from trivet.errors import SetupError
from trivet.forms import Forms
from trivet.middleware.hook import Hook
from trivet.routing.router import Router
from trivet.static import Static
from trivet.templates import Templates
from trivet.texts import lazy

__all__ = ["AccountPages"]

_TEMPLATES = Path(__file__).parent / "templates"
# By the names of parts, which are not imported where they are not used.
_WITH_PAGES = (
    "auth.magic", "auth.impersonation", "auth.recovery", "auth.with", "api-tokens", "passkeys",
    "totp",
)  # fmt: skip


class AccountPages(Part):
    """HTML pages for what people do with their accounts, below `path`.

    Pages of what is used with `Auth` (`Totp`, `Passkeys`, `MagicLinks`, `ApiTokens` …) are there
    where that is used before this. `home` is where people go on whom nothing else led here.
    `policy` is the pages' Content-Security-Policy: change it where your own layout needs more.
    Raises `SetupError` where the application has no `Templates`.

    A page costs 2 to 3 ms of the processor, the profile with its time zones 9.
    """

    name = "auth.pages"

    def __init__(
        self,
        auth: Auth,
        templates: Templates | None = None,
        *,
        path: str = "/account",
        home: str = "/",
        policy: str = POLICY,
    ) -> None:
        if not path.startswith("/") or path.endswith("/"):
            raise SetupError(
                f"AccountPages cannot be at path={path!r}",
                code="auth.pages-path",
                mend='write a path such as "/account"',
            )
        self.auth = auth
        self.requires: Sequence[Part] = (auth,) if templates is None else (auth, templates)
        self.path = path
        self._home = home
        self._policy = policy
        self._app: App | None = None
        self._found: dict[str, Any] = {}

    def install(self, app: App) -> None:
        """Look for templates, and for the parts that have pages; raises `SetupError`."""
        self._app = app
        templates = next((one for one in app.parts.values() if isinstance(one, Templates)), None)
        if templates is None:
            raise SetupError(
                "AccountPages are templates, and the application has nothing that shows them",
                code="auth.no-templates",
                mend="app.use(Templates()), above app.use(AccountPages(auth))",
            )
        app.use(Forms())
        self._has_static = any(isinstance(one, Static) for one in app.parts.values())
        self._found = self._with_pages()
        self._address = file_addresses(app, self.path)
        self.pages = Pages(self.auth, templates, self.path, self._home, self._policy)

    def _with_pages(self) -> dict[str, Any]:
        parts = () if self._app is None else self._app.parts.values()
        return {part.name: part for part in parts if part.name in (*_WITH_PAGES, "i18n")}

    # -- as a part -------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """Give the page of one's own account, which leads who is not signed in to sign in."""
        about = "Sign in, make an account, change a password, see one's sessions."
        return [Link("Account", self.path, about)]

    def hooks(self) -> Sequence[Hook]:
        """Give the guard of these pages, which is there whatever the application has."""
        assert self._app is not None, "it is installed"
        others = [self.auth.options.link_path(one) for one in ("confirm", "reset", "magic")]
        return [PageGuard(self._app, self.path, others)]

    def router(self) -> Router:
        """Give the pages of what is in use."""
        found, pages = self._found, self.pages
        router = Router(prefix=self.path, include_in_schema=False)
        letters = Router(include_in_schema=False)
        i18n = found.get("i18n")
        languages = [] if i18n is None else [(str(one), one.name) for one in i18n.locales]
        totp, passkeys = found.get("totp"), found.get("passkeys")
        add_signing(router, pages)
        add_own(router, pages, profile_model(languages))
        add_again(router, pages, totp, passkeys)
        if totp is not None or passkeys is not None:
            recovery = found.get("auth.recovery")
            add_second_factor(router, pages, totp, recovery and recovery.codes)
        if self.auth.letters.can_send:
            add_confirming(letters, pages)
            add_resetting(letters, pages)
        for name, add in self._more(letters).items():
            if name in found:
                add(router, pages, found[name])
        if not self._has_static:
            add_files(router)
        self._describe(pages)
        whole = Router(include_in_schema=False)
        whole.include_router(router)
        whole.include_router(letters)
        return whole

    def _more(self, letters: Router) -> Mapping[str, Callable[..., None]]:
        return {
            "auth.magic": lambda _, pages, part: add_magic(letters, pages, part),
            "auth.impersonation": add_acting,
            "auth.recovery": add_recovery,
            "auth.with": add_linked,
            "api-tokens": add_tokens,
            "passkeys": add_passkeys,
            "totp": add_app,
        }

    def _describe(self, pages: Pages) -> None:
        """Say for templates what there is."""
        found = self._found
        menu = (
            (lazy("Profile"), "account-profile", True),
            (lazy("Password"), "account-password", True),
            (lazy("Codes of an app"), "account-app", "totp" in found),
            (lazy("Passkeys"), "account-passkeys", "passkeys" in found),
            (lazy("Recovery codes"), "account-recovery-codes", "auth.recovery" in found),
            (lazy("Linked accounts"), "account-linked", "auth.with" in found),
            (
                lazy("Devices"),
                "account-sessions",
                not self.auth.sessions.store.lives_in_cookie,
            ),
            (lazy("API tokens"), "account-tokens", "api-tokens" in found),
        )
        pages.menu.extend(Entry(title, route) for title, route, is_there in menu if is_there)
        pages.offers.update(
            log_in=log_in_label(self.auth.options.log_in),
            sign_up=self.auth.options.sign_up,
            reset=self.auth.letters.can_send,
            link="auth.magic" in found,
            passkeys="passkeys" in found,
            providers=list(found["auth.with"].flow.providers.values())
            if "auth.with" in found
            else [],
        )

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Send browsers to the sign-in that ask for a page, and have to sign in first."""
        return handlers_of(self.pages)

    def template_folders(self) -> Sequence[Path]:
        """Give the folder of the pages."""
        return [_TEMPLATES]

    def static_folders(self) -> Sequence[Path]:
        """Give the folder of ``account/account.css`` and ``account/account.js``."""
        return [FOLDER]

    def template_functions(self) -> dict[str, Callable[..., Any]]:
        """Give `account()`, `account_file(name)` and `account_moment(moment)` to templates."""

        def account(request: Request | None) -> Account:
            return self.pages.account(request)

        def account_file(request: Request | None, name: str) -> str:
            return self._address(request, name)

        def account_moment(request: Request | None, value: datetime) -> str:
            return self.pages.moment(value, user_shown(request))

        return {
            "account": account,
            "account_file": account_file,
            "account_moment": account_moment,
        }

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """See that nothing came behind this that has pages; raises `SetupError`."""
        return self._checked()

    @asynccontextmanager
    async def _checked(self) -> AsyncIterator[None]:
        late = sorted(self._with_pages().keys() - self._found.keys())
        if late:
            raise SetupError(
                f"AccountPages came before {', '.join(late)}, and has no pages for that",
                code="auth.pages-early",
                mend="app.use(AccountPages(auth)) behind the parts that it has pages for",
            )
        yield
