"""Who is signed in, by a session in the database: FastAPI on SQLAlchemy's async session.

FastAPI has no sessions on the server: a table that is looked up by a hash of the cookie, joined
with the account, is what is written by hand.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, DateTime, ForeignKey, String, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = os.environ["BENCH_DATABASE"]
DRIVERS = {"postgresql://": "postgresql+asyncpg://", "sqlite://": "sqlite+aiosqlite://"}
for scheme, with_driver in DRIVERS.items():
    URL = URL.replace(scheme, with_driver)

engine = create_async_engine(URL, pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)

if engine.dialect.name == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  # as documented


class Account(Base):
    __tablename__ = "bench_account"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool]
    joined_at: Mapped[datetime]


class Login(Base):
    __tablename__ = "bench_login"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("bench_account.id"))
    expires_at: Mapped[datetime]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with Session.begin() as session:
        if await session.get(Account, 1) is None:
            now = datetime.now(UTC)
            session.add(
                Account(
                    id=1,
                    email="ann@example.org",
                    name="Ann",
                    password="!",
                    is_active=True,
                    joined_at=now,
                )
            )
    yield


app = FastAPI(lifespan=lifespan)


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    email: str
    name: str


async def session() -> AsyncIterator[AsyncSession]:
    async with Session() as opened:
        yield opened


Opened = Annotated[AsyncSession, Depends(session)]


async def current_user(
    opened: Opened, token: Annotated[str | None, Cookie(alias="login")] = None
) -> Account:
    if token is None:
        raise HTTPException(401, "Not authenticated")
    digest = sha256(token.encode()).hexdigest()
    query = select(Account).join(Login, Login.account_id == Account.id)
    query = query.where(Login.digest == digest, Login.expires_at > datetime.now(UTC))
    account = await opened.scalar(query)
    if account is None or not account.is_active:
        raise HTTPException(401, "Not authenticated")
    return account


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.post("/sign-in", status_code=204)
async def sign_in(opened: Opened, response: Response) -> None:
    token = token_urlsafe(32)
    ends = datetime.now(UTC) + timedelta(days=14)
    digest = sha256(token.encode()).hexdigest()
    opened.add(Login(digest=digest, account_id=1, expires_at=ends))
    await opened.commit()
    response.set_cookie("login", token, httponly=True, samesite="lax")


@app.get("/me")
async def me(user: Annotated[Account, Depends(current_user)]) -> Shown:
    return user
