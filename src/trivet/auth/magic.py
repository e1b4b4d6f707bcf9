"""Signing in by a link in a letter: ``app.use(MagicLinks(auth))``.

The link counts once, for a few minutes, and only by POST: what opens mails and follows their links
signs nobody in. It stands for the first factor; a second one is asked for as ever.
"""

from __future__ import annotations

from typing import Any

from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request

from trivet.app.part import Part
from trivet.auth.api.models import Confirmation, ResetAsked, SignInAnswer, Told
from trivet.auth.api.router import answer_of
from trivet.auth.part import Auth
from trivet.auth.signing_in import SignInResult
from trivet.routing.router import Router
from trivet.security.signing import BadToken

__all__ = ["MagicLinks"]

_PURPOSE = "magic"


class _LinkUsed(Confirmation):
    remember: bool = False


class MagicLinks(Part):
    """Lets people sign in by a link that they are sent; needs mail."""

    name = "auth.magic"

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.requires = (auth,)
        auth.signing_in.ways.append(self)

    async def has(self, user: Any) -> bool:
        """Tell whether a letter reaches an account."""
        is_reached = user.email is not None and user.email_confirmed_at is not None
        return is_reached and self.auth.letters.can_send

    async def ask(self, connection: HTTPConnection, email: str) -> None:
        """Count that somebody asks for a link; the letter is `send`'s, behind the answer."""
        self.auth.letters.check()
        await self.auth.guessing.count(_PURPOSE, email.strip().lower(), connection)

    async def send(self, connection: HTTPConnection, email: str) -> None:
        """Send the letter, if there is such an account; raises nothing."""
        lifetime = self.auth.options.magic_lifetime
        await self.auth.flows.send_link(
            connection, email, _PURPOSE, lifetime, self.auth.letters.magic
        )

    async def sign_in(
        self, connection: HTTPConnection, token: str, *, remember: bool = False
    ) -> SignInResult:
        """Sign in by a link; raises `BadToken` (400) and `SignInFailed` (401)."""
        link = await self.auth.flows.links.use(_PURPOSE, token)
        user = await self.auth.accounts.by_handle(link.user)
        if user is None:
            raise BadToken("This link is not valid, or was used already")
        result = await self.auth.signing_in.sign_in(
            connection, user, factor=_PURPOSE, remember=remember
        )
        # The letter has reached them.
        await self.auth.flows.note_confirmed(connection, user)
        return result

    def router(self) -> Router:
        """Give the JSON endpoints."""
        router = Router(prefix=self.auth.options.path, tags=["accounts"])

        @router.post("/ask-for-link", status_code=202)
        async def ask_for_link(
            given: ResetAsked, request: Request, behind: BackgroundTasks
        ) -> Told:
            """Ask for a link to sign in by; the answer is always the same."""
            await self.ask(request, given.email)
            behind.add_task(self.send, request, given.email)
            return Told("If there is such an account, a letter is on its way")

        @router.post("/sign-in/link")
        async def sign_in_by_link(given: _LinkUsed, request: Request) -> SignInAnswer:
            """Sign in by the token of a letter."""
            return answer_of(await self.sign_in(request, given.token, remember=given.remember))

        return router
