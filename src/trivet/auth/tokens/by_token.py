"""Known by an API token: in the Authorization header, or in one of its own by choice."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from trivet.auth.bearer import BEARER, bearer_of, token_refused
from trivet.auth.identity import Identity
from trivet.auth.tokens.keeping import TokenKeeping

__all__ = ["ByToken", "token_id_of"]

_KEY = "trivet.auth.token"  # in the scope: the id of the token that was shown


def token_id_of(connection: HTTPConnection) -> str | None:
    """Give the id of the API token by which a request is known, or None."""
    found: str | None = connection.scope.get(_KEY)
    return found


class ByToken:
    """The means of programs. With `header`, a token stands there as well, without a scheme.

    It takes two reads by key, and once a minute for each token a write.
    """

    name = "token"

    def __init__(self, keeping: TokenKeeping, header: str | None, scheme: str = BEARER) -> None:
        self._keeping = keeping
        self._header = header
        self.challenge: str | None = scheme
        self._scheme = scheme

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give whose token a request shows, or None; raises `TokenRefused` (401)."""
        text = self._shown(connection)
        if text is None:
            return None
        found = await self._keeping.read(text)
        if found is None:
            raise token_refused(self._scheme)
        token, user = found
        await self._keeping.note_used(token)
        connection.scope[_KEY] = token.id
        return Identity(user, self.name, scopes=frozenset(token.scopes))

    def _shown(self, connection: HTTPConnection) -> str | None:
        bearer = bearer_of(connection, self._scheme)
        if bearer is not None and not self._keeping.form.is_claimed(bearer):
            bearer = None  # another means' kind
        if self._header is None:
            return bearer
        given = connection.headers.getlist(self._header)
        if len(given) + (bearer is not None) > 1:
            raise token_refused(self._scheme)
        # All that stands in this header says that it is a token of ours.
        return given[0] if given else bearer
