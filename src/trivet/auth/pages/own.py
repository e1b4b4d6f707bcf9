"""The pages of one's own account: the profile, the password, and where one is signed in."""

from __future__ import annotations

from typing import Annotated, Any

from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.current import requires_recent_login, whole_user
from trivet.auth.pages import texts
from trivet.auth.pages.forms import PasswordChange, PasswordChosen
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.binding.markers import Depends
from trivet.binding.markers import Form as FormField
from trivet.forms import Form, Posted, posted
from trivet.routing.router import Router

__all__ = ["Me", "add_own"]

Me = Annotated[Any, Depends(whole_user)]  # Any: the application's model of accounts
"""Who is signed in with all of their rights."""


def add_own(router: Router, pages: Pages, profile: Any) -> None:
    """Add the pages of one's own account; `profile` is the model of what may be changed."""
    _add_profile(router, pages, profile)
    _add_password(router, pages)
    if not pages.auth.sessions.store.lives_in_cookie:  # one that does cannot list them
        _add_sessions(router, pages)


def _add_profile(router: Router, pages: Pages, model: Any) -> None:
    changed = posted(model)

    @router.get("", name="account-profile")
    async def show_profile(request: Request, user: Me) -> Response:
        return await pages.show(request, "profile", form=Form(model, initial=_shown(user)))

    @router.post("")
    async def change_profile(request: Request, user: Me, form: Form[Any] = changed) -> Response:
        if form.is_valid:
            await user.update(**form.value.model_dump(mode="json"))
            return await pages.go(request, pages.to(request, ""), texts.CHANGED)
        return await pages.show(request, "profile", status=422, form=form)


def _shown(user: Any) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("name", "locale", "time_zone")}


def _add_password(router: Router, pages: Pages) -> None:
    auth = pages.auth

    @router.get("/password", name="account-password")
    async def show_password(request: Request, user: Me) -> Response:
        if not user.has_password:
            await requires_recent_login(request)
            return await pages.show(request, "password", form=Form(PasswordChosen))
        return await pages.show(request, "password", form=Form(PasswordChange))

    async def changed(
        request: Request, user: Any, form: Form[Any], present: str, new: str
    ) -> Response:
        refusal = Refusal(form, password="new")
        with refusal:
            session = await auth.sessions.of_request(request)
            await auth.flows.change_password(
                request, user, present=present, new=new, keep_session=session.id
            )
            where = pages.to(request, "/password")
            return await pages.go(request, where, texts.PASSWORD_CHANGED)
        return await pages.show(request, "password", refusal, form=form)

    @router.post("/password")
    async def change_password(
        request: Request,
        user: Me,
        change: Posted[PasswordChange],
        chosen: Posted[PasswordChosen],
    ) -> Response:
        form: Form[Any] = change if user.has_password else chosen
        if not user.has_password:  # nothing else shows that it is them
            await requires_recent_login(request)
        if not form.is_valid:
            return await pages.show(request, "password", status=422, form=form)
        given = form.value
        present = given.present.get_secret_value() if user.has_password else ""
        return await changed(request, user, form, present, given.new.get_secret_value())


def _add_sessions(router: Router, pages: Pages) -> None:
    sessions = pages.auth.sessions

    @router.get("/sessions", name="account-sessions")
    async def show_sessions(request: Request, user: Me) -> Response:
        this = (await sessions.of_request(request)).id
        found = await sessions.of(user.handle)
        return await pages.show(request, "sessions", sessions=found, this=this)

    @router.post("/sessions", dependencies=[Depends(requires_recent_login)])
    async def end_sessions(
        request: Request, user: Me, end: Annotated[str, FormField(max_length=64)]
    ) -> Response:
        if end == "others":
            this = (await sessions.of_request(request)).id
            await sessions.end_all(user.handle, except_id=this)
            notice = texts.SIGNED_OUT_ALL
        else:
            await sessions.end(end, user=user.handle)
            notice = texts.SIGNED_OUT_THERE
        return await pages.go(request, pages.to(request, "/sessions"), notice)
