"""Who is signed in, by a signed access token: Trivet's accounts and their tokens."""

import os

from pydantic import BaseModel, ConfigDict

from trivet import App
from trivet.auth import Auth, CurrentUser
from trivet.auth.jwt import JwtTokens
from trivet.db import Database

app = App()
db = app.use(Database(os.environ["BENCH_DATABASE"], pool_size=10))
auth = app.use(Auth(db))
jwt = app.use(JwtTokens(auth, secrets=["only for measuring, and long enough for a key"]))


class Token(BaseModel):
    access_token: str
    token_type: str


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    email: str
    name: str


@app.on_event("startup")
async def make_tables() -> None:
    await db.create_tables()
    async with db.transaction():
        if await auth.accounts.by_email("ann@example.org") is None:
            await auth.accounts.make(email="ann@example.org", name="Ann")


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.post("/token")
async def token() -> Token:
    user = await auth.accounts.by_email("ann@example.org")
    grant = await jwt.granting.issue(user)
    return Token(access_token=grant.access_token, token_type="bearer")


@app.get("/me")
async def me(user: CurrentUser) -> Shown:
    return user
