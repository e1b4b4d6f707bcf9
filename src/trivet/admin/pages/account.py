"""What is done with an account besides its form: its password, its sessions, acting as it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr
from starlette.responses import Response

from trivet.admin.history import recorded
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import AccountPage as View
from trivet.admin.views import Crumb
from trivet.admin.visits import Visit
from trivet.auth.passwords import PasswordRefused
from trivet.auth.users import UserMixin
from trivet.errors import HTTPException
from trivet.forms import Form, Password
from trivet.texts import lazy

__all__ = ["AccountPage"]


class _NewPassword(BaseModel):
    password: Annotated[SecretStr, Field(title="New password", max_length=1000), Password(new=True)]


class AccountPage(ModelPage):
    """A new password or a link to set one, and the end of all sessions."""

    path = "/{model}/{key}/account"
    posts = True
    is_dangerous = True

    async def get(self, visit: Visit) -> Response:
        """Show what can be done."""
        plan, row = await self._account(visit)
        return await self._shown(visit, plan, row, Form(_NewPassword))

    async def post(self, visit: Visit) -> Response:
        """Do what the button says."""
        plan, row = await self._account(visit)
        do = visit.sent("do")
        if do == "password":
            return await self._set(visit, plan, row)
        if do == "link" and self._can_send(visit, row):
            await visit.auth.flows.send_reset(visit.request, row.email)
            await recorded(visit, plan, row, "password-link")
            return await self._done(visit, plan, row, lazy("A link was sent."))
        if do == "end-sessions":
            await visit.auth.sessions.end_all(row.handle)
            await recorded(visit, plan, row, "end-sessions")
            return await self._done(visit, plan, row, lazy("All sessions were ended."))
        raise HTTPException(422, "Press one of the buttons")

    async def _account(self, visit: Visit) -> tuple[ModelPlan, Any]:
        plan = self.plan(visit)
        is_one = visit.auth is not None and issubclass(plan.model, UserMixin)
        if not is_one or plan.model is not visit.auth.user:
            raise HTTPException(404, "Not Found")
        return plan, await self.row(visit, plan, "change")

    async def _set(self, visit: Visit, plan: ModelPlan, row: Any) -> Response:
        form: Form[Any] = Form.read(_NewPassword, visit.posted, picks={})
        if form.is_valid:
            try:
                password = form.value.password.get_secret_value()
                await visit.auth.accounts.set_password(row, password)
            except PasswordRefused as error:
                for reason in error.reasons:
                    form.add_error("password", reason.text)
            else:
                await recorded(visit, plan, row, "password")
                return await self._done(visit, plan, row, lazy("The password was set."))
        return await self._shown(visit, plan, row, form, status=422)

    def _can_send(self, visit: Visit, row: Any) -> bool:
        return bool(visit.auth.letters.can_send and row.email)

    async def _done(self, visit: Visit, plan: ModelPlan, row: Any, notice: Any) -> Response:
        url = self.site.to(visit.request, plan.slug, plan.keys.written(row))
        return await self.site.go(visit, url, notice)

    async def _shown(
        self, visit: Visit, plan: ModelPlan, row: Any, form: Form[Any], *, status: int = 200
    ) -> Response:
        back = self.site.to(visit.request, plan.slug, plan.keys.written(row))
        view = View(
            title=plan.name_of(row),
            back_url=back,
            can_send=self._can_send(visit, row),
            act_as_url=await self._act_as_url(visit, row),
        )
        crumbs = [
            Crumb(plan.plural, self.site.to(visit.request, plan.slug, "")),
            Crumb(plan.name_of(row), back),
            Crumb(lazy("Sign-in")),
        ]
        return await self.site.show(visit, "account", crumbs, status=status, page=view, form=form)

    async def _act_as_url(self, visit: Visit, row: Any) -> str:
        """Give the page on which one begins to act as an account, where there is one."""
        acting = self.site.brought.acting
        if acting is None or row.is_superuser or row.is_staff or not row.is_active:
            return ""
        if not await visit.may(acting.permission):
            return ""
        account, _ = self.site.access.account_urls(visit.request)
        return f"{account}/act-as?search={quote(row.email or row.username or row.handle)}"
