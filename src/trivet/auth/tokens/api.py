"""The JSON endpoints of API tokens: one's own, listed, made and revoked."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from trivet.auth.api.taken import Taken
from trivet.auth.current import current_user
from trivet.auth.tokens.own import OwnTokens
from trivet.binding.markers import Depends
from trivet.errors import HTTPException, RequestValidationError
from trivet.routing.router import Router

__all__ = ["MadeToken", "NewToken", "TokenShown", "token_router"]


class NewToken(Taken):
    """A token that is wanted."""

    name: str = Field(min_length=1, max_length=100)
    scopes: list[str] = Field(min_length=1, max_length=100)
    lifetime: float | None = Field(None, gt=0, allow_inf_nan=False, description="In seconds")


class TokenShown(BaseModel):
    """A token, without what makes it one."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class MadeToken(TokenShown):
    """A new token; it is shown this once."""

    token: str


def token_router(own: OwnTokens, path: str) -> Router:
    """Give the endpoints, under a path."""
    # As a dependency too: the document says who may come.
    router = Router(prefix=path, tags=["tokens"], dependencies=[Depends(current_user)])

    @router.get("")
    async def list_tokens(request: Request) -> list[TokenShown]:
        """List one's own API tokens."""
        return [TokenShown.model_validate(one) for one in await own.list(request)]

    @router.post("", status_code=201)
    async def make_token(given: NewToken, request: Request, response: Response) -> MadeToken:
        """Make an API token; it is in this answer and nowhere else."""
        try:
            text, token = await own.make(
                request, name=given.name, scopes=given.scopes, lifetime=given.lifetime
            )
        except ValueError as error:
            raise _unfit(str(error)) from error
        response.headers["Cache-Control"] = "no-store"
        return MadeToken(token=text, **TokenShown.model_validate(token).model_dump())

    @router.delete("/{id}", status_code=204)
    async def revoke_token(id: str, request: Request) -> None:
        """Let an API token count no more."""
        if not await own.revoke(request, id):
            raise HTTPException(404, "There is no such token")

    return router


def _unfit(reason: str) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body",), "msg": reason, "input": None}]
    )
