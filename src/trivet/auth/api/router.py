"""The JSON endpoints of accounts: signing up, in and out, one's own account and sessions."""

from __future__ import annotations

from typing import Annotated, Any

from starlette.background import BackgroundTasks
from starlette.requests import Request

from trivet.auth.api.models import (
    AccountShown,
    Confirmation,
    LogIn,
    NewAccount,
    NewPassword,
    Password,
    PasswordChange,
    Profile,
    ResetAsked,
    SessionShown,
    SignInAnswer,
    Told,
)
from trivet.auth.current import (
    current_user,
    optional_user,
    requires_recent_login,
    whole_user,
)
from trivet.auth.errors import SignInFailed
from trivet.auth.flows import Flows
from trivet.auth.options import AuthOptions
from trivet.auth.signing_in import SigningIn, SignInResult
from trivet.binding.markers import Depends
from trivet.errors import HTTPException, RequestValidationError
from trivet.routing.router import Router
from trivet.sessions import Sessions

__all__ = ["api_router"]

_Me = Annotated[Any, Depends(current_user)]  # Any: the application's model of accounts
# A token with scopes reads whose it is, and changes nothing of the account itself.
_Whole = Annotated[Any, Depends(whole_user)]
_LOOK = "Look into your mail: a letter is on its way"


def api_router(
    signing_in: SigningIn, flows: Flows, sessions: Sessions, options: AuthOptions
) -> Router:
    """Give the endpoints, under the path that the options name."""
    router = Router(prefix=options.path, tags=["accounts"])
    _add_signing(router, signing_in, flows, options)
    _add_letters(router, flows)
    _add_own(router, signing_in, flows, sessions)
    return router


def _add_signing(router: Router, signing_in: SigningIn, flows: Flows, options: AuthOptions) -> None:
    if options.sign_up:

        @router.post("/sign-up", status_code=202)
        async def sign_up(given: NewAccount, request: Request) -> Told:
            """Make an account."""
            values = _log_in_values(given, options)
            password = given.password.get_secret_value()
            try:
                user = await flows.sign_up(request, password=password, name=given.name, **values)
            except HTTPException:
                raise  # a refused password says itself where it stands
            except ValueError as error:
                place = "email" if options.log_in == "email" else "username"
                raise _unfit(place, str(error)) from error
            by_mail = flows.letters.can_send and values.get("email") is not None
            return Told(_LOOK if by_mail or user is None else "The account is made")

    @router.post("/sign-in")
    async def sign_in(given: LogIn, request: Request) -> SignInAnswer:
        """Sign in by a password; a second factor may be wanted then."""
        password = given.password.get_secret_value()
        user = await signing_in.by_password(given.log_in, password, request)
        result = await signing_in.sign_in(request, user, factor="password", remember=given.remember)
        return answer_of(result)

    # Asked, so that no page of another site signs somebody out.
    @router.post("/sign-out", dependencies=[Depends(optional_user)])
    async def sign_out(request: Request) -> Told:
        """Sign out here."""
        await signing_in.sign_out(request)
        return Told("You are signed out")


def _add_letters(router: Router, flows: Flows) -> None:
    @router.post("/confirm-email")
    async def confirm_email(given: Confirmation, request: Request) -> Told:
        """Confirm an address, by the token of a letter."""
        await flows.confirm_email(request, given.token)
        return Told("Your e-mail address is confirmed")

    if not flows.letters.can_send:
        return

    @router.post("/ask-for-reset", status_code=202)
    async def ask_for_reset(given: ResetAsked, request: Request, behind: BackgroundTasks) -> Told:
        """Ask for a letter by which a password is set anew; the answer is always the same."""
        await flows.ask_for_reset(request, given.email)
        behind.add_task(flows.send_reset, request, given.email)
        return Told("If there is such an account, a letter is on its way")

    @router.post("/reset-password")
    async def reset_password(given: NewPassword, request: Request) -> Told:
        """Set a new password, by the token of a letter."""
        await flows.reset_password(request, given.token, given.password.get_secret_value())
        return Told("Your password is set, and all devices are signed out")


def _add_own(router: Router, signing_in: SigningIn, flows: Flows, sessions: Sessions) -> None:
    @router.get("/me")
    async def me(user: _Me) -> AccountShown:
        """Give the account of who is signed in."""
        return AccountShown.model_validate(user)

    @router.patch("/me")
    async def change_me(given: Profile, user: _Whole) -> AccountShown:
        """Change one's own account."""
        await user.update(**given.model_dump(exclude_unset=True))
        return AccountShown.model_validate(user)

    @router.post("/confirm-identity")
    async def confirm_identity(given: Password, request: Request, user: _Whole) -> Told:
        """Prove again who one is, for what asks for a recent sign-in."""
        if not await signing_in.is_password_of(user, given.password.get_secret_value(), request):
            raise SignInFailed
        await signing_in.confirm(request, user, factor="password")
        return Told("Thank you")

    @router.post("/change-password")
    async def change_password(given: PasswordChange, request: Request, user: _Whole) -> Told:
        """Change one's own password; other devices are signed out."""
        if not user.has_password:  # nothing else shows that it is them
            await requires_recent_login(request)
        session = await sessions.of_request(request)
        present, new = given.present.get_secret_value(), given.new.get_secret_value()
        await flows.change_password(
            request, user, present=present, new=new, keep_session=session.id
        )
        return Told("Your password is changed, and other devices are signed out")

    @router.get("/sessions")
    async def list_sessions(request: Request, user: _Whole) -> list[SessionShown]:
        """List where one is signed in."""
        this = (await sessions.of_request(request)).id
        return [
            SessionShown(
                id=one.id,
                device=one.device,
                address=one.address,
                created_at=one.created_at,
                seen_at=one.seen_at,
                is_this=one.id == this,
            )
            for one in await sessions.of(user.handle)
        ]

    @router.delete("/sessions/{id}", status_code=204, dependencies=[Depends(requires_recent_login)])
    async def end_session(id: str, user: _Whole) -> None:
        """Sign out somewhere else."""
        await sessions.end(id, user=user.handle)


def answer_of(result: SignInResult) -> SignInAnswer:
    """Give what a client is told of a sign-in."""
    if not result.is_done:
        return SignInAnswer(user=None, second_factors=list(result.wanted))
    return SignInAnswer(user=AccountShown.model_validate(result.user))


def _log_in_values(given: NewAccount, options: AuthOptions) -> dict[str, str]:
    """Give what an account is found by; raises `RequestValidationError` where it lacks."""
    values = {
        name: value
        for name, value in (("email", given.email), ("username", given.username))
        if value is not None
    }
    needed = "username" if options.log_in == "username" else "email"
    if needed not in values and not (options.log_in == "either" and values):
        raise RequestValidationError(
            [{"type": "missing", "loc": ("body", needed), "msg": "Field required", "input": None}]
        )
    return values


def _unfit(name: str, reason: str) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", name), "msg": reason, "input": None}]
    )
