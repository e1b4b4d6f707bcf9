"""Who asks, as dependencies of handlers, of WebSockets and of other dependencies.

In the OpenAPI document each of them stands for the credentials that the application's parts know.
Scopes that are asked of them, ``Security(current_user, scopes=["post.change"])``, are permissions,
and asked for as `requires` does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.errors import NotAllowed, NotRecent, NotSignedIn
from trivet.auth.identity import ANONYMOUS, Identity, Means, bound
from trivet.binding.plan import SecurityScopes
from trivet.binding.scheme import PartsScheme
from trivet.errors import SetupError
from trivet.http.wishes import note_wishes

__all__ = [
    "AsksWho",
    "Knowing",
    "current_identity",
    "current_user",
    "forget_identity",
    "impersonator_of",
    "knowing_of",
    "known_identity",
    "not_permitting",
    "optional_user",
    "permitted_identity",
    "requires_recent_login",
    "user_shown",
    "whole_user",
]

_KEY = "trivet.auth.identity"  # in the scope: a request asks once


class Knowing:
    """What knows who asks: the means, in the order in which they are asked. `Auth` is one."""

    means: list[Means]
    recent: float
    """For how many seconds it counts that somebody proved who they are."""

    async def identify(self, connection: HTTPConnection) -> Identity:
        """Give who asks; raises `HTTPException` for credentials that do not count."""
        found: Identity | None = connection.scope.get(_KEY)
        if found is None:
            for means in self.means:
                found = await means.identify(connection)
                if found is not None:
                    break
            else:
                found = ANONYMOUS
            connection.scope[_KEY] = bound(found)
            _note_wishes(connection, found.user)
        return found

    def challenges(self) -> tuple[str, ...]:
        """Give what a client is told of how it can say who it is."""
        found = (one.challenge for one in self.means if one.challenge is not None)
        return tuple(dict.fromkeys(found))

    async def permits(self, identity: Identity, permission: str) -> bool:
        """Tell whether who asks has a permission; raises `SetupError` where nobody can say."""
        raise not_permitting(self)


class AsksWho(PartsScheme):
    """A function as a dependency that asks who somebody is, and says so in the document.

    The function asks `permitted_identity` with the scopes it is given, so that no scope that the
    document shows is asked of nobody. Called like the function itself.
    """

    def __init__(
        self, function: Callable[..., Awaitable[Any]], *, is_optional: bool = False
    ) -> None:
        self.is_optional = is_optional
        self._function = function
        update_wrapper(self, function)  # binding reads the signature through it
        self.__name__ = function.__name__.removeprefix("_")

    def __call__(self, *args: Any, **kwargs: Any) -> Awaitable[Any]:  # Any: the function's own
        return self._function(*args, **kwargs)


def not_permitting(knowing: Knowing) -> SetupError:
    """Give what to raise where permissions are asked for, and nobody can say who has them."""
    return SetupError(
        f"{type(knowing).__name__} knows who asks, and not what they may",
        code="auth.not-permitting",
        mend="auth = app.use(Auth(db))",
    )


def knowing_of(connection: HTTPConnection) -> Knowing:
    """Give what knows who asks, in the application that answers; raises `SetupError`."""
    app = connection.scope.get("app")
    for part in getattr(app, "parts", {}).values():
        if isinstance(part, Knowing):
            return part
    raise SetupError(
        "a handler asks who is signed in, and nothing here knows",
        code="auth.not-installed",
        mend="auth = app.use(Auth(db))",
    )


def forget_identity(connection: HTTPConnection) -> None:
    """Ask the means again for who asks; for what signs somebody in or out."""
    connection.scope.pop(_KEY, None)


async def permitted_identity(connection: HTTPConnection, scopes: SecurityScopes) -> Identity:
    """Give who asks, who has the permissions that are asked for, if any.

    Raises `NotSignedIn` (401) for nobody where some are, and `NotAllowed` (403).
    """
    knowing = knowing_of(connection)
    identity = await knowing.identify(connection)
    for permission in scopes.scopes:
        if identity.user is None:
            raise NotSignedIn(knowing.challenges())
        if not await knowing.permits(identity, permission):
            raise NotAllowed
    return identity


async def known_identity(connection: HTTPConnection, scopes: SecurityScopes) -> Identity:
    """Give who is signed in; raises `NotSignedIn` (401), and `NotAllowed` as above."""
    identity = await permitted_identity(connection, scopes)
    if identity.user is None:
        raise NotSignedIn(knowing_of(connection).challenges())
    return identity


_NO_SCOPES = SecurityScopes()  # where a function is called by another one


async def _current_identity(
    connection: HTTPConnection, scopes: SecurityScopes = _NO_SCOPES
) -> Identity:
    """Give who asks and how that is known; `ANONYMOUS` for nobody."""
    return await permitted_identity(connection, scopes)


async def _optional_user(connection: HTTPConnection, scopes: SecurityScopes = _NO_SCOPES) -> Any:
    """Give who is signed in, or None; credentials that do not count are answered with 401."""
    return (await permitted_identity(connection, scopes)).user


async def _current_user(connection: HTTPConnection, scopes: SecurityScopes = _NO_SCOPES) -> Any:
    """Give who is signed in; raises `NotSignedIn` (401)."""
    return (await known_identity(connection, scopes)).user


async def _whole_user(connection: HTTPConnection, scopes: SecurityScopes = _NO_SCOPES) -> Any:
    """Give who is signed in with all of their rights; raises `NotSignedIn` and `NotAllowed`.

    For what people do with their own accounts: no permission is asked for it, so that a token with
    scopes must be kept from it as a whole.
    """
    identity = await known_identity(connection, scopes)
    if identity.scopes is not None:
        raise NotAllowed
    return identity.user


async def _requires_recent_login(
    connection: HTTPConnection, scopes: SecurityScopes = _NO_SCOPES
) -> None:
    """Refuse who has not proved of late who they are: ``Depends(requires_recent_login)``.

    Raises `NotSignedIn` (401) and `NotRecent` (403). Tokens of programs are never recent.
    """
    identity = await known_identity(connection, scopes)
    if not identity.is_recent(knowing_of(connection).recent):
        raise NotRecent


def _note_wishes(connection: HTTPConnection, user: Any) -> None:
    """Let pages speak the language of who is signed in; a model of one's own may not have one."""
    locale, zone = getattr(user, "locale", None), getattr(user, "time_zone", None)
    if locale or zone:
        note_wishes(connection.scope, locale, zone)


current_identity = AsksWho(_current_identity, is_optional=True)
optional_user = AsksWho(_optional_user, is_optional=True)
current_user = AsksWho(_current_user)
whole_user = AsksWho(_whole_user)
requires_recent_login = AsksWho(_requires_recent_login)


def impersonator_of(connection: HTTPConnection | None) -> Any:
    """Give the account of who acts as another one in a request, as far as somebody has asked."""
    found: Identity | None = None if connection is None else connection.scope.get(_KEY)
    return None if found is None else found.impersonator


def user_shown(request: HTTPConnection | None) -> Any:
    """Give who is signed in to a template, or None: nobody is asked for while a page is written.

    Known is what the handler, or one of its dependencies, has asked for.
    """
    found: Identity | None = None if request is None else request.scope.get(_KEY)
    return None if found is None else found.user
