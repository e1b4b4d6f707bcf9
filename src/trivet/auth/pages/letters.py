"""The pages to which letters lead, and those that ask for a letter.

A link alone does nothing: what opens letters and follows their links must not confirm, or sign in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.background import BackgroundTasks
from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.pages import texts
from trivet.auth.pages.carried import Carried
from trivet.auth.pages.forms import EmailAsked, PasswordChosen, Remembered
from trivet.auth.pages.pages import Pages
from trivet.auth.pages.refusal import Refusal
from trivet.auth.pages.signing import gone_on
from trivet.forms import Form, Posted
from trivet.routing.router import Router
from trivet.security.signing import BadToken

if TYPE_CHECKING:
    from trivet.auth.magic import MagicLinks

__all__ = ["add_confirming", "add_magic", "add_resetting"]


def add_confirming(router: Router, pages: Pages) -> None:
    """Add the page on which an address is confirmed."""
    carried = Carried("confirm", pages.auth.options.link_path("confirm"))

    @router.get(carried.path, name="account-confirm")
    async def show_confirm(request: Request) -> Response:
        taken = carried.taken(request)
        if taken is not None:
            return taken
        if not await _counts(pages, carried, request, "confirm"):
            return await pages.show(request, "link_over", status=400, again=None)
        return await pages.show(request, "confirm")

    @router.post(carried.path)
    async def confirm(request: Request) -> Response:
        try:
            await pages.auth.flows.confirm_email(request, carried.read(request))
        except BadToken:
            return await pages.show(request, "link_over", status=400, again=None)
        response = await pages.go(request, pages.to(request, "/sign-in"), texts.CONFIRMED)
        return carried.dropped(request, response)


def add_resetting(router: Router, pages: Pages) -> None:
    """Add the pages that ask for a letter, and set a new password by its link."""
    auth = pages.auth
    carried = Carried("reset", auth.options.link_path("reset"))

    @router.get(f"{pages.path}/reset", name="account-reset")
    async def show_reset(request: Request) -> Response:
        return await pages.show(request, "reset", form=Form(EmailAsked))

    @router.post(f"{pages.path}/reset")
    async def ask_for_reset(
        request: Request, form: Posted[EmailAsked], behind: BackgroundTasks
    ) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                await auth.flows.ask_for_reset(request, form.value.email)
                behind.add_task(auth.flows.send_reset, request, form.value.email)
                return await pages.go(request, pages.to(request, "/sign-in"), texts.LETTER_SENT)
        return await pages.show(request, "reset", refusal, form=form)

    @router.get(carried.path, name="account-new-password")
    async def show_new_password(request: Request) -> Response:
        taken = carried.taken(request)
        if taken is not None:
            return taken
        if not await _counts(pages, carried, request, "reset"):
            return await pages.show(request, "link_over", status=400, again="account-reset")
        return await pages.show(request, "new_password", form=Form(PasswordChosen))

    @router.post(carried.path)
    async def set_password(request: Request, form: Posted[PasswordChosen]) -> Response:
        refusal = Refusal(form, password="new")
        if form.is_valid:
            password = form.value.new.get_secret_value()
            with refusal:
                await auth.flows.reset_password(request, carried.read(request), password)
                where = pages.to(request, "/sign-in")
                response = await pages.go(request, where, texts.PASSWORD_SET)
                return carried.dropped(request, response)
        return await pages.show(request, "new_password", refusal, form=form)


def add_magic(router: Router, pages: Pages, magic: MagicLinks) -> None:
    """Add the pages that ask for a link to sign in by, and use it."""
    carried = Carried("magic", pages.auth.options.link_path("magic"))

    @router.get(f"{pages.path}/ask-for-link", name="account-ask-for-link")
    async def show_ask(request: Request) -> Response:
        return await pages.show(request, "ask_for_link", form=Form(EmailAsked))

    @router.post(f"{pages.path}/ask-for-link")
    async def ask(request: Request, form: Posted[EmailAsked], behind: BackgroundTasks) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                await magic.ask(request, form.value.email)
                behind.add_task(magic.send, request, form.value.email)
                return await pages.go(request, pages.to(request, "/sign-in"), texts.LETTER_SENT)
        return await pages.show(request, "ask_for_link", refusal, form=form)

    @router.get(carried.path, name="account-link")
    async def show_link(request: Request) -> Response:
        taken = carried.taken(request)
        if taken is not None:
            return taken
        if not await _counts(pages, carried, request, "magic"):
            again = "account-ask-for-link"
            return await pages.show(request, "link_over", status=400, again=again)
        return await pages.show(request, "link", form=Form(Remembered))

    @router.post(carried.path)
    async def use(request: Request, form: Posted[Remembered]) -> Response:
        refusal = Refusal(form)
        if form.is_valid:
            with refusal:
                token, remember = carried.read(request), form.value.remember
                result = await magic.sign_in(request, token, remember=remember)
                return carried.dropped(request, await gone_on(pages, request, result))
        return await pages.show(request, "link", refusal, form=form)


async def _counts(pages: Pages, carried: Carried, request: Request, purpose: str) -> bool:
    """Tell whether the token that is carried still counts."""
    try:
        await pages.auth.flows.links.look(purpose, carried.read(request))
    except BadToken:
        return False
    return True
