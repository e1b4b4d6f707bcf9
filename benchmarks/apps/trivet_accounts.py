"""Who is signed in, by a session in the database: Trivet's accounts."""

import os

from pydantic import BaseModel, ConfigDict

from trivet import App, Request
from trivet.auth import Auth, CurrentUser
from trivet.db import Database

app = App()
db = app.use(Database(os.environ["BENCH_DATABASE"], pool_size=10))
auth = app.use(Auth(db))


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


@app.post("/sign-in", status_code=204)
async def sign_in(request: Request) -> None:
    user = await auth.accounts.by_email("ann@example.org")
    await auth.signing_in.sign_in(request, user, factor="benchmark")


@app.get("/me")
async def me(user: CurrentUser) -> Shown:
    return user
