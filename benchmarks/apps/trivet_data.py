"""The cases with a database, written for Trivet."""

import os
import random
from datetime import datetime
from pathlib import Path
from typing import Annotated

from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, Field
from sqlalchemy import Column, Table

from trivet import App, HTMLResponse, HTTPException, Query
from trivet.db import Database, ForeignKey, Mapped, Model, field, relationship, schema
from trivet.db import Query as Rows
from trivet.resources import Asking, Resource, resource

app = App()
app.use(Database(os.environ["BENCH_DATABASE"], pool_size=10))
pages = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
EXTRA = "One more, made while you asked."


class Author(Model):
    name: Mapped[str] = field(max_length=50)


post_tag = Table(
    "post_tag",
    Model.metadata,
    Column("post_id", ForeignKey("post.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Tag(Model):
    name: Mapped[str] = field(max_length=30)


class Post(Model):
    title: Mapped[str] = field(max_length=200)
    body: Mapped[str]
    published: Mapped[bool]
    views: Mapped[int]
    created: Mapped[datetime]
    author_id: Mapped[int] = field(ForeignKey(Author.id))
    author: Mapped[Author] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tag)


class World(Model):
    randomnumber: Mapped[int]


class Fortune(Model):
    message: Mapped[str] = field(max_length=2048)


class Remark(Model):
    title: Mapped[str] = field(max_length=100)
    body: Mapped[str]
    score: Mapped[int]
    author_id: Mapped[int] = field(ForeignKey(Author.id))


class NewRemark(BaseModel):
    title: str = Field(min_length=2, max_length=100)
    body: str
    score: int = Field(ge=0)
    author_id: int


ListedPost = schema(Post, name="ListedPost", nested={"author": schema(Author), "tags": schema(Tag)})
Count = Annotated[int, Query(ge=1, le=500)]


def some(count: int) -> list[int]:
    return sorted(random.sample(range(1, 10_001), count))


@app.get("/posts/{id}")
async def post(id: int) -> Post:
    return await Post.get(id)


@app.get("/published/{id}")
async def published(id: int) -> Post:
    found = await Post.where(Post.id == id, Post.published).order_by(Post.id).first()
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/posts", response_model=list[ListedPost])
async def posts() -> Rows[Post]:
    return Post.where(Post.published).order_by(-Post.id).limit(20)


class Published(Resource[Post]):
    prefix = "/published"
    operations = ("list",)
    order = ("-id",)
    include = (Post.author, Post.tags)

    def query(self, asking: Asking) -> Rows[Post]:
        return Post.where(Post.published)


app.include_router(resource(Published))


@app.get("/worlds")
async def worlds(queries: Count = 1) -> list[World]:
    return [await World.get(id) for id in some(queries)]


@app.get("/updates")
async def updates(queries: Count = 1) -> list[World]:
    found = [await World.get(id) for id in some(queries)]
    for world in found:
        world.randomnumber = random.randint(1, 10_000)
    return found


@app.get("/fortunes", response_class=HTMLResponse)
async def fortunes() -> str:
    extra = Fortune(id=0, message=EXTRA)
    found = sorted([*await Fortune.all(), extra], key=lambda fortune: fortune.message)
    return pages.get_template("fortunes.html").render(fortunes=found)


@app.post("/remarks", status_code=201)
async def remark(new: NewRemark) -> Remark:
    return await Remark.create(**new.model_dump())
