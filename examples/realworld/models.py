"""What is kept: people, whom they follow, articles with tags and comments, and whose favorites."""

import re
from secrets import token_hex

from trivet.auth import UserMixin
from trivet.db import (
    BareModel,
    Created,
    Mapped,
    Model,
    Slug,
    Updated,
    created,
    field,
    foreign_key,
    relationship,
    unique,
    updated,
)


class User(UserMixin, Model):
    """An account: `name` is as it was typed, `username` the form in which it is found."""

    __tablename__ = "users"

    bio: Mapped[str | None] = field(default=None)
    image: Mapped[str | None] = field(max_length=2000, default=None)
    followers: Mapped[list["Following"]] = relationship(
        foreign_keys="Following.author_id", passive_deletes=True
    )


class Following(BareModel):
    follower_id: Mapped[int] = foreign_key(User, on_delete="CASCADE", primary_key=True)
    author_id: Mapped[int] = foreign_key(User, on_delete="CASCADE", primary_key=True, index=True)


class Article(Model):
    slug: Mapped[Slug] = field(unique=True)
    title: Mapped[str] = field(max_length=200)
    description: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[Created] = created()
    updated_at: Mapped[Updated] = updated()
    author_id: Mapped[int] = foreign_key(User, on_delete="CASCADE")
    author: Mapped[User] = relationship()
    tags: Mapped[list["Tag"]] = relationship(order_by="Tag.position", passive_deletes=True)
    comments: Mapped[list["Comment"]] = relationship(back_populates="article", passive_deletes=True)
    favorites: Mapped[list["Favorite"]] = relationship(passive_deletes=True)

    @property
    def tag_list(self) -> list[str]:
        return [tag.name for tag in self.tags]


class Tag(Model):
    """A word on one article, in its place among the others."""

    name: Mapped[str] = field(max_length=100, index=True)
    position: Mapped[int]
    article_id: Mapped[int] = foreign_key(Article, on_delete="CASCADE")

    __table_args__ = (unique("article_id", "name"),)


class Favorite(BareModel):
    article_id: Mapped[int] = foreign_key(Article, on_delete="CASCADE", primary_key=True)
    user_id: Mapped[int] = foreign_key(User, on_delete="CASCADE", primary_key=True, index=True)
    user: Mapped[User] = relationship()


class Comment(Model):
    body: Mapped[str]
    created_at: Mapped[Created] = created()
    updated_at: Mapped[Updated] = updated()
    article_id: Mapped[int] = foreign_key(Article, on_delete="CASCADE")
    article: Mapped[Article] = relationship(back_populates="comments")
    author_id: Mapped[int] = foreign_key(User, on_delete="CASCADE")
    author: Mapped[User] = relationship()


def slug_of(title: str) -> str:
    """Give a new slug: several articles may have one title, and none waits for another."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{words[:90]}-{token_hex(4)}".strip("-")
