"""Staff, signed in by `trivet.auth`: the access of an admin in an application with accounts."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from trivet.admin.visits import SentOn, Visit
from trivet.auth.current import whole_user
from trivet.auth.errors import NotAllowed
from trivet.auth.identity import Identity
from trivet.auth.part import Auth
from trivet.auth.permissions.asking import May
from trivet.http.mounts import mount_of
from trivet.texts import lazy

__all__ = ["ByAccounts"]


class ByAccounts:
    """Let accounts in that are staff or superusers; what they may there, the rules say.

    With `is_strict` nobody is let in who has not shown a second factor in this session.
    """

    def __init__(self, auth: Auth, account_path: str, *, is_strict: bool = False) -> None:
        self.auth = auth
        self._account_path = account_path
        self._is_strict = is_strict

    async def visit(self, request: Request) -> Visit:
        """Give the visit; raises `NotSignedIn`, `NotAllowed`, and `SentOn` for a second factor."""
        user = await whole_user(request)
        if not (user.is_staff or user.is_superuser):
            raise NotAllowed
        identity = await self.auth.identify(request)
        if self._is_strict:
            await self._require_factor(request, identity)
        actor = identity.impersonator
        return Visit(
            request,
            May(self.auth, identity),
            user,
            user.shown_name,
            "" if actor is None else actor.shown_name,
            auth=self.auth,
            proved_at=identity.authenticated_at,
        )

    async def _require_factor(self, request: Request, identity: Identity) -> None:
        """Send on who is here by one factor alone: to show another one, or to set one up."""
        if identity.means == "session" and await self.auth.signing_in.is_strong(request):
            return
        if identity.means != "session" or identity.impersonator is not None:
            raise NotAllowed("A second factor is needed here")
        below = mount_of(request.scope) + self._account_path
        if await self.auth.signing_in.has_factor(identity.user):
            here = quote(request.url.path)
            url = f"{below}/confirm-identity?next={here}"
            raise SentOn(url, lazy("Show your second factor to go on."))
        url = below + self._set_up_page()
        raise SentOn(url, lazy("Set up a second factor: the admin asks for one."))

    def _set_up_page(self) -> str:
        names = [one.name for one in self.auth.signing_in.factors]
        return "/app" if "totp" in names else "/passkeys"

    async def again(
        self, handle: str, scopes: frozenset[str] | None, impersonator: str
    ) -> Visit | None:
        """Give a visit outside of requests, as the account is now; None where it may not enter."""
        user = await self.auth.accounts.by_handle(handle)
        if user is None or not user.is_active or not (user.is_staff or user.is_superuser):
            return None
        may = May(self.auth, Identity(user, scopes=scopes))
        return Visit(None, may, user, user.shown_name, impersonator)

    async def tell(self, request: Request, text: str, level: str) -> None:
        """Keep a notice in the session."""
        session = await self.auth.sessions.of_request(request)
        session.flash(text, level)

    async def notices(self, request: Request) -> list[tuple[str, str]]:
        """Take the notices out of the session."""
        session = await self.auth.sessions.of_request(request)
        return [(one.message, one.level) for one in session.flashes()]

    def account_urls(self, request: Request) -> tuple[str, str]:
        """Give the pages of accounts."""
        below = mount_of(request.scope) + self._account_path
        return below, f"{below}/sign-out"
