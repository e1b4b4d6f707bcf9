"""The cases with a database in FastAPI, on SQLAlchemy's async session."""

import os
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, String, Table, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)
from sqlalchemy.types import TypeDecorator

URL = os.environ["BENCH_DATABASE"]
DRIVERS = {"postgresql://": "postgresql+asyncpg://", "sqlite://": "sqlite+aiosqlite://"}
for scheme, with_driver in DRIVERS.items():
    URL = URL.replace(scheme, with_driver)

engine = create_async_engine(URL, pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


if engine.dialect.name == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, datetime: Moment}  # noqa: RUF012  # as it is documented


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


post_tag = Table(
    "post_tag",
    Base.metadata,
    Column("post_id", ForeignKey("post.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    published: Mapped[bool]
    views: Mapped[int]
    created: Mapped[datetime]
    author_id: Mapped[int] = mapped_column(ForeignKey(Author.id))
    author: Mapped[Author] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tag)


class World(Base):
    __tablename__ = "world"

    id: Mapped[int] = mapped_column(primary_key=True)
    randomnumber: Mapped[int]


class Remark(Base):
    __tablename__ = "remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str]
    score: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey(Author.id))


class Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorOut(Row):
    id: int
    name: str


class TagOut(Row):
    id: int
    name: str


class PostOut(Row):
    id: int
    title: str
    body: str
    published: bool
    views: int
    created: datetime
    author_id: int


class ListedPost(PostOut):
    author: AuthorOut
    tags: list[TagOut]


class WorldOut(Row):
    id: int
    randomnumber: int


class NewRemark(BaseModel):
    title: str = Field(min_length=2, max_length=100)
    body: str
    score: int = Field(ge=0)
    author_id: int


class RemarkOut(Row):
    id: int
    title: str
    body: str
    score: int
    author_id: int


async def open_session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


Opened = Annotated[AsyncSession, Depends(open_session)]
Count = Annotated[int, Query(ge=1, le=500)]


def some(count: int) -> list[int]:
    return sorted(random.sample(range(1, 10_001), count))


@app.get("/posts/{id}", response_model=PostOut)
async def post(id: int, session: Opened) -> Post:
    found = await session.get(Post, id)
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/published/{id}", response_model=PostOut)
async def published(id: int, session: Opened) -> Post:
    query = select(Post).where(Post.id == id, Post.published).order_by(Post.id).limit(1)
    found = await session.scalar(query)
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/posts", response_model=list[ListedPost])
async def posts(session: Opened) -> Sequence[Post]:
    newest = select(Post).where(Post.published).order_by(Post.id.desc()).limit(20)
    loaded = newest.options(joinedload(Post.author, innerjoin=True), selectinload(Post.tags))
    return (await session.scalars(loaded)).all()


@app.get("/worlds", response_model=list[WorldOut])
async def worlds(session: Opened, queries: Count = 1) -> list[World]:
    return [await session.get_one(World, id) for id in some(queries)]


@app.get("/updates", response_model=list[WorldOut])
async def updates(session: Opened, queries: Count = 1) -> list[World]:
    found = [await session.get_one(World, id) for id in some(queries)]
    for world in found:
        world.randomnumber = random.randint(1, 10_000)
    await session.commit()
    return found


@app.post("/remarks", status_code=201, response_model=RemarkOut)
async def remark(new: NewRemark, session: Opened) -> Remark:
    made = Remark(**new.model_dump())
    session.add(made)
    await session.commit()
    return made
