"""Whom accounts are at providers: found, added and taken away.

An account is found by issuer and subject and nothing else. An address never opens an account that
there is already, unless the provider is one whose addresses the application trusts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from trivet.auth.happened import AccountCreated
from trivet.auth.providers.happened import ProviderLinked, ProviderUnlinked
from trivet.auth.providers.provider import Person, Provider
from trivet.auth.providers.refused import WithRefused
from trivet.auth.providers.tables import LinkedLogin, digest_of
from trivet.auth.trail import where_from
from trivet.auth.users import normal_email
from trivet.db import UniqueViolation
from trivet.errors import HTTPException

if TYPE_CHECKING:
    from trivet.auth.part import Auth

__all__ = ["Linking"]

_MOST_OF_NAME = 200
_MOST_OF_LABEL = 254


class Linking:
    """What accounts are linked to; `trusted` are names of providers whose addresses count."""

    name = "linked-login"

    def __init__(self, auth: Auth, trusted: Collection[str]) -> None:
        self._auth = auth
        self._trusted = trusted

    async def has(self, user: Any) -> bool:
        """Tell whether an account can sign in by a provider."""
        return await LinkedLogin.where(user=user.handle).exists()

    async def of(self, user: Any) -> list[LinkedLogin]:
        """Give what an account is linked to, oldest first."""
        return await LinkedLogin.where(user=user.handle).order_by(LinkedLogin.id)

    async def find(self, person: Person) -> Any:
        """Give the account of who came from a provider, or None."""
        linked = await self._linked(person)
        if linked is None:
            return None
        user = await self._auth.accounts.by_handle(linked.user)
        if user is None:  # the account went, and its handle is never given again
            await linked.delete()
            return None
        await linked.update(label=_label(person), used_at=datetime.now(UTC))
        return user

    async def first(self, connection: HTTPConnection, provider: Provider, person: Person) -> Any:
        """Give the account for somebody who is here for the first time; raises `WithRefused`."""
        email = _email(person)
        known = None if email is None else await self._auth.accounts.by_email(email)
        if known is not None:
            if not self._may_take(known, provider):
                raise WithRefused(
                    409,
                    "email-taken",
                    "There is an account with your e-mail address. Sign in to it as you always"
                    f" do, and link {provider.title} there",
                )
            await self._add(connection, known, provider, person)
            return known
        if not self._auth.options.sign_up:
            detail = f"No account here is linked to what you have at {provider.title}"
            raise WithRefused(403, "no-account", detail)
        return await self._make(connection, provider, person, email)

    async def _make(
        self, connection: HTTPConnection, provider: Provider, person: Person, email: str | None
    ) -> Any:
        confirmed = None if email is None else datetime.now(UTC)
        name = _shown(person.name)[:_MOST_OF_NAME]
        try:
            async with self._auth.database.transaction():
                user = await self._auth.accounts.make(
                    email=email, name=name, email_confirmed_at=confirmed
                )
                event = AccountCreated(
                    user=user.handle, details={"with": provider.name}, **where_from(connection)
                )
                await self._auth.trail.note(event)
                await self._add(connection, user, provider, person)
        except UniqueViolation as error:  # the same person, in another window
            raise WithRefused(
                409, "at-once", "Somebody did the same at the same time: try again"
            ) from error
        return user

    async def add(
        self, connection: HTTPConnection, user: Any, provider: Provider, person: Person
    ) -> None:
        """Link who is signed in to who came from a provider; raises `WithRefused`."""
        linked = await self._linked(person)
        if linked is not None:
            if linked.user == user.handle:
                return
            if await self._auth.accounts.by_handle(linked.user) is not None:
                detail = f"Another account is linked to what you have at {provider.title}"
                raise WithRefused(409, "other-account", detail)
            await linked.delete()
        self.must_be_confirmed(user)
        try:
            async with self._auth.database.transaction():
                await self._add(connection, user, provider, person)
        except UniqueViolation as error:
            raise WithRefused(
                409, "at-once", "Somebody did the same at the same time: try again"
            ) from error
        await self._auth.letters.factor_changed(
            user, f"Your account can be signed in to by {provider.title} now."
        )

    def must_be_confirmed(self, user: Any) -> None:
        """Refuse an account whose address may be another's; raises `WithRefused`.

        Who made it with somebody else's address would otherwise keep a way in, when that person
        comes and takes the account by a letter.
        """
        can_confirm = self._auth.letters.can_send
        if can_confirm and user.email is not None and user.email_confirmed_at is None:
            raise WithRefused(403, "not-confirmed", "Confirm your e-mail address first")

    async def remove(
        self, connection: HTTPConnection, user: Any, id: int, names: Callable[[str], str]
    ) -> None:
        """Take a link away; raises 404, and 409 where nothing else signs them in."""
        await self._auth.signing_in.hold(user)
        linked = await LinkedLogin.where(id=id, user=user.handle).first()
        if linked is None:
            raise HTTPException(404, "There is no such link")
        others = await LinkedLogin.where(LinkedLogin.id != id, user=user.handle).exists()
        if not others and not await self._auth.signing_in.has_way(user, besides=self.name):
            raise HTTPException(409, "Nothing else signs you in: set a password first")
        await linked.delete()
        details = {"with": names(linked.issuer)}
        event = ProviderUnlinked(user=user.handle, details=details, **where_from(connection))
        await self._auth.trail.note(event)
        await self._auth.letters.factor_changed(
            user, f"Your account cannot be signed in to by {details['with']} any more."
        )

    async def _linked(self, person: Person) -> LinkedLogin | None:
        return await LinkedLogin.where(digest=digest_of(person.issuer, person.subject)).first()

    async def _add(
        self, connection: HTTPConnection, user: Any, provider: Provider, person: Person
    ) -> None:
        await LinkedLogin(
            digest=digest_of(person.issuer, person.subject),
            user=user.handle,
            issuer=person.issuer,
            subject=person.subject,
            label=_label(person),
            used_at=datetime.now(UTC),
        ).save()
        details = {"with": provider.name}
        event = ProviderLinked(user=user.handle, details=details, **where_from(connection))
        await self._auth.trail.note(event)

    def _may_take(self, known: Any, provider: Provider) -> bool:
        """Tell whether an address is enough to become an account.

        Never one whose own address was not confirmed, which anybody may have made; nor one of more
        rights than a customer's.
        """
        return (
            provider.name in self._trusted
            and known.email_confirmed_at is not None
            and known.is_active
            and not (known.is_service or known.is_staff or known.is_superuser)
        )


def _email(person: Person) -> str | None:
    if person.email is None or not person.email.isprintable():
        return None
    try:
        return normal_email(person.email)
    except ValueError:
        return None


def _label(person: Person) -> str:
    return _shown(person.email or person.name)[:_MOST_OF_LABEL]


def _shown(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable()).strip()
